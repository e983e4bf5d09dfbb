import { ChiaroError, messageOf } from '../../core/errors.ts'
import { RowDamaged } from '../row-damaged.ts'

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that call for different advice. */
const codes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
} as const

const advice: Readonly<Record<number, string>> = {
  [codes.busy]: 'Another process holds the database. Wait for it to end, or use another database with --db.',
  [codes.locked]: 'Another process holds the database. Wait for it to end, or use another database with --db.',
  [codes.readOnly]: 'Make the file and its directory writable, or use another database with --db.',
  [codes.io]: 'The disk or file system failed. Check it, then run "chiaro data verify".',
  [codes.corrupt]: 'Move the file away. Chiaro makes a new one and loads the data again.',
  [codes.full]: 'Free space on the disk and try again. Nothing of the data that was there is lost.',
  [codes.cantOpen]: 'Check that the path is a file in a directory that this user can read and write.',
  [codes.notADatabase]: 'Name another path with --db, or move the file away.',
}

/** The primary result code of an error of SQLite, `undefined` for any other error. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === codes.busy || code === codes.locked
}

/** Whether the file, or the place it is in, does not let itself be opened for writing. */
export function isUnwritable(error: unknown): boolean {
  const code = resultCode(error)
  return code === codes.readOnly || code === codes.cantOpen
}

/** Whether the error says that nothing can be written now, while what is there is sound. */
export function isRefusal(error: unknown): boolean {
  return isBusy(error) || isUnwritable(error) || resultCode(error) === codes.full
}

/** Whether SQLite found the file damaged. */
export function isDamage(error: unknown): boolean {
  return resultCode(error) === codes.corrupt
}

/** An error of SQLite, or a damaged row, as `DATABASE_FAILED`, naming the file and what to do about it; any other error as it is. */
export function databaseFailure(error: unknown, path: string): unknown {
  const code = error instanceof RowDamaged ? codes.corrupt : resultCode(error)
  if (code === undefined) return error
  const where = path
  const cause = error
  if (code === codes.notADatabase) {
    return new ChiaroError('DATABASE_FAILED', `${path} is not a database`, { where, advice: advice[code]!, cause })
  }
  const known = advice[code] ?? 'Run "chiaro data verify". If it finds damage, move the file away.'
  return new ChiaroError('DATABASE_FAILED', `${path}: ${messageOf(error)}`, { where, advice: known, cause })
}
