import type { Feed } from '../core/feed.ts'
import { limits } from '../core/limits.ts'

/** A feed that is being updated. */
export interface QueuedFeed {
  readonly feed: Feed
  /** Its place among all feeds. */
  readonly index: number
  /** To be called when nothing more is fetched for it: another feed of the same host may then follow. */
  fetched(): void
}

/**
 * Hands out feeds in order, but passes over those whose host is busy already: at most `limits.feedFetchesPerHost` feeds are
 * fetched from a host at a time. `hostOf` is `undefined` for what no host has to serve.
 */
export class FeedQueue {
  readonly #waiting: { readonly feed: Feed; readonly index: number; readonly host: string | undefined }[]
  readonly #busy = new Map<string, number>()
  #change = Promise.withResolvers<void>()

  constructor(feeds: readonly Feed[], hostOf: (url: string) => string | undefined) {
    this.#waiting = feeds.map((feed, index) => ({ feed, index, host: hostOf(feed.url) }))
  }

  /** The next feed; waits while all hosts are busy. `undefined`: there are no more, or `ended` has come to pass. */
  async next(ended: AbortSignal): Promise<QueuedFeed | undefined> {
    while (this.#waiting.length > 0 && !ended.aborted) {
      const place = this.#waiting.findIndex(({ host }) => host === undefined || this.#hasRoom(host))
      if (place >= 0) return this.#take(place)
      await this.#change.promise
    }
    return undefined
  }

  #hasRoom(host: string): boolean {
    return (this.#busy.get(host) ?? 0) < limits.feedFetchesPerHost
  }

  #take(place: number): QueuedFeed {
    const { feed, index, host } = this.#waiting.splice(place, 1)[0]!
    if (host === undefined) return { feed, index, fetched: () => {} }
    this.#busy.set(host, (this.#busy.get(host) ?? 0) + 1)
    let fetching = true
    const fetched = () => {
      if (!fetching) return
      fetching = false
      this.#busy.set(host, this.#busy.get(host)! - 1)
      this.#change.resolve()
      this.#change = Promise.withResolvers()
    }
    return { feed, index, fetched }
  }
}
