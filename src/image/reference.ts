import { type Digest, isDigest } from '../core/digest.ts'
import { ChiaroError, printable } from '../core/errors.ts'

/** The name of an image in a registry, in full. */
export interface ImageName {
  /** The registry as it was named, with the port where one was given: `docker.io`, `localhost:5000`. */
  readonly domain: string
  /** The host (and port) that answers for it: `registry-1.docker.io` for `docker.io`. */
  readonly host: string
  /** The repository inside the registry: `library/debian`. */
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: Digest | undefined
}

const dockerHub = 'docker.io'
const maxNameLength = 255

const hostPattern =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+(?:\.[0-9.]+)?\])(?::([0-9]+))?$/i
const componentPattern = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/
const tagPattern = /^\w[\w.-]{0,127}$/

/**
 * Reads `[HOST[:PORT]/]NAME[:TAG][@DIGEST]` as Docker does: without a host it is Docker Hub, there without a folder
 * `library/`, and without tag and digest the tag `latest` (grammar: distribution/reference; what counts as a host: the first
 * part, if it has a dot, a colon or an upper-case letter, or is `localhost`). Throws `REFERENCE_INVALID`, saying what is wrong.
 */
export function parseImageName(reference: string): ImageName {
  checkWhole(reference)
  const at = reference.indexOf('@')
  const digest = at < 0 ? undefined : digestOf(reference, reference.slice(at + 1))
  const named = at < 0 ? reference : reference.slice(0, at)
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const tag = colon < 0 ? undefined : tagOf(reference, named.slice(colon + 1))
  const { domain, repository } = splitDomain(reference, colon < 0 ? named : named.slice(0, colon))
  checkRepository(reference, repository)
  if (domain.length + 1 + repository.length > maxNameLength) {
    throw invalid(reference, `its name is longer than ${maxNameLength} characters`)
  }
  return {
    domain,
    host: domain === dockerHub ? `registry-1.${dockerHub}` : domain,
    repository,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest,
  }
}

/** The full form of a name, `docker.io/library/debian:12`, without the digest. */
export function repositoryTag(name: ImageName): string {
  return `${name.domain}/${name.repository}${name.tag === undefined ? '' : `:${name.tag}`}`
}

/** `text` as a full repository tag if it is a reference, else as it is, made printable. */
export function normalizedTag(text: string): string {
  try {
    return repositoryTag(parseImageName(text))
  } catch {
    return printable(text)
  }
}

function checkWhole(reference: string): void {
  if (reference === '') throw invalid(reference, 'it is empty', 'Name an image, such as debian:12.')
  const scheme = /^([a-z-]+):\/\//.exec(reference)?.[1]
  if (scheme !== undefined) {
    throw invalid(reference, `it begins with ${scheme}://`, 'Leave that out: registry.example.com/app:1.0.')
  }
  if (/[\s\p{Cc}]/u.test(reference)) throw invalid(reference, 'it has white space or control characters in it')
  if (/^(?:[0-9a-f]{64}|sha256:[0-9a-f]{64})$/.test(reference)) {
    throw invalid(reference, 'it is an image id, which registries do not know', 'Use docker:ID, or NAME@sha256:DIGEST.')
  }
}

function digestOf(reference: string, text: string): Digest {
  if (isDigest(text)) return text
  throw invalid(
    reference,
    `what stands behind @ is not a digest: ${JSON.stringify(text.slice(0, 100))}`,
    'A digest is "sha256:" and 64 lower-case hexadecimal digits, or "sha512:" and 128.',
  )
}

function tagOf(reference: string, tag: string): string {
  if (tagPattern.test(tag)) return tag
  const advice = 'A tag has up to 128 letters, digits, "_", "." and "-", and does not begin with "." or "-".'
  throw invalid(reference, `the tag ${JSON.stringify(tag.slice(0, 140))} is not valid`, advice)
}

function splitDomain(reference: string, name: string): { readonly domain: string; readonly repository: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isHost = /[.:A-Z[]/.test(first) || first === 'localhost'
  if (!isHost) return { domain: dockerHub, repository: slash < 0 ? `library/${name}` : name }
  const match = hostPattern.exec(first)
  if (match === null) throw invalid(reference, `${JSON.stringify(first)} is not a host name`)
  if (Number(match[1] ?? 0) > 65_535) throw invalid(reference, `${match[1]} is not a port`)
  const rest = name.slice(slash + 1)
  const lower = first.toLowerCase()
  if (lower !== dockerHub && lower !== `index.${dockerHub}`) return { domain: first, repository: rest }
  return { domain: dockerHub, repository: rest.includes('/') ? rest : `library/${rest}` }
}

function checkRepository(reference: string, repository: string): void {
  for (const component of repository.split('/')) {
    if (componentPattern.test(component)) continue
    if (component === '') throw invalid(reference, 'a part of its name is empty')
    const shown = JSON.stringify(component.slice(0, 100))
    if (componentPattern.test(component.toLowerCase())) {
      throw invalid(reference, `${shown} has upper-case letters`, 'Names of repositories are lower case.')
    }
    const advice =
      'Names have lower-case letters and digits, and between them one ".", one or two "_", or any number of "-".'
    throw invalid(reference, `${shown} is not a name`, advice)
  }
}

function invalid(reference: string, message: string, advice?: string): ChiaroError {
  const where = printable(reference).slice(0, 300)
  return new ChiaroError('REFERENCE_INVALID', message, { where, ...(advice === undefined ? {} : { advice }) })
}
