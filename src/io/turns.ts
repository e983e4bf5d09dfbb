import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '../core/abort.ts'

const turnMilliseconds = 20

/**
 * For long work that waits for nothing: called between its small steps, gives signals, timers and other work their turn now
 * and then. Throws `ABORTED` when `signal` was aborted in the meantime.
 */
export function createTurns(signal: AbortSignal): () => Promise<void> {
  let begun = performance.now()
  return async () => {
    if (performance.now() - begun < turnMilliseconds) return
    await setImmediate()
    throwIfAborted(signal)
    begun = performance.now()
  }
}
