import { messageOf } from '../../core/errors.ts'
import { countBodies } from '../body-block.ts'
import { readBlocks } from './body-reader.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { isDamage } from './failure.ts'

/** Problems listed at most; a damaged database can have one for every row. */
const maxProblems = 100

/** Which column refers to which table. */
const references: readonly (readonly [table: string, column: string, parent: string])[] = [
  ['generation', 'feed', 'feed'],
  ['generation', 'gap_list', 'gap_list'],
  ['scope', 'feed', 'feed'],
  ['package', 'scope', 'scope'],
  ['claim', 'feed', 'feed'],
  ['body_block', 'feed', 'feed'],
  ['vulnerability', 'feed', 'feed'],
  ['vulnerability', 'block', 'body_block'],
  ['vulnerability_history', 'vulnerability', 'vulnerability'],
  ['vulnerability_history', 'block', 'body_block'],
  ['fact', 'feed', 'feed'],
  ['notification_entry', 'notification', 'notification'],
  ['fact_history', 'feed', 'feed'],
  ...['statement', 'statement_history'].flatMap((table) =>
    ['package', 'vulnerability', 'claim'].map((column) => [table, column, column] as const),
  ),
  ['fleet_package', 'release', 'fleet_text'],
  ['fleet_package', 'rules', 'fleet_text'],
  ['fleet_package_key', 'package', 'fleet_package'],
  ['fleet_set_package', 'package_set', 'fleet_set'],
  ['fleet_set_package', 'package', 'fleet_package'],
  ['fleet_image_set', 'image', 'fleet_image'],
  ['fleet_image_set', 'package_set', 'fleet_set'],
  ['fleet_image_name', 'name', 'fleet_text'],
  ['fleet_image_name', 'image', 'fleet_image'],
  ['fleet_finding', 'package', 'fleet_package'],
  ['fleet_finding', 'opened_by', 'fleet_operation'],
  ['fleet_finding', 'closed_by', 'fleet_operation'],
  ...['vulnerability', 'body', 'about'].map((column) => ['fleet_finding', column, 'fleet_text'] as const),
  ['fleet_finding_name', 'name', 'fleet_text'],
  ['fleet_finding_name', 'package', 'fleet_package'],
  ['fleet_finding_name', 'finding', 'fleet_finding'],
]

/** What there may be once only, beside what the database itself keeps so. */
const unique: readonly (readonly [table: string, columns: string])[] = [
  ['scope', 'feed, name'],
  ['package', 'scope, name'],
  ['claim', 'feed, body'],
  ['vulnerability', 'feed, name'],
  ['fact', 'feed, name'],
  ['fact_history', 'feed, name, from_gen'],
]

/** What must hold, each as a query for the rows that break it. */
const invariants: readonly (readonly [what: string, sql: string])[] = [
  [
    'a current statement is newer than its feed',
    `SELECT feed.name || ', ' || package.name FROM statement JOIN package ON package.id = package
       JOIN scope ON scope.id = scope JOIN feed ON feed.id = feed
     WHERE from_gen NOT BETWEEN 1 AND feed.generation`,
  ],
  [
    'a statement belongs to a vulnerability of another feed, or to one that has vanished, or claims what another feed does',
    `SELECT package.name || ', ' || named.name FROM statement JOIN package ON package.id = package
       JOIN scope ON scope.id = scope JOIN vulnerability AS named ON named.id = vulnerability JOIN claim ON claim.id = claim
     WHERE scope.feed <> named.feed OR scope.feed <> claim.feed OR to_gen IS NOT NULL`,
  ],
  [
    'history of a statement ends before it begins, or overlaps what followed',
    overlapping(
      'package, vulnerability',
      `SELECT package, vulnerability, from_gen, to_gen FROM statement_history
       UNION ALL SELECT package, vulnerability, from_gen, NULL FROM statement`,
    ),
  ],
  [
    'history of a vulnerability ends before it begins, or overlaps what followed',
    overlapping(
      'vulnerability',
      `SELECT vulnerability, from_gen, to_gen FROM vulnerability_history
       UNION ALL SELECT id, from_gen, to_gen FROM vulnerability`,
    ),
  ],
  [
    'a fact is newer than its feed',
    `SELECT feed.name || ', ' || fact.name FROM fact JOIN feed ON feed.id = feed
     WHERE from_gen NOT BETWEEN 1 AND feed.generation`,
  ],
  [
    'history of a fact ends before it begins, or overlaps what followed',
    overlapping(
      'feed, name',
      'SELECT feed, name, from_gen, to_gen FROM fact_history UNION ALL SELECT feed, name, from_gen, NULL FROM fact',
    ),
  ],
  [
    'a body is not in its block',
    `SELECT block || ', ' || place FROM (
       SELECT block, place FROM vulnerability UNION ALL SELECT block, place FROM vulnerability_history
     ) AS used JOIN body_block ON body_block.id = block WHERE place NOT BETWEEN 0 AND bodies - 1`,
  ],
  [
    'a scope does not have the statements that it counts',
    `SELECT name FROM scope WHERE statements <> (
       SELECT count(*) FROM package JOIN statement ON statement.package = package.id WHERE package.scope = scope.id)`,
  ],
  [
    'the current generation of a feed is missing',
    `SELECT name FROM feed WHERE generation > 0
       AND NOT EXISTS (SELECT FROM generation AS own WHERE own.feed = feed.id AND number = feed.generation)`,
  ],
  ...references.map(([table, column, parent]) => {
    const sql = `SELECT ${table}.${column} FROM ${table} LEFT JOIN ${parent} AS parent ON parent.id = ${table}.${column}
      WHERE ${table}.${column} IS NOT NULL AND parent.id IS NULL`
    return [`a row of ${table} refers to a row of ${parent} that is not there`, sql] as const
  }),
  ...unique.map(([table, columns]) => {
    const sql = `SELECT concat_ws(', ', ${columns}) FROM ${table} GROUP BY ${columns} HAVING count(*) > 1`
    return [`there is more than one ${table} of one name`, sql] as const
  }),
]

function overlapping(keys: string, lives: string): string {
  return `SELECT concat_ws(', ', ${keys}) FROM (
      SELECT ${keys}, from_gen, to_gen, lead(from_gen) OVER (PARTITION BY ${keys} ORDER BY from_gen) AS next_gen
      FROM (${lives}) AS life
    ) AS life WHERE from_gen >= to_gen OR next_gen < coalesce(to_gen, next_gen + 1)`
}

/** Whether every row can be read and fits the others; what was found, as sentences. The server checks its files by itself. */
export async function verify(database: Database): Promise<readonly string[]> {
  return database.read(async (connection) => {
    const problems: string[] = []
    try {
      for (const check of [checkInvariants, checkCounts]) problems.push(...(await check(connection)))
      for await (const problem of checkBodies(connection)) problems.push(problem)
    } catch (error) {
      if (!isDamage(error)) throw error
      problems.push(messageOf(error))
    }
    return problems.slice(0, maxProblems)
  })
}

async function checkInvariants(connection: Connection): Promise<readonly string[]> {
  const problems: string[] = []
  for (const [what, sql] of invariants) {
    const rows = await connection.arrays<[unknown]>(`${sql} LIMIT ${maxProblems}`)
    problems.push(...rows.map(([which]) => `${what}: ${which}`))
  }
  return problems
}

async function* checkBodies(connection: Connection): AsyncGenerator<string> {
  const ids = await connection.arrays<[number]>('SELECT id FROM body_block ORDER BY id')
  for (const [id] of ids) {
    for (const { bodies, content } of await readBlocks(connection, [id])) {
      const found = countBodies(content)
      if (found !== bodies) yield `block ${id} has ${found ?? 'no readable'} bodies instead of ${bodies}`
    }
  }
}

/** Every generation that can be asked for still has the rows that it was counted to have. */
async function checkCounts(connection: Connection): Promise<readonly string[]> {
  const rows = await connection.rows<{ name: string; number: number; what: string; found: number; counted: number }>(
    countsSql,
  )
  return rows.map(({ name, number, what, found, counted }) => {
    return `generation ${number} of ${name} has ${found} ${what} instead of ${counted}`
  })
}

/** What has one life, from a generation to another or until now, is counted once for all generations. */
const countsSql = `WITH life AS MATERIALIZED (
    SELECT 'statements' AS what, feed, from_gen, NULL::integer AS to_gen, count(*) AS count
    FROM statement JOIN package ON package.id = package JOIN scope ON scope.id = scope GROUP BY feed, from_gen
    UNION ALL SELECT 'statements', feed, from_gen, to_gen, count(*)
    FROM statement_history JOIN package ON package.id = package JOIN scope ON scope.id = scope GROUP BY feed, from_gen, to_gen
    UNION ALL SELECT 'vulnerabilities', feed, from_gen, to_gen, count(*) FROM vulnerability GROUP BY feed, from_gen, to_gen
    UNION ALL SELECT 'vulnerabilities', feed, past.from_gen, past.to_gen, count(*)
    FROM vulnerability_history AS past JOIN vulnerability AS own ON own.id = vulnerability
    GROUP BY feed, past.from_gen, past.to_gen
  ), counted AS (
    SELECT feed, number, 'statements' AS what, statements AS counted FROM generation
    UNION ALL SELECT feed, number, 'vulnerabilities', vulnerabilities FROM generation
  )
  SELECT feed.name, number, counted.what, counted.counted, coalesce(sum(count), 0)::bigint AS found
  FROM counted JOIN feed ON feed.id = counted.feed
    LEFT JOIN life ON life.feed = counted.feed AND life.what = counted.what
      AND from_gen <= number AND (to_gen IS NULL OR number < to_gen)
  GROUP BY feed.name, number, counted.what, counted.counted
  HAVING counted.counted <> coalesce(sum(count), 0)
  ORDER BY feed.name, number LIMIT ${maxProblems}`
