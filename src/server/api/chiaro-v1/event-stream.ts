import { setTimeout as sleep } from 'node:timers/promises'
import type { Jobs } from './jobs.ts'

/** What a stream of events needs. Times are milliseconds. */
export interface EventStreamOptions {
  /** The number of the last event that the client has. */
  readonly after: number
  readonly signal: AbortSignal
  /** Between two looks for new events. */
  readonly interval?: number
  /** Silence after which a comment is sent, so that nothing in between takes the connection for dead. */
  readonly keepAlive?: number
}

/** Events read at a time. */
const batch = 100

/**
 * What happens to a job, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), until `end`, or
 * until it is forgotten.
 */
export async function* eventStream(
  jobs: Jobs,
  id: string,
  { after, signal, interval = 250, keepAlive = 15_000 }: EventStreamOptions,
): AsyncGenerator<string> {
  let last = after
  let sent = performance.now()
  // Something at once: the client knows that it is there.
  yield 'retry: 2000\n\n'
  while (!signal.aborted) {
    const events = await jobs.events(id, last, batch)
    for (const { number, event, data } of events) {
      yield `id: ${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
      last = number
      if (event === 'end') return
    }
    if (events.length > 0) sent = performance.now()
    else if ((await jobs.find('update', id)) === undefined) return
    if (performance.now() - sent > keepAlive) {
      yield ': still there\n\n'
      sent = performance.now()
    }
    if (events.length < batch) await sleep(interval, undefined, { signal }).catch(() => {})
  }
}
