import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfAborted } from '../../core/abort.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'

/**
 * What advisory locks are taken for, the first of their two numbers ("CHIA" and on): the schema, the data of a feed during its
 * import, and names of `Store.lock`. They belong to the database that they are taken in.
 */
const kinds = { schema: 0x43484941, feed: 0x43484942, name: 0x43484943 } as const

/** Waits for the lock until the transaction ends. Throws `ABORTED`. */
export async function lockUntilCommit(
  connection: Connection,
  kind: 'schema' | 'feed',
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await take(connection, 'pg_try_advisory_xact_lock', [kinds[kind], numberOf(name)], signal)
}

/** Runs `work` while no other process, and nothing else in this one, runs any under the same name. Throws `ABORTED`. */
export async function locked<T>(
  database: Database,
  name: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(signal)
  const numbers = [kinds.name, numberOf(name)] as const
  return database.connected(async (connection) => {
    await take(connection, 'pg_try_advisory_lock', numbers, signal)
    try {
      return await work()
    } finally {
      // If this fails, the connection is broken, and the lock went with it.
      await connection.run('SELECT pg_advisory_unlock($1, $2)', numbers).catch(() => {})
    }
  })
}

/** Asks again and again, at longer and longer intervals: a wait inside the database could not be ended without the connection. */
async function take(
  connection: Connection,
  call: 'pg_try_advisory_xact_lock' | 'pg_try_advisory_lock',
  numbers: readonly number[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let pause = 5; ; pause = Math.min(pause * 2, 250)) {
    if (signal !== undefined) throwIfAborted(signal)
    const row = await connection.row<{ taken: boolean }>(`SELECT ${call}($1, $2) AS taken`, numbers)
    if (row?.taken === true) return
    await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

function numberOf(name: string): number {
  return createHash('sha256').update(name).digest().readInt32BE(0)
}
