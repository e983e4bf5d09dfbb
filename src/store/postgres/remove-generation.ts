import { bodyHash } from '../body-hash.ts'
import { notRemovable } from '../generation-range.ts'
import { readBodies } from './body-reader.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { lockUntilCommit } from './locks.ts'

/** Vulnerabilities whose bodies are read in one go. */
const bodiesAtOnce = 1000

interface GenerationRow {
  readonly feed: number
  readonly number: number
  readonly statements: number
  readonly vulnerabilities: number
  readonly facts: number
}

/** Removes a generation, while nobody imports the feed. */
export function removeGeneration(database: Database, name: string, number: number): Promise<boolean> {
  return database.import(async (connection) => {
    await lockUntilCommit(connection, 'feed', name, undefined)
    const rows = await connection.rows<GenerationRow>(generationsSql, [name])
    const place = rows.findIndex((row) => row.number === number)
    const [row, before, after] = [rows[place], rows[place - 1], rows[place + 1]]
    if (row === undefined) return false
    if (after !== undefined) await removePast(connection, row.feed, before?.number ?? 0, after.number)
    else if (before === undefined) throw notRemovable(name, number, 'it is the only one')
    else await goBack(connection, name, before, number + 1)
    await connection.run('DELETE FROM generation WHERE feed = $1 AND number = $2', [row.feed, number])
    return true
  }, undefined)
}

const generationsSql = `SELECT feed, number, statements, vulnerabilities, facts
  FROM feed JOIN generation ON generation.feed = feed.id WHERE name = $1 ORDER BY number`

/** Removes what was true after one generation and not any more in another one, with none in between. */
async function removePast(connection: Connection, feed: number, before: number, after: number): Promise<void> {
  for (const sql of pastSql) await connection.run(sql, [feed, before, after])
}

const ownPackages = '(SELECT package.id FROM scope JOIN package ON package.scope = scope.id WHERE scope.feed = $1)'

const pastSql = [
  `DELETE FROM statement_history WHERE package IN ${ownPackages} AND from_gen > $2 AND to_gen <= $3`,
  `DELETE FROM vulnerability_history WHERE vulnerability IN (SELECT id FROM vulnerability WHERE feed = $1)
     AND from_gen > $2 AND to_gen <= $3`,
  'DELETE FROM fact_history WHERE feed = $1 AND from_gen > $2 AND to_gen <= $3',
]

/** Makes what the generation `to` had the feed's current data, as the generation `number`. */
async function goBack(connection: Connection, name: string, to: GenerationRow, number: number): Promise<void> {
  const { feed } = to
  for (const sql of rowsSql) await connection.run(sql, [feed, to.number])
  await restoreVulnerabilities(connection, feed, to.number)
  await connection.run(scopesSql, [feed])
  const counts = await connection.row<Omit<GenerationRow, 'feed' | 'number'>>(countsSql, [feed])
  const { statements, vulnerabilities, facts } = counts!
  if (statements !== to.statements || vulnerabilities !== to.vulnerabilities || facts !== to.facts) {
    throw notRemovable(name, number - 1, `what generation ${to.number} had is not all kept`)
  }
  await connection.run(copySql, [feed, to.number, number, new Date().toISOString()])
  await connection.run(currentSql, [feed, to.number, number])
}

/** Statements and facts become those of a generation again. */
const rowsSql = [
  `DELETE FROM statement WHERE package IN ${ownPackages} AND from_gen > $2`,
  `INSERT INTO statement (package, vulnerability, from_gen, claim, fixed_in, ranges, advisory)
     SELECT package, vulnerability, from_gen, claim, fixed_in, ranges, advisory
     FROM statement_history WHERE package IN ${ownPackages} AND from_gen <= $2 AND $2 < to_gen`,
  `DELETE FROM statement_history WHERE package IN ${ownPackages} AND to_gen > $2`,
  'DELETE FROM fact WHERE feed = $1 AND from_gen > $2',
  `INSERT INTO fact (feed, from_gen, name, value)
     SELECT feed, from_gen, name, value FROM fact_history WHERE feed = $1 AND from_gen <= $2 AND $2 < to_gen`,
  'DELETE FROM fact_history WHERE feed = $1 AND to_gen > $2',
]

/** What was described anew since is described as before, what vanished since is back, and what is new is gone. */
async function restoreVulnerabilities(connection: Connection, feed: number, to: number): Promise<void> {
  const described = await connection.rows<DescribedRow>(describedSql, [feed, to])
  for (let at = 0; at < described.length; at += bodiesAtOnce) {
    const some = described.slice(at, at + bodiesAtOnce)
    const bodies = await readBodies(connection, some)
    await connection.run(describeSql, [
      some.map(({ id }) => id),
      some.map(({ from }) => from),
      bodies.map(bodyHash),
      to,
    ])
  }
  for (const sql of vulnerabilitiesSql) await connection.run(sql, [feed, to])
}

/** The last that was said of a vulnerability up to a generation, before it was described otherwise. */
interface DescribedRow {
  readonly id: number
  readonly from: number
  readonly block: number
  readonly place: number
}

const describedSql = `SELECT DISTINCT ON (known.id) known.id, past.from_gen AS "from", past.block, past.place
  FROM vulnerability AS known JOIN vulnerability_history AS past ON vulnerability = known.id
  WHERE feed = $1 AND known.from_gen > $2 AND past.from_gen <= $2 ORDER BY known.id, past.from_gen DESC`

const describeSql = `UPDATE vulnerability SET from_gen = past.from_gen,
    to_gen = CASE WHEN past.to_gen <= $4 THEN past.to_gen END, hash = described.hash, block = past.block, place = past.place
  FROM unnest($1::integer[], $2::integer[], $3::bigint[]) AS described (id, from_gen, hash)
    JOIN vulnerability_history AS past ON past.vulnerability = described.id AND past.from_gen = described.from_gen
  WHERE vulnerability.id = described.id`

const vulnerabilitiesSql = [
  `DELETE FROM vulnerability_history AS past USING vulnerability AS known
   WHERE known.id = past.vulnerability AND feed = $1 AND (past.from_gen > $2 OR past.from_gen = known.from_gen)`,
  'DELETE FROM vulnerability WHERE feed = $1 AND from_gen > $2',
  'UPDATE vulnerability SET to_gen = NULL WHERE feed = $1 AND to_gen > $2',
]

const scopesSql = `UPDATE scope SET statements = (
    SELECT count(*) FROM package JOIN statement ON statement.package = package.id WHERE package.scope = scope.id
  ) WHERE feed = $1`

const countsSql = `SELECT (SELECT coalesce(sum(statements), 0) FROM scope WHERE feed = $1)::bigint AS statements,
  (SELECT count(*) FROM vulnerability WHERE feed = $1 AND to_gen IS NULL) AS vulnerabilities,
  (SELECT count(*) FROM fact WHERE feed = $1) AS facts`

const copySql = `INSERT INTO generation
    (feed, number, imported_at, data_time, fingerprint, version, statements, vulnerabilities, facts, gaps, gap_list)
  SELECT feed, $3, $4, data_time, fingerprint, version, statements, vulnerabilities, facts, gaps, gap_list
  FROM generation WHERE feed = $1 AND number = $2`

const currentSql = `UPDATE feed SET generation = $3, version = past.version, fingerprint = past.fingerprint,
    data_time = past.data_time, checked_at = past.imported_at
  FROM generation AS past WHERE id = $1 AND past.feed = $1 AND past.number = $2`
