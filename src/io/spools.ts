import type { Spool } from '../core/feed.ts'
import type { HttpClient } from './http.ts'
import { openMirror } from './mirror.ts'
import { createSpool, type OnBytes, type SpoolOptions } from './spool.ts'

/** The spools of one update. They share their connections, which end when this is disposed of. */
export interface Spools extends AsyncDisposable {
  /** A spool for one feed. */
  open(onBytes?: OnBytes): Spool
  /** The host that the document at `url` is fetched from, a mirror's where there is one; `undefined` for files. */
  hostOf(url: string): string | undefined
}

/** Throws `CONFIG_INVALID` for a mirror that is none. */
export function createSpools({ mirror, offline }: Pick<SpoolOptions, 'mirror' | 'offline'>): Spools {
  const locate = openMirror(mirror)
  let client: Promise<HttpClient> | undefined
  const http = () => {
    client ??= import('./http.ts').then(({ createHttpClient }) => createHttpClient({ offline }))
    return client
  }
  return {
    open: (onBytes) => createSpool({ mirror, offline, http, ...(onBytes === undefined ? {} : { onBytes }) }),
    hostOf(url) {
      const location = locate(url)
      if (location.kind === 'mirror-file') return undefined
      return URL.parse(location.kind === 'origin' ? location.url : location.urls[0]!)?.host
    },
    async [Symbol.asyncDispose]() {
      await (await client)?.[Symbol.asyncDispose]()
    },
  }
}
