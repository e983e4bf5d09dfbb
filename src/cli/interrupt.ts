import { ChiaroError } from '../core/errors.ts'
import { exitCodeOfSignal } from './exit.ts'

/** Listens for the signals that end a program. */
export interface Interrupt {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
  /** The signal that came, if one did. */
  received(): NodeJS.Signals | undefined
  /** Sets how many milliseconds the work may take to end after a signal; three seconds, if it is not set. */
  setPatience(milliseconds: number): void
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts the work, which cleans up and ends; the second, or the end of our patience, ends
 * the process at once.
 */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController()
  let received: NodeJS.Signals | undefined
  let patience = 3000
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (received !== undefined) process.exit(exitCodeOfSignal(name))
      received = name
      setTimeout(() => process.exit(exitCodeOfSignal(name)), patience).unref()
      controller.abort(new ChiaroError('ABORTED', `stopped by ${name}`))
    })
  }
  return {
    signal: controller.signal,
    received: () => received,
    setPatience: (milliseconds) => {
      patience = milliseconds
    },
  }
}
