import type { CsafComponent } from '../../feeds/csaf.ts'

/** What a component of a product is, as far as packages of images can be it. */
export type Component =
  | {
      readonly kind: 'rpm'
      readonly name: string
      /** With epoch, version and release. Without, it is any version. */
      readonly version: string | undefined
      /** `src`: the source package, and so all that is built from it. */
      readonly arch: string | undefined
      /** `name:stream`. */
      readonly module: string | undefined
    }
  /** The name is that of a repository (`devspaces/udi-rhel8`), or the label `com.redhat.component`. */
  | { readonly kind: 'container'; readonly name: string; readonly tag: string | undefined }

/**
 * What a component of a Red Hat document is, by its purl; in older documents, some of which have none, by its name. `undefined`
 * for what no package of an image is known by: Maven and other artefacts.
 */
export function readComponent({ product: { name, purl }, within }: CsafComponent): Component | undefined {
  const module = within.map((outer) => moduleOfPurl(outer.purl)).find((one) => one !== undefined)
  return purl === undefined ? readName(name, module) : readPurl(purl, name, module)
}

interface Purl {
  readonly type: string
  /** Namespace and name. */
  readonly path: readonly string[]
  readonly version: string | undefined
  readonly qualifiers: ReadonlyMap<string, string>
}

function readPurl(text: string, productName: string, outer: string | undefined): Component | undefined {
  // Most of a long document can be of Maven: that is not taken apart.
  const purl = /^pkg:(?:rpm|oci)\//i.test(text) ? parsePurl(text) : undefined
  if (purl === undefined) return undefined
  const { type, path, version, qualifiers } = purl
  if (type === 'oci') {
    const repository = qualifiers.get('repository_url')?.replace(/^[^/]*\//, '')
    return { kind: 'container', name: repository ?? path.join('/'), tag: qualifiers.get('tag') }
  }
  const epoch = qualifiers.get('epoch')
  const label = qualifiers.get('rpmmod') ?? moduleIn(productName)
  return {
    kind: 'rpm',
    name: path.at(-1)!,
    version: version !== undefined && epoch !== undefined && epoch !== '0' ? `${epoch}:${version}` : version,
    arch: qualifiers.get('arch'),
    module: label === undefined ? outer : streamOf(label),
  }
}

/** purl-spec: type, namespace and name, version, qualifiers, all but the type percent-encoded. */
function parsePurl(text: string): Purl | undefined {
  const [, type, path, version, query] = /^pkg:([^/]+)\/([^@?#]+)(?:@([^?#]*))?(?:\?([^#]*))?/.exec(text) ?? []
  if (type === undefined) return undefined
  try {
    const qualifiers = new Map<string, string>()
    for (const pair of query?.split('&') ?? []) {
      const at = pair.indexOf('=')
      qualifiers.set(pair.slice(0, at), decoded(pair.slice(at + 1)))
    }
    return {
      type: type.toLowerCase(),
      path: decoded(path!).split('/').filter(Boolean),
      version: version === undefined ? undefined : decoded(version),
      qualifiers,
    }
  } catch {
    return undefined
  }
}

function decoded(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text
}

/** `pkg:rpmmod/redhat/nodejs@18:8090020231201:abc`: the stream that a component is in. */
function moduleOfPurl(text: string | undefined): string | undefined {
  const purl = text === undefined ? undefined : parsePurl(text)
  if (purl?.type !== 'rpmmod' || purl.version === undefined) return undefined
  return streamOf(`${purl.path.at(-1)}:${purl.version}`)
}

/** `name:stream` of a module label, which goes on with the version and context of the build. */
function streamOf(label: string): string | undefined {
  const [name, stream] = label.split(':')
  return name && stream ? `${name}:${stream}` : undefined
}

/** `postgresql:15/postgresql`: the package of a stream. */
function moduleIn(name: string): string | undefined {
  return /^([^/:\s]+:[^/:\s]+)\//.exec(name)?.[1]
}

/** The name of a product without purl: `curl`, `curl-0:7.76.1-26.el9_3.2.x86_64`, `postgresql:15/postgresql`, a container. */
function readName(name: string, outer: string | undefined): Component | undefined {
  const [, rpm, epoch, version, arch] = /^(\S+)-(\d+):(\S+-\S+)\.(\w+)$/.exec(name) ?? []
  if (rpm !== undefined) {
    return { kind: 'rpm', name: rpm, version: epoch === '0' ? version : `${epoch}:${version}`, arch, module: outer }
  }
  const module = moduleIn(name)
  const rest = module === undefined ? name : name.slice(module.length + 1)
  if (rest.includes('/') || rest.endsWith('-container')) return { kind: 'container', name: rest, tag: undefined }
  if (!/^[\w.+-]+$/.test(rest)) return undefined
  return { kind: 'rpm', name: rest.replace(/\.src$/, ''), version: undefined, arch: 'src', module: module ?? outer }
}
