import { type Tally, tallyOf } from '../tally.ts'
import type { Connection } from './connection.ts'
import type { Difference } from './difference.ts'
import { sameName } from './schema.ts'

/** Makes, replaces and closes facts. */
export async function writeFacts(
  connection: Connection,
  { feed, generation, before, partial, keepsHistory }: Difference,
): Promise<Tally> {
  await connection.exec(helpersSql)
  if (generation > 1) await connection.run(partial ? endedOfTouchedSql : endedSql, [feed])
  const counts = await connection.row<{ ended: number; closed: number }>(
    'SELECT count(*) AS ended, count(*) FILTER (WHERE value IS NULL) AS closed FROM ended_fact',
  )
  const { ended, closed } = counts!
  if (ended > 0) {
    if (keepsHistory) await connection.run(keepSql, [feed, generation])
    await connection.run(deleteSql, [feed])
    await connection.run(replaceSql, [feed, generation])
  }
  const added = await connection.run(insertSql, [feed, generation])
  await connection.exec('DROP TABLE next_fact, ended_fact')
  return tallyOf(before.facts, added, ended - closed, closed)
}

/** What is said now, of several of one name the first; and what is not said any more (`value` is null), or otherwise. */
const helpersSql = `
  CREATE TEMPORARY TABLE next_fact (name text COLLATE "C", value text COLLATE "C") ON COMMIT DROP;
  CREATE TEMPORARY TABLE ended_fact (name text COLLATE "C", value text COLLATE "C") ON COMMIT DROP;
  INSERT INTO next_fact SELECT DISTINCT ON (name) name, value FROM new_fact ORDER BY name, ctid;
  ANALYZE next_fact`

const endedSql = `INSERT INTO ended_fact
  SELECT fact.name, next.value FROM fact LEFT JOIN next_fact AS next ON next.name = fact.name
  WHERE feed = $1 AND next.value IS DISTINCT FROM fact.value`

const endedOfTouchedSql = `${endedSql}
  AND (next.value IS NOT NULL OR EXISTS (SELECT FROM removed WHERE removed.name = fact.name))`

const same = `fact.feed = $1 AND ${sameName('fact.name', 'ended.name')}`

const keepSql = `INSERT INTO fact_history (feed, name, from_gen, to_gen, value)
  SELECT feed, fact.name, from_gen, $2::integer, fact.value FROM ended_fact AS ended JOIN fact ON ${same}`

const deleteSql = `DELETE FROM fact USING ended_fact AS ended WHERE ended.value IS NULL AND ${same}`

const replaceSql = `UPDATE fact SET from_gen = $2, value = ended.value
  FROM ended_fact AS ended WHERE ended.value IS NOT NULL AND ${same}`

const insertSql = `INSERT INTO fact (feed, name, from_gen, value)
  SELECT $1::integer, next.name, $2::integer, next.value FROM next_fact AS next
  WHERE NOT EXISTS (SELECT FROM fact WHERE feed = $1 AND ${sameName('fact.name', 'next.name')})`
