import { messageOf } from '../../core/errors.ts'
import { countBodies } from '../body-block.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { isDamage } from './failure.ts'

/** Problems listed at most; a damaged database can have one for every row. */
const maxProblems = 100

/** What must hold, each as a query for the rows that break it. */
const invariants: readonly (readonly [string, string])[] = [
  [
    'a current statement is newer than its feed, or shares its slot, or has one that is not given out yet',
    `SELECT feed.name || ', ' || package.name FROM statement JOIN package ON package.id = package
       JOIN scope ON scope.id = scope JOIN feed ON feed.id = feed
     WHERE from_gen NOT BETWEEN 1 AND feed.generation OR slot NOT BETWEEN 0 AND next_slot - 1
     UNION ALL SELECT feed || ', slot ' || slot FROM statement JOIN package ON package.id = package
       JOIN scope ON scope.id = scope GROUP BY feed, slot HAVING count(*) > 1`,
  ],
  [
    'a statement belongs to a vulnerability of another feed, or to one that has vanished',
    `SELECT package.name || ', ' || vulnerability.name FROM statement JOIN package ON package.id = package
       JOIN scope ON scope.id = scope JOIN vulnerability ON vulnerability.id = vulnerability
     WHERE scope.feed <> vulnerability.feed OR to_gen IS NOT NULL`,
  ],
  [
    'history of a statement ends before it begins, or overlaps what followed',
    `SELECT package || ', ' || vulnerability FROM (
       SELECT package, vulnerability, from_gen, to_gen,
         lead(from_gen) OVER (PARTITION BY package, vulnerability ORDER BY from_gen) AS next_gen
       FROM (SELECT package, vulnerability, from_gen, to_gen FROM statement_history
         UNION ALL SELECT package, vulnerability, from_gen, NULL FROM statement)
     ) WHERE from_gen >= to_gen OR next_gen < coalesce(to_gen, next_gen + 1)`,
  ],
  [
    'history of a vulnerability ends before it begins, or overlaps what followed',
    `SELECT vulnerability FROM (
       SELECT vulnerability, from_gen, to_gen, lead(from_gen) OVER (PARTITION BY vulnerability ORDER BY from_gen) AS next_gen
       FROM (SELECT vulnerability, from_gen, to_gen FROM vulnerability_history
         UNION ALL SELECT id, from_gen, to_gen FROM vulnerability)
     ) WHERE from_gen >= to_gen OR next_gen < coalesce(to_gen, next_gen + 1)`,
  ],
  [
    'a fact is newer than its feed, or shares its slot, or has one that is not given out yet',
    `SELECT feed.name || ', ' || fact.name FROM fact JOIN feed ON feed.id = feed
     WHERE from_gen NOT BETWEEN 1 AND feed.generation OR slot NOT BETWEEN 0 AND next_slot - 1
     UNION ALL SELECT feed || ', slot ' || slot FROM fact GROUP BY feed, slot HAVING count(*) > 1`,
  ],
  [
    'history of a fact ends before it begins, or overlaps what followed',
    `SELECT name FROM (
       SELECT feed, name, from_gen, to_gen, lead(from_gen) OVER (PARTITION BY feed, name ORDER BY from_gen) AS next_gen
       FROM (SELECT feed, name, from_gen, to_gen FROM fact_history UNION ALL SELECT feed, name, from_gen, NULL FROM fact)
     ) WHERE from_gen >= to_gen OR next_gen < coalesce(to_gen, next_gen + 1)`,
  ],
  [
    'a body is not in its block',
    `SELECT block || ', ' || place FROM (
       SELECT block, place FROM vulnerability UNION ALL SELECT block, place FROM vulnerability_history
     ) JOIN body_block ON body_block.id = block WHERE place NOT BETWEEN 0 AND bodies - 1`,
  ],
  [
    'a scope does not have the statements that it counts',
    `SELECT name FROM scope WHERE statements <> (
       SELECT count(*) FROM package JOIN statement ON statement.package = package.id WHERE package.scope = scope.id)`,
  ],
  [
    'the current generation of a feed is missing',
    `SELECT name FROM feed WHERE generation > 0
       AND NOT EXISTS (SELECT 1 FROM generation WHERE feed = feed.id AND number = feed.generation)`,
  ],
]

/** SQLite's own checks, then ours; what they found, as sentences. */
export async function verify(database: Database): Promise<readonly string[]> {
  return database.read((connection) => {
    try {
      const damage = checkIntegrity(connection)
      if (damage.length > 0) return damage
      const checks = [checkKeys, checkInvariants, checkCounts, checkBodies]
      return checks.flatMap((check) => check(connection)).slice(0, maxProblems)
    } catch (error) {
      if (isDamage(error)) return [messageOf(error)]
      throw error
    }
  })
}

/** SQLite tells what is wrong with its pages in one row of many lines, below a heading. */
function checkIntegrity(connection: Connection): readonly string[] {
  const rows = connection.prepareArrays(`PRAGMA integrity_check(${maxProblems})`).all() as unknown as [string][]
  const lines = rows.flatMap(([text]) => text.split('\n'))
  return lines.filter((line) => line !== 'ok' && !line.startsWith('*** ')).slice(0, maxProblems)
}

function checkKeys(connection: Connection): readonly string[] {
  const rows = connection.prepare('PRAGMA foreign_key_check').all() as {
    table: string
    rowid: unknown
    parent: string
  }[]
  return rows.slice(0, maxProblems).map(({ table, rowid, parent }) => {
    return `row ${rowid ?? '(without id)'} of ${table} refers to a row of ${parent} that is not there`
  })
}

function checkInvariants(connection: Connection): readonly string[] {
  return invariants.flatMap(([what, sql]) => {
    const rows = connection.prepareArrays(`${sql} LIMIT ${maxProblems}`).all() as unknown as [unknown][]
    return rows.map(([which]) => `${what}: ${which}`)
  })
}

function checkBodies(connection: Connection): readonly string[] {
  const rows = connection.prepareArrays('SELECT id, bodies, content FROM body_block').iterate() as unknown as Iterable<
    [id: number, bodies: number, content: Uint8Array]
  >
  const problems: string[] = []
  for (const [id, bodies, content] of rows) {
    const found = countBodies(content)
    if (found !== bodies) problems.push(`block ${id} has ${found ?? 'no readable'} bodies instead of ${bodies}`)
  }
  return problems
}

/** How many rows of a feed have one life: from a generation to another, or until now. */
interface Lives {
  readonly feed: number
  readonly from_gen: number
  readonly to_gen: number | null
  readonly count: number
}

const statementLives = `
  SELECT feed, from_gen, NULL AS to_gen, count(*) AS count
  FROM statement JOIN package ON package.id = package JOIN scope ON scope.id = scope GROUP BY feed, from_gen
  UNION ALL SELECT feed, from_gen, to_gen, count(*)
  FROM statement_history JOIN package ON package.id = package JOIN scope ON scope.id = scope GROUP BY feed, from_gen, to_gen`

const vulnerabilityLives = `
  SELECT feed, from_gen, to_gen, count(*) AS count FROM vulnerability GROUP BY feed, from_gen, to_gen
  UNION ALL SELECT feed, history.from_gen, history.to_gen, count(*)
  FROM vulnerability_history AS history JOIN vulnerability ON vulnerability.id = vulnerability
  GROUP BY feed, history.from_gen, history.to_gen`

/** Every generation that can be asked for still has the rows that it was counted to have. */
function checkCounts(connection: Connection): readonly string[] {
  const generations = connection
    .prepare('SELECT feed, name, number, statements, vulnerabilities FROM generation JOIN feed ON feed.id = feed')
    .all() as { feed: number; name: string; number: number; statements: number; vulnerabilities: number }[]
  const statements = livesByFeed(connection, statementLives)
  const vulnerabilities = livesByFeed(connection, vulnerabilityLives)
  const problems: string[] = []
  for (const { feed, name, number, ...counted } of generations) {
    const found = {
      statements: countAlive(statements.get(feed), number),
      vulnerabilities: countAlive(vulnerabilities.get(feed), number),
    }
    for (const what of ['statements', 'vulnerabilities'] as const) {
      if (found[what] === counted[what]) continue
      problems.push(`generation ${number} of ${name} has ${found[what]} ${what} instead of ${counted[what]}`)
    }
  }
  return problems
}

function livesByFeed(connection: Connection, sql: string): ReadonlyMap<number, readonly Lives[]> {
  return Map.groupBy(connection.prepare(sql).all() as unknown as Lives[], ({ feed }) => feed)
}

function countAlive(lives: readonly Lives[] = [], generation: number): number {
  const alive = lives.filter(
    ({ from_gen, to_gen }) => from_gen <= generation && (to_gen === null || generation < to_gen),
  )
  return alive.reduce((sum, { count }) => sum + count, 0)
}
