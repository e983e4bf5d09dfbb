import type { Tallies } from '../tally.ts'
import type { Connection } from './connection.ts'
import { writeFacts } from './fact-difference.ts'
import { sameName } from './schema.ts'
import { writeStatements } from './statement-difference.ts'
import { writeVulnerabilities } from './vulnerability-difference.ts'

/** Rows of one feed that can be joined in any way within a moment. */
const fewRows = 2000

/** Which generation of which feed is written, after what, and how. */
export interface Difference {
  readonly feed: number
  readonly generation: number
  readonly before: { readonly statements: number; readonly vulnerabilities: number; readonly facts: number }
  readonly partial: boolean
  readonly keepsHistory: boolean
}

/**
 * Writes what was brought into the temporary tables as the difference to the current generation: what is equal is not written,
 * what differs is moved to history and replaced, what did not come again is moved to history.
 */
export async function writeDifference(connection: Connection, difference: Difference): Promise<Tallies> {
  await connection.exec(`${helpersSql}; ANALYZE new_package, new_claim, new_vulnerability, new_statement`)
  await findNames(connection, difference.feed)
  const vulnerabilities = await writeVulnerabilities(connection, difference)
  const statements = await writeStatements(connection, difference)
  const facts = await writeFacts(connection, difference)
  const tallies = { vulnerabilities, statements, facts }
  if (isOutdated(tallies)) await connection.exec('ANALYZE scope, package, claim, vulnerability, statement, fact')
  await connection.exec(`DROP TABLE ${helpers.join(', ')}`)
  return tallies
}

/** Which rows the numbers of an import stand for, what a generation says, and what ends with it. */
const helpersSql = `
  CREATE TEMPORARY TABLE package_row (number integer, id integer) ON COMMIT DROP;
  CREATE TEMPORARY TABLE claim_row (number integer, id integer) ON COMMIT DROP;
  CREATE TEMPORARY TABLE vulnerability_row (number integer, id integer) ON COMMIT DROP;
  CREATE TEMPORARY TABLE replaced (id integer, vanished boolean, hash bigint, block integer, place integer) ON COMMIT DROP;
  CREATE TEMPORARY TABLE next_statement (package integer, vulnerability integer, claim integer, fixed_in text COLLATE "C",
    ranges text COLLATE "C", advisory text COLLATE "C") ON COMMIT DROP;
  CREATE TEMPORARY TABLE ended_statement (package integer, vulnerability integer, closed boolean) ON COMMIT DROP`

const helpers = [
  'package_row',
  'claim_row',
  'vulnerability_row',
  'replaced',
  'next_statement',
  'ended_statement',
] as const

/** Whether so much of a feed is new that the planner's knowledge of the tables is out of date. With few rows any plan is good. */
function isOutdated({ statements, vulnerabilities, facts }: Tallies): boolean {
  return [statements, vulnerabilities, facts].some(({ valid, added }) => added > fewRows && added * 5 > valid)
}

/** Finds the rows of scopes, packages and claims, and makes those that are missing. */
async function findNames(connection: Connection, feed: number): Promise<void> {
  for (const sql of namesSql) await connection.run(sql, [feed])
  await connection.exec('ANALYZE package_row, claim_row')
}

const packagesSql = `new_package AS new JOIN scope ON feed = $1 AND ${sameName('scope.name', 'new.scope')}`
const foundPackageSql = `package.scope = scope.id AND ${sameName('package.name', 'new.name')}`
const foundClaimSql = `claim.feed = $1 AND ${sameName('claim.body', 'new.body')}`

const namesSql = [
  `INSERT INTO scope (feed, name, statements)
   SELECT DISTINCT $1::integer, new.scope, 0 FROM new_package AS new
   WHERE NOT EXISTS (SELECT FROM scope WHERE feed = $1 AND ${sameName('scope.name', 'new.scope')})`,
  `INSERT INTO package (scope, name) SELECT DISTINCT scope.id, new.name FROM ${packagesSql}
   WHERE NOT EXISTS (SELECT FROM package WHERE ${foundPackageSql}) ORDER BY scope.id, new.name`,
  `INSERT INTO package_row SELECT new.number, package.id FROM ${packagesSql} JOIN package ON ${foundPackageSql}`,
  `INSERT INTO claim (feed, body) SELECT DISTINCT $1::integer, new.body FROM new_claim AS new
   WHERE NOT EXISTS (SELECT FROM claim WHERE ${foundClaimSql})`,
  `INSERT INTO claim_row SELECT new.number, claim.id FROM new_claim AS new JOIN claim ON ${foundClaimSql}`,
]
