import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ChiaroError, messageOf, printable } from '../core/errors.ts'

/** Where a document is to be looked for, in this order. */
type Location =
  | { readonly kind: 'origin'; readonly url: string }
  | { readonly kind: 'replaced'; readonly url: string }
  | { readonly kind: 'mirror-url'; readonly urls: readonly string[] }
  | { readonly kind: 'mirror-file'; readonly paths: readonly string[] }

/** Maps the address of a document. Throws `CONFIG_INVALID` for an address that cannot be mapped. */
export type Mirror = (url: string) => Location

/** Other places of documents: URL, file or directory, by the beginning of their addresses. */
export type Sources = Readonly<Record<string, string>>

/** A copy of a document may be compressed where the document itself is not. */
const suffixes = ['', '.gz', '.bz2', '.zst']

/**
 * The mirror that takes the place of every host: `https://host/path?query` is at `MIRROR/host/path`, or compressed at
 * `MIRROR/host/path.gz`, `.bz2` or `.zst`. `mirror` is an http(s) URL, a file URL or a directory; without one, every
 * document is where it is. Documents whose addresses begin with a key of `sources`, the longest one that fits, are in the place that
 * it names and not in the mirror; what follows the key follows there, too. Throws `CONFIG_INVALID` for another kind of URL, and if
 * there is no such file or directory.
 */
export function openMirror(mirror: string | undefined, sources: Sources = {}): Mirror {
  const rules = Object.entries(sources).map(([prefix, place]) => sourceRule(prefix, place))
  const locate = locator(mirror)
  if (rules.length === 0) return locate
  rules.sort((left, right) => right.prefix.length - left.prefix.length)
  return (address) => {
    const url = URL.parse(address)?.href ?? address
    for (const { prefix, place } of rules) if (beginsWith(url, prefix)) return place(url.slice(prefix.length))
    return locate(address)
  }
}

/** The first place of a document, for people. */
export function placeText(location: Location): string {
  if (location.kind === 'mirror-file') return location.paths[0]!
  const url = new URL(location.kind === 'mirror-url' ? location.urls[0]! : location.url)
  url.username = ''
  url.password = ''
  return url.href
}

function locator(mirror: string | undefined): Mirror {
  if (mirror === undefined) return (url) => ({ kind: 'origin', url })
  if (/^https?:\/\//i.test(mirror)) return urlMirror(mirror)
  return directoryMirror(mirror)
}

interface SourceRule {
  readonly prefix: string
  /** Where the document is whose address ends with `rest`. */
  readonly place: (rest: string) => Location
}

function sourceRule(prefix: string, place: string): SourceRule {
  try {
    return ruleOf(prefix, place)
  } catch (cause) {
    throw new ChiaroError('CONFIG_INVALID', messageOf(cause), {
      where: 'sources',
      advice: 'A source is the beginning of addresses on the web, and the URL, file or directory that takes its place.',
      cause,
    })
  }
}

function ruleOf(key: string, target: string): SourceRule {
  const prefix = folderOf(key)
  if (/^https?:\/\//i.test(target)) {
    const url = folderOf(target)
    return { prefix, place: (rest) => ({ kind: 'replaced', url: url + rest }) }
  }
  const path = directoryOf(target)
  if (statSync(path, { throwIfNoEntry: false }) === undefined) throw invalid('is no file or directory', target)
  return { prefix, place: (rest) => filesAt(path, new URL(`http://host${rest}`).pathname) }
}

/** An http(s) address without the slashes at its end. */
function folderOf(address: string): string {
  const url = parse(address)
  if (url.search !== '' || url.hash !== '') throw invalid('is not a URL of a folder or document', address)
  return url.href.replace(/\/+$/, '')
}

/** Whether a URL is that of a folder or document, or below it. */
function beginsWith(url: string, prefix: string): boolean {
  return url.startsWith(prefix) && /^(?:[/?#]|$)/.test(url.slice(prefix.length))
}

function filesAt(directory: string, pathname: string): Location {
  const path = join(directory, ...pathname.split('/').filter(Boolean).map(segmentOf))
  return { kind: 'mirror-file', paths: suffixes.map((suffix) => path + suffix) }
}

function urlMirror(mirror: string): Mirror {
  const base = URL.parse(mirror)
  if (base === null || base.search !== '' || base.hash !== '') throw invalid('is not a URL of a folder', mirror)
  const folder = base.href.replace(/\/+$/, '')
  return (address) => {
    const { host, pathname } = parse(address)
    const url = `${folder}/${host}${pathname}`
    return { kind: 'mirror-url', urls: suffixes.map((suffix) => url + suffix) }
  }
}

function directoryMirror(mirror: string): Mirror {
  const directory = directoryOf(mirror)
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw invalid('is not a directory', mirror)
  }
  return (address) => {
    const { host, pathname } = parse(address)
    return filesAt(join(directory, host), pathname)
  }
}

function directoryOf(mirror: string): string {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(mirror)) return mirror
  try {
    return fileURLToPath(mirror)
  } catch (cause) {
    throw invalid('is neither an http or file URL nor a directory', mirror, cause)
  }
}

/** A part of a path as a file name, `%20` being a space. It can never lead out of its directory. */
function segmentOf(segment: string): string {
  let name: string | undefined
  try {
    name = decodeURIComponent(segment)
  } catch {
    name = undefined
  }
  if (name === undefined || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
    throw invalid('cannot be a path in a mirror', segment)
  }
  return name
}

function parse(address: string): URL {
  const url = URL.parse(address)
  // A host has no such characters, unless it is something else than a name.
  if (url === null || !/^https?:$/.test(url.protocol) || !/^[a-z0-9.:[\]-]*[a-z0-9\]][a-z0-9.:[\]-]*$/.test(url.host)) {
    throw invalid('is not an http or https URL', address)
  }
  return url
}

function invalid(what: string, value: string, cause?: unknown): ChiaroError {
  return new ChiaroError('CONFIG_INVALID', `${JSON.stringify(printable(value).slice(0, 200))} ${what}`, {
    where: 'mirror',
    advice: 'The mirror is a folder, or the URL of one, that holds https://host/path as host/path.',
    ...(cause === undefined ? {} : { cause }),
  })
}
