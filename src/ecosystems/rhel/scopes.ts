import type { Coverage, Facts, KeyedPackage } from '../../core/ecosystem.ts'

/** The feed that knows the CPE names of repositories. */
export const repositoriesFeedId = 'rhel-repositories'

/** Where statements about containers are, by the name of their repository: their tags say which stream of a product it is. */
export const containersScope = 'rhel:containers'

/** Repositories of a major release in which all of RHEL is, by the edition that CPE names have for them. */
const baseos = [
  'baseos',
  'appstream',
  'crb',
  'highavailability',
  'resilientstorage',
  'nfv',
  'realtime',
  'sap',
  'sap_hana',
  'supplementary',
]
const server = ['server', 'client', 'workstation', 'computenode']
const editions = new Set([...baseos, ...server])

/** Since RHEL 10 each minor release has its own names; this many are asked for where an image names no repositories. */
const minorReleases = 11

/** RHEL itself, and what is sold or given beside it: extended (EUS), advanced (AUS), telecommunications (TUS), SAP (E4S), extras … */
const operatingSystem = /^(?:enterprise_linux|rhel_[a-z\d_]+)$/
const stream = /:rhel_(?:eus|aus|tus|e4s|eus_long_life|mission_critical):(\d+\.\d+)/

/** The scope of RHEL's own packages, whatever repository they are in; statements without a fix are about this. */
export function baseScope(major: string): string {
  return `rhel:cpe:/o:redhat:enterprise_linux:${major}`
}

/**
 * The scope of a CPE name, in URI form (CPE 2.2) or as a formatted string (CPE 2.3): `rhel:cpe:/o:redhat:rhel_eus:9.2::baseos`.
 * Of the operating system the part is always `o`: some names of one release have `a`, and some of the same repository `o`.
 * `undefined` for what is no CPE name.
 */
export function scopeOfCpe(cpe: string): string | undefined {
  const parts = partsOf(cpe)
  return parts && scopeOfParts(parts)
}

/**
 * The scope of what is said of a source package: RHEL's own are built once for all its repositories, so that it is that of
 * the release then.
 */
export function scopeOfSources(cpe: string): string | undefined {
  const parts = partsOf(cpe)
  return parts && scopeOfParts(isRepository(parts) ? parts.slice(0, 4) : parts)
}

/** Whether statements about source packages can be in a scope. */
export function hasSources(scope: string): boolean {
  const parts = partsOf(scope.slice('rhel:'.length))
  return parts === undefined || !isRepository(parts)
}

/**
 * The scopes to ask for: those of the CPE names of the repositories that the package came from, and of all names that include
 * them, as a name includes those which begin with it (`…:enterprise_linux:9` is all of `…:enterprise_linux:9::baseos`).
 * Without any repository that is known it is all repositories of the release, but no stream. Ids of repositories
 * that are not bound to a minor release stand for the streams of all: those of the image's own are meant.
 */
export function scopesOf(
  { repositories = [] }: KeyedPackage,
  { scopes, minorRelease }: Coverage,
  facts: Facts,
): readonly string[] {
  const base = scopes[0]!
  const named = ofMinorRelease(
    repositories.flatMap((name) => cpesOf(name, facts)),
    minorRelease,
  )
  const cpes = named.length > 0 ? named : defaultCpes(base.slice(baseScope('').length))
  return [...new Set([base, ...cpes.flatMap(including)])]
}

/** The names under which the facts of a repository are: its id, and without what binds it to a release (`__9_DOT_2`, `__8`). */
export function factNames(repository: string): readonly string[] {
  if (repository.startsWith('cpe:')) return []
  const general = repository.replace(/__.*$/, '')
  return general === repository ? [repository] : [repository, general]
}

function cpesOf(repository: string, facts: Facts): readonly string[] {
  if (repository.startsWith('cpe:')) return [repository]
  for (const name of factNames(repository)) {
    const cpes = facts(repositoriesFeedId, name)
    if (Array.isArray(cpes)) return cpes.filter((cpe): cpe is string => typeof cpe === 'string')
  }
  return []
}

function ofMinorRelease(cpes: readonly string[], minorRelease: string | undefined): readonly string[] {
  const minors = cpes.map((cpe) => stream.exec(cpe)?.[1])
  if (minorRelease === undefined || !minors.includes(minorRelease)) return cpes
  return cpes.filter((_cpe, index) => minors[index] === undefined || minors[index] === minorRelease)
}

function defaultCpes(major: string): readonly string[] {
  const release = `cpe:/o:redhat:enterprise_linux:${major}`
  if (Number(major) > 9) {
    const minors = Array.from({ length: minorReleases }, (_, minor) => `${release}.${minor}`)
    return minors.flatMap((minor) => baseos.map((edition) => `${minor}::${edition}`))
  }
  if (Number(major) > 7) return baseos.map((edition) => `${release}::${edition}`)
  const extras = major === '7' ? ['cpe:/a:redhat:rhel_extras:7', 'cpe:/a:redhat:rhel_software_collections:3::el7'] : []
  return [...server.map((edition) => `${release}::${edition}`), ...extras]
}

/** The scopes of a CPE name and of those that include it: without edition, update and minor version, and of a product without any. */
function including(cpe: string): readonly string[] {
  const parts = partsOf(cpe)
  if (parts === undefined) return []
  const found: string[] = []
  const least = operatingSystem.test(parts[2]!) ? 4 : 3
  for (let length = parts.length; length >= least; length--) found.push(scopeOfParts(parts.slice(0, length)))
  const version = parts[3] ?? ''
  for (let dot = version.lastIndexOf('.'); dot > 0; dot = version.lastIndexOf('.', dot - 1)) {
    found.push(scopeOfParts([...parts.slice(0, 3), version.slice(0, dot)]))
  }
  return [...new Set(found)]
}

/** Part, vendor, product, version, update, edition; what is behind the last one that says something is left out. */
function partsOf(cpe: string): readonly string[] | undefined {
  const [, text, part, rest] = /^cpe:(\/|2\.3:)([aoh]):(.+)$/i.exec(cpe) ?? []
  if (rest === undefined) return undefined
  const [vendor, product, ...others] = rest.split(':').map((component) => (component === '*' ? '' : component))
  if (!vendor || !product) return undefined
  const kind = operatingSystem.test(product) ? 'o' : part!.toLowerCase()
  return [kind, vendor, product, ...(text === '/' ? others : others.slice(0, 3))]
}

function scopeOfParts([part, ...rest]: readonly string[]): string {
  return `rhel:cpe:/${part}:${rest.join(':').replace(/:+$/, '')}`
}

function isRepository([, , product, , , edition]: readonly string[]): boolean {
  return product === 'enterprise_linux' && edition !== undefined && editions.has(edition)
}
