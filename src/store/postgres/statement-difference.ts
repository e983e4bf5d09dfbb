import { type Tally, tallyOf } from '../tally.ts'
import type { Connection } from './connection.ts'
import type { Difference } from './difference.ts'
import { sameName } from './schema.ts'

/** Makes, replaces and closes statements, and counts them in their scopes. */
export async function writeStatements(
  connection: Connection,
  { feed, generation, before, partial }: Difference,
): Promise<Tally> {
  await connection.exec(`${nextSql}; ANALYZE next_statement`)
  if (generation === 1) {
    const added = await connection.run(insertSql, [generation])
    await connection.run(countSql, [feed])
    return tallyOf(0, added, 0, 0)
  }
  const ended = await connection.run(partial ? endedOfTouchedSql : endedSql, [feed])
  const closing = await connection.row<{ count: number }>('SELECT count(*) FROM ended_statement WHERE closed')
  const closed = closing?.count ?? 0
  if (ended > 0) {
    await connection.exec('ANALYZE ended_statement')
    await connection.run(keepSql, [generation])
    await connection.run(deleteSql)
    await connection.run(replaceSql, [generation])
  }
  const added = await connection.run(insertMissingSql, [generation])
  if (added + closed > 0) await connection.run(countSql, [feed])
  return tallyOf(before.statements, added, ended - closed, closed)
}

/** One statement a package and vulnerability, the first, in the order in which they are looked up. */
const nextSql = `INSERT INTO next_statement
  SELECT DISTINCT ON (package_row.id, vulnerability_row.id)
    package_row.id, vulnerability_row.id, claim_row.id, fixed_in, ranges, advisory
  FROM new_statement AS new
    JOIN package_row ON package_row.number = new.package
    JOIN vulnerability_row ON vulnerability_row.number = new.vulnerability
    JOIN claim_row ON claim_row.number = new.claim
  ORDER BY package_row.id, vulnerability_row.id, new.ctid`

const columns = 'package, vulnerability, from_gen, claim, fixed_in, ranges, advisory'

const insertSql = `INSERT INTO statement (${columns})
  SELECT package, vulnerability, $1::integer, claim, fixed_in, ranges, advisory FROM next_statement
  ORDER BY package, vulnerability`

const insertMissingSql = `INSERT INTO statement (${columns})
  SELECT package, vulnerability, $1::integer, claim, fixed_in, ranges, advisory FROM next_statement AS next
  WHERE NOT EXISTS (SELECT FROM statement
    WHERE statement.package = next.package AND statement.vulnerability = next.vulnerability)
  ORDER BY package, vulnerability`

const differs = `(next.claim, next.fixed_in, next.ranges, next.advisory)
  IS DISTINCT FROM (statement.claim, statement.fixed_in, statement.ranges, statement.advisory)`

/** Statements of the feed that are not said any more, or otherwise. */
const endedSql = `INSERT INTO ended_statement
  SELECT statement.package, statement.vulnerability, next.package IS NULL
  FROM scope JOIN package ON package.scope = scope.id JOIN statement ON statement.package = package.id
    LEFT JOIN next_statement AS next USING (package, vulnerability)
  WHERE scope.feed = $1 AND (next.package IS NULL OR ${differs})`

/** Of what changed only: those of the vulnerabilities that came or are removed. */
const endedOfTouchedSql = `${endedSql} AND (
    EXISTS (SELECT FROM vulnerability_row WHERE vulnerability_row.id = statement.vulnerability)
    OR EXISTS (SELECT FROM removed JOIN vulnerability
      ON vulnerability.feed = $1 AND ${sameName('vulnerability.name', 'removed.name')}
      WHERE vulnerability.id = statement.vulnerability))`

const keepSql = `INSERT INTO statement_history (to_gen, ${columns})
  SELECT $1::integer, ${columns} FROM ended_statement JOIN statement USING (package, vulnerability)`

const deleteSql = `DELETE FROM statement USING ended_statement AS ended
  WHERE closed AND statement.package = ended.package AND statement.vulnerability = ended.vulnerability`

const replaceSql = `UPDATE statement
  SET from_gen = $1, claim = next.claim, fixed_in = next.fixed_in, ranges = next.ranges, advisory = next.advisory
  FROM ended_statement AS ended JOIN next_statement AS next USING (package, vulnerability)
  WHERE NOT closed AND statement.package = ended.package AND statement.vulnerability = ended.vulnerability`

const countSql = `UPDATE scope SET statements = counted.statements
  FROM (SELECT scope.id, count(statement.package) AS statements
    FROM scope LEFT JOIN package ON package.scope = scope.id LEFT JOIN statement ON statement.package = package.id
    WHERE scope.feed = $1 GROUP BY scope.id) AS counted
  WHERE scope.id = counted.id AND scope.statements <> counted.statements`
