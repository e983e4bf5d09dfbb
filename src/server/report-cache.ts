import type { Digest } from '../core/digest.ts'

/** Answers as they were sent, for as long as nothing that they depend on has changed. */
export interface ReportCache {
  /** The answer about an image, if it was put with this state not long ago. */
  get(digest: Digest, state: string): Buffer | undefined
  put(digest: Digest, state: string, body: Buffer): void
}

/** How long an answer is good, as it also says how old the data is. Milliseconds. */
const time = 60_000

interface Entry {
  readonly state: string
  readonly body: Buffer
  readonly until: number
}

/** A cache of at most so many bytes: what was asked for longest ago goes first. */
export function createReportCache(bytes: number): ReportCache {
  const entries = new Map<Digest, Entry>()
  let size = 0

  function remove(digest: Digest): void {
    size -= entries.get(digest)?.body.length ?? 0
    entries.delete(digest)
  }

  return {
    get(digest, state) {
      const entry = entries.get(digest)
      if (entry === undefined) return undefined
      entries.delete(digest)
      entries.set(digest, entry)
      if (entry.state === state && performance.now() < entry.until) return entry.body
      remove(digest)
      return undefined
    },
    put(digest, state, body) {
      remove(digest)
      if (body.length > bytes) return
      entries.set(digest, { state, body, until: performance.now() + time })
      size += body.length
      for (const oldest of entries.keys()) {
        if (size <= bytes) break
        remove(oldest)
      }
    },
  }
}
