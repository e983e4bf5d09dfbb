import type { Connection } from './connection.ts'

/** The advisory lock of the fleet: the two numbers of it, after those of locks.ts. */
const numbers = [0x43484944, 0] as const

/** Says, until the transaction ends, that it writes to the fleet. */
export async function shareFleet(connection: Connection): Promise<void> {
  await connection.run('SELECT pg_advisory_xact_lock_shared($1, $2)', numbers)
}

/** Waits until all that write to the fleet have committed, and keeps others from beginning until the transaction ends. */
export async function lockFleet(connection: Connection): Promise<void> {
  await connection.run('SELECT pg_advisory_xact_lock($1, $2)', numbers)
}
