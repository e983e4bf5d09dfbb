import type { Spool } from '../core/feed.ts'
import type { HttpClient } from './http.ts'
import { openMirror, placeText } from './mirror.ts'
import { createSpool, type OnBytes, type SpoolOptions } from './spool.ts'

/** The spools of one update. They share their connections, which end when this is disposed of. */
export interface Spools extends AsyncDisposable {
  /** A spool for one feed. */
  open(onBytes?: OnBytes): Spool
  /** The host that the document at `url` is fetched from, a mirror's where there is one; `undefined` for files. */
  hostOf(url: string): string | undefined
  /** Where the document at `url` is, for people: its own address, or the one or the path that takes its place, without a password. */
  placeOf(url: string): string
}

/** How the documents of several feeds are fetched. */
export interface SpoolsOptions extends Pick<SpoolOptions, 'mirror' | 'sources' | 'offline'> {
  /** Milliseconds before the second attempt at a request; see `HttpOptions`. */
  readonly backoff?: number
}

/** Throws `CONFIG_INVALID` for a mirror or source that is none. */
export function createSpools({ mirror, sources, ...client }: SpoolsOptions): Spools {
  const { offline } = client
  const locate = openMirror(mirror, sources)
  let opened: Promise<HttpClient> | undefined
  const http = () => {
    opened ??= import('./http.ts').then(({ createHttpClient }) => createHttpClient(client))
    return opened
  }
  return {
    open: (onBytes) => createSpool({ mirror, sources, offline, http, ...(onBytes === undefined ? {} : { onBytes }) }),
    hostOf(url) {
      const location = locate(url)
      if (location.kind === 'mirror-file') return undefined
      return URL.parse(location.kind === 'mirror-url' ? location.urls[0]! : location.url)?.host
    },
    placeOf: (url) => placeText(locate(url)),
    async [Symbol.asyncDispose]() {
      await (await opened)?.[Symbol.asyncDispose]()
    },
  }
}
