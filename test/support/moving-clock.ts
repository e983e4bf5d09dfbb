import { readFileSync } from 'node:fs'

/**
 * Loaded before everything else in a process (`--import`), this is its clock: the time is ahead of the machine's by as many
 * milliseconds as the file says that CHIARO_TEST_CLOCK names, from one moment to the next. Timers go on as they do when somebody
 * sets a machine's clock.
 */
const file = process.env.CHIARO_TEST_CLOCK
if (file === undefined) throw new Error('CHIARO_TEST_CLOCK names no file')

const RealDate = Date
/** How long what was read of the file is good; milliseconds. */
const reread = 10
let offset = 0
let readAt = Number.NEGATIVE_INFINITY

function now(): number {
  if (performance.now() - readAt > reread) {
    offset = Number(readFileSync(file!, 'utf8'))
    readAt = performance.now()
  }
  return RealDate.now() + offset
}

class MovedDate extends RealDate {
  static override now(): number {
    return now()
  }

  constructor(...parts: [] | ConstructorParameters<typeof Date>) {
    super(...((parts.length === 0 ? [now()] : parts) as [number]))
  }
}

globalThis.Date = MovedDate as DateConstructor
