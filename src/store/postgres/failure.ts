import { ChiaroError, messageOf } from '../../core/errors.ts'
import { RowDamaged } from '../row-damaged.ts'

const unreachable = 'Check that the server runs and that the address, the port and the network are right.'
const another = 'or use another database with --db.'

/**
 * What to do about an error, by its code: the SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) or its
 * class, which is its first two characters, or the code of Node.
 */
const advice: ReadonlyMap<string, string> = new Map([
  ['08', unreachable],
  [
    '28',
    'Check the user and the password: PGPASSWORD, a password file (~/.pgpass), or the part of the address before "@".',
  ],
  ['3D000', 'Make it once with "createdb", as a user who may, or name another with --db.'],
  ['42501', `Give the user the rights: CREATE on the database for the first start, or the schema "chiaro", ${another}`],
  ['25006', `The server or the user may only read. Ask the primary server, ${another}`],
  [
    '53',
    'The server is out of disk, memory or connections. Nothing of the data that was there is lost. Try again later.',
  ],
  ['55P03', 'Another process holds what is to be written. Wait for it to end, and try again.'],
  ['57P', 'The server was stopped or is starting. Nothing of the data that was there is lost. Try again.'],
  ['58', 'The disk or file system of the server failed. Its log says more.'],
  ['XX', 'The server found its data damaged. Its log says more.'],
  ['42', 'The tables are not those of Chiaro. Run "chiaro data verify", or use another database with --db.'],
])

/** Codes of Node, and what `pg` throws without any code, for a server that does not answer or does not any more. */
const lost = /^(?:E[A-Z_]+)$|^$/

/** The SQLSTATE of an error of the server, or the code of Node; `undefined` for what is no error of the connection. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return /^(?:Connection terminated|Client |timeout exceeded|Query read timeout)/.test(error.message) ? '' : undefined
}

/** Whether the error says that nothing can be written now, while what is there is sound. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && /^(?:42501|25006|55P03|53...|57014)$/.test(code)
}

/** Whether the server found its data damaged (class XX of SQLSTATE). */
export function isDamage(error: unknown): boolean {
  return error instanceof ChiaroError && codeOf(error.cause)?.startsWith('XX') === true
}

/** An error of PostgreSQL or of the way to it, or a damaged row, as `DATABASE_FAILED`, naming the database and what to do about it. */
export function databaseFailure(error: unknown, where: string): unknown {
  if (error instanceof ChiaroError) return error
  if (error instanceof RowDamaged) {
    const message = `${where}: ${messageOf(error)}`
    return new ChiaroError('DATABASE_FAILED', message, { where, advice: 'Run "chiaro data verify".', cause: error })
  }
  const code = codeOf(error)
  if (code === undefined) return error
  const adviceFor = (length: number) => advice.get(code.slice(0, length))
  const known = lost.test(code) ? unreachable : (adviceFor(5) ?? adviceFor(3) ?? adviceFor(2))
  return new ChiaroError('DATABASE_FAILED', `${where}: ${wordsOf(error)}`, {
    where,
    advice: known ?? 'Run "chiaro data verify". The log of the server may say more.',
    cause: error,
  })
}

/** The message; of several attempts at several addresses, which have none in common, theirs. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return messageOf(error)
}
