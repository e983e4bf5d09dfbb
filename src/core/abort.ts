import { ChiaroError } from './errors.ts'

/** The error for work that `signal` ended: its reason if that is an error of ours, else `ABORTED`. */
export function abortedError(signal: AbortSignal): ChiaroError {
  if (signal.reason instanceof ChiaroError) return signal.reason
  return new ChiaroError('ABORTED', 'the work was cancelled', { cause: signal.reason })
}

/** Throws `abortedError` if `signal` has been aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortedError(signal)
}
