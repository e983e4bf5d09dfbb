import { bodyHash } from '../body-hash.ts'
import { notRemovable } from '../generation-range.ts'
import { readBodies } from './body-reader.ts'
import type { Connection } from './connection.ts'

/** Vulnerabilities whose bodies are read in one go. */
const bodiesAtOnce = 200

interface GenerationRow {
  readonly feed: number
  readonly number: number
  readonly statements: number
  readonly vulnerabilities: number
  readonly facts: number
}

/** Removes a generation inside a transaction that was begun for it. What it throws must undo the transaction. */
export function removeGeneration(connection: Connection, name: string, number: number): boolean {
  const rows = connection.prepare(generationsSql).all(name) as unknown as readonly GenerationRow[]
  const place = rows.findIndex((row) => row.number === number)
  const [row, before, after] = [rows[place], rows[place - 1], rows[place + 1]]
  if (row === undefined) return false
  if (after !== undefined) removePast(connection, row.feed, before?.number ?? 0, after.number)
  else if (before === undefined) throw notRemovable(name, number, 'it is the only one')
  else goBack(connection, name, before, number + 1)
  connection.prepare('DELETE FROM generation WHERE feed = ? AND number = ?').run(row.feed, number)
  return true
}

const generationsSql = `SELECT feed, number, statements, vulnerabilities, facts
  FROM feed JOIN generation ON generation.feed = feed.id WHERE name = ? ORDER BY number`

/** Removes what was true after one generation and not any more in another one, with none in between. */
function removePast(connection: Connection, feed: number, before: number, after: number): void {
  for (const sql of pastSql) connection.prepare(sql).run({ feed, before, after })
}

const ownPackages = '(SELECT package.id FROM scope JOIN package ON package.scope = scope.id WHERE scope.feed = :feed)'

const pastSql = [
  `DELETE FROM statement_history WHERE from_gen > :before AND to_gen <= :after AND package IN ${ownPackages}`,
  `DELETE FROM vulnerability_history WHERE from_gen > :before AND to_gen <= :after
     AND vulnerability IN (SELECT id FROM vulnerability WHERE feed = :feed)`,
  'DELETE FROM fact_history WHERE from_gen > :before AND to_gen <= :after AND feed = :feed',
]

/** Makes what the generation `to` had the feed's current data, as the generation `number`. */
function goBack(connection: Connection, name: string, to: GenerationRow, number: number): void {
  const { feed } = to
  const nextSlot = restoreRows(connection, feed, to.number)
  restoreVulnerabilities(connection, feed, to.number)
  connection.prepare(scopesSql).run({ feed })
  const { statements, vulnerabilities, facts } = connection.prepare(countsSql).get({ feed }) as unknown as GenerationRow
  if (statements !== to.statements || vulnerabilities !== to.vulnerabilities || facts !== to.facts) {
    throw notRemovable(name, number - 1, `what generation ${to.number} had is not all kept`)
  }
  connection.prepare(copySql).run({ feed, to: to.number, number, now: new Date().toISOString() })
  connection.prepare(currentSql).run({ feed, to: to.number, number, nextSlot })
}

/** Statements and facts become those of a generation again. Gives the feed's next slot. */
function restoreRows(connection: Connection, feed: number, to: number): number {
  let { slot } = connection.prepare('SELECT next_slot AS slot FROM feed WHERE id = ?').get(feed) as { slot: number }
  for (const { forget, restore, end } of restored) {
    connection.prepare(forget).run({ feed, to })
    slot += Number(connection.prepare(restore).run({ feed, to, slot }).changes)
    connection.prepare(end).run({ feed, to })
  }
  return slot
}

const restored = [
  {
    forget: `DELETE FROM statement WHERE from_gen > :to AND package IN ${ownPackages}`,
    restore: `INSERT INTO statement (package, vulnerability, slot, from_gen, claim, fixed_in, ranges, advisory)
      SELECT package, vulnerability, :slot + row_number() OVER () - 1, from_gen, claim, fixed_in, ranges, advisory
      FROM statement_history WHERE from_gen <= :to AND :to < to_gen AND package IN ${ownPackages}`,
    end: `DELETE FROM statement_history WHERE to_gen > :to AND package IN ${ownPackages}`,
  },
  {
    forget: 'DELETE FROM fact WHERE from_gen > :to AND feed = :feed',
    restore: `INSERT INTO fact (feed, name, slot, from_gen, value)
      SELECT feed, name, :slot + row_number() OVER () - 1, from_gen, value
      FROM fact_history WHERE from_gen <= :to AND :to < to_gen AND feed = :feed`,
    end: 'DELETE FROM fact_history WHERE to_gen > :to AND feed = :feed',
  },
] as const

/** What was described anew since is described as before, what vanished since is back, and what is new is gone. */
function restoreVulnerabilities(connection: Connection, feed: number, to: number): void {
  const described = connection.prepare(describedSql).all({ feed, to }) as unknown as readonly DescribedRow[]
  const update = connection.prepare(describeSql)
  for (let at = 0; at < described.length; at += bodiesAtOnce) {
    const some = described.slice(at, at + bodiesAtOnce)
    const bodies = readBodies(connection, some)
    for (const [index, row] of some.entries()) update.run({ ...row, hash: bodyHash(bodies[index]!) })
  }
  for (const sql of vulnerabilitiesSql) connection.prepare(sql).run({ feed, to })
}

/** The last that was said of a vulnerability up to a generation, before it was described otherwise. */
interface DescribedRow {
  readonly id: number
  readonly from: number
  readonly to: number | null
  readonly block: number
  readonly place: number
}

const describedSql = `SELECT id, max(past.from_gen) AS "from", iif(past.to_gen > :to, NULL, past.to_gen) AS "to", past.block, past.place
  FROM vulnerability AS known JOIN vulnerability_history AS past ON vulnerability = id
  WHERE feed = :feed AND known.from_gen > :to AND past.from_gen <= :to GROUP BY id`

const describeSql = `UPDATE vulnerability SET from_gen = :from, to_gen = :to, hash = :hash, block = :block, place = :place
  WHERE id = :id`

const vulnerabilitiesSql = [
  `DELETE FROM vulnerability_history AS past WHERE EXISTS (
     SELECT 1 FROM vulnerability AS known
     WHERE known.id = past.vulnerability AND feed = :feed AND (past.from_gen > :to OR past.from_gen = known.from_gen))`,
  'DELETE FROM vulnerability WHERE from_gen > :to AND feed = :feed',
  'UPDATE vulnerability SET to_gen = NULL WHERE to_gen > :to AND feed = :feed',
]

const scopesSql = `UPDATE scope SET statements = (
    SELECT count(*) FROM package JOIN statement ON statement.package = package.id WHERE package.scope = scope.id
  ) WHERE feed = :feed`

const countsSql = `SELECT (SELECT coalesce(sum(statements), 0) FROM scope WHERE feed = :feed) AS statements,
  (SELECT count(*) FROM vulnerability WHERE feed = :feed AND to_gen IS NULL) AS vulnerabilities,
  (SELECT count(*) FROM fact WHERE feed = :feed) AS facts`

const copySql = `INSERT INTO generation
    (feed, number, imported_at, data_time, fingerprint, version, statements, vulnerabilities, facts, gaps, gap_list)
  SELECT feed, :number, :now, data_time, fingerprint, version, statements, vulnerabilities, facts, gaps, gap_list
  FROM generation WHERE feed = :feed AND number = :to`

const currentSql = `UPDATE feed SET (generation, version, fingerprint, data_time, checked_at, next_slot) = (
    SELECT :number, version, fingerprint, data_time, imported_at, :nextSlot FROM generation WHERE feed = :feed AND number = :to
  ) WHERE id = :feed`
