/** Answers as they were sent, for as long as nothing that they depend on has changed. */
export interface ReportCache {
  /** The answer to a question about an image, if it was put with this state of it not long ago. */
  get(question: string, state: string): Buffer | undefined
  put(question: string, state: string, body: Buffer): void
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
  const entries = new Map<string, Entry>()
  let size = 0

  function remove(question: string): void {
    size -= entries.get(question)?.body.length ?? 0
    entries.delete(question)
  }

  return {
    get(question, state) {
      const entry = entries.get(question)
      if (entry === undefined) return undefined
      entries.delete(question)
      entries.set(question, entry)
      if (entry.state === state && performance.now() < entry.until) return entry.body
      remove(question)
      return undefined
    },
    put(question, state, body) {
      remove(question)
      if (body.length > bytes) return
      entries.set(question, { state, body, until: performance.now() + time })
      size += body.length
      for (const oldest of entries.keys()) {
        if (size <= bytes) break
        remove(oldest)
      }
    },
  }
}
