import { setTimeout as sleep } from 'node:timers/promises'
import { abortedError } from '../core/abort.ts'
import { limits } from '../core/limits.ts'

const firstBackoff = 500

/** Waits `milliseconds`. Throws `ABORTED` when the signal ends it. */
export async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal })
  } catch {
    throw abortedError(signal)
  }
}

/**
 * The milliseconds to wait after failed attempt number `attempt` (from 1): exponential from `first`, at most
 * `limits.retryWait`, and between half and all of that at random, so that clients do not come back all at once.
 */
export function backoffOf(attempt: number, first: number = firstBackoff): number {
  return Math.min(limits.retryWait, first * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2)
}

/** The milliseconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); `undefined` if it says nothing. */
export function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
