import type { FleetCause, FleetOperation, FleetStore, Judgement } from '../../core/fleet.ts'
import {
  findingDifference,
  isWanted,
  type JudgementDifference,
  judgeUntilSame,
  type KeyRow,
  type KnownPackage,
  keyDifference,
  notAlone,
  type OpenFinding,
  packageStates,
  textsOf,
  type Written,
} from '../fleet-difference.ts'
import { causeColumns, type OperationRow, operationColumns, operationOf } from '../fleet-operation.ts'
import { textHash } from '../fleet-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { lockFleet, shareFleet } from './fleet-lock.ts'
import { internTexts } from './fleet-texts.ts'

export async function begin(database: Database, cause: FleetCause): Promise<FleetOperation> {
  return database.write(async (connection) => {
    // Whoever judges with older data than there is now has committed then.
    await lockFleet(connection)
    const [feed, from, to, rules] = causeColumns(cause)
    const now = new Date().toISOString()
    if (cause.kind === 'rules') {
      await connection.run(
        `UPDATE fleet_operation SET ended_at = $1 WHERE ended_at IS NULL AND kind = 'rules' AND rules <> $2`,
        [now, rules],
      )
    }
    const known = await connection.row<OperationRow>(
      `SELECT ${operationColumns} FROM fleet_operation WHERE ended_at IS NULL AND kind = $1
         AND feed IS NOT DISTINCT FROM $2 AND rules IS NOT DISTINCT FROM $3 ORDER BY id LIMIT 1`,
      [cause.kind, feed, rules],
    )
    const begun =
      known ??
      (await connection.row<OperationRow>(
        `INSERT INTO fleet_operation (kind, feed, from_gen, to_gen, rules, started_at) VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING ${operationColumns}`,
        [cause.kind, feed, from, to, rules, now],
      ))
    return operationOf(begun!)
  })
}

export async function end(database: Database, { number, cause }: FleetOperation): Promise<void> {
  if (cause.kind === 'image') return
  await database.write(async (connection) => {
    await connection.run('UPDATE fleet_operation SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL', [
      new Date().toISOString(),
      number,
    ])
    if (cause.kind !== 'data') return
    await connection.run(
      `INSERT INTO fleet_judged AS known (feed, generation) VALUES ($1, $2)
       ON CONFLICT (feed) DO UPDATE SET generation = greatest(known.generation, excluded.generation)`,
      [cause.feed, cause.to],
    )
  })
}

export async function judgedGenerations(database: Database): Promise<ReadonlyMap<string, number>> {
  const sql = 'SELECT feed, generation FROM fleet_judged'
  return new Map(await database.single((connection) => connection.arrays<[string, number]>(sql)))
}

/**
 * Nothing is locked while `find` runs: what it finds is written if the data is still that of before. Who imports data
 * meanwhile then waits in `begin` until it is committed.
 */
export async function judge(
  database: Database,
  operation: FleetOperation,
  rules: string,
  packages: Parameters<FleetStore['judge']>[2],
  find: Parameters<FleetStore['judge']>[3],
): ReturnType<FleetStore['judge']> {
  const whole = new Set<number>()
  const look = async () => ({ stamp: await database.single(readStamp), judgements: await find(packages, whole) })
  return judgeUntilSame(look, ({ stamp, judgements }, last) =>
    database.write(async (connection) => {
      await shareFleet(connection)
      const there = await lockPackages(connection, judgements, rules)
      const isSame = (await readStamp(connection)) === stamp
      if (!isSame && !last) return undefined
      const isLate = !isSame && operation.cause.kind === 'image'
      const own = judgements.filter(({ number }) => isWanted(there.get(number), isLate))
      const open = await readOpen(connection, own)
      for (const number of notAlone(own, there, open)) whole.add(number)
      if (own.some(({ number, only }) => only !== undefined && whole.has(number))) return undefined
      const written = { operation: operation.number, rules: isLate ? undefined : rules }
      return write(connection, written, { judgements: own, open })
    }),
  )
}

/** Grows with every import. */
async function readStamp(connection: Connection): Promise<number> {
  const row = await connection.row<{ readonly stamp: number }>(
    'SELECT coalesce(sum(generation), 0)::bigint AS stamp FROM feed',
  )
  return row!.stamp
}

/**
 * The packages that are there, by what they were judged. Nobody else judges them until the transaction ends.
 */
async function lockPackages(
  connection: Connection,
  judgements: readonly Judgement[],
  rules: string,
): Promise<ReadonlyMap<number, KnownPackage>> {
  const sql = `SELECT id, rules IS NOT NULL AS "isJudged",
      gaps IS NULL AND rules IS NOT DISTINCT FROM (SELECT id FROM fleet_text WHERE hash = $2) AS "isDivisible"
    FROM fleet_package WHERE id = ANY ($1::integer[]) ORDER BY id FOR NO KEY UPDATE`
  const numbers = judgements.map(({ number }) => number)
  const rows = await connection.rows<KnownPackage & { readonly id: number }>(sql, [numbers, textHash(rules)])
  return new Map(rows.map((row) => [row.id, row]))
}

/** What is open of that which was judged. */
async function readOpen(connection: Connection, judgements: readonly Judgement[]): Promise<readonly OpenFinding[]> {
  const whole = judgements.filter(({ only }) => only === undefined).map(({ number }) => number)
  const parts = judgements.flatMap(({ number, only = [] }) => only.map((id) => ({ number, hash: textHash(id) })))
  const open = whole.length === 0 ? [] : await connection.arrays<OpenFinding>(openSql, [whole])
  if (parts.length === 0) return open
  const columns = [parts.map(({ number }) => number), parts.map(({ hash }) => hash)]
  return [...open, ...(await connection.arrays<OpenFinding>(openOfSql, columns))]
}

const openSql = `SELECT finding.id, package, text.body, body_hash, about_hash, true
  FROM fleet_finding AS finding JOIN fleet_text AS text ON text.id = vulnerability
  WHERE package = ANY ($1::integer[]) AND closed_by IS NULL`

/** By any of their ids, each looked up by itself, and whether they have others. */
const openOfSql = `SELECT finding.id, finding.package, text.body, body_hash, about_hash, finding.vulnerability = text.id AND NOT EXISTS (
    SELECT FROM fleet_finding_name AS other WHERE other.finding = finding.id AND other.name <> text.id)
  FROM (SELECT hash, array_agg(package) AS packages FROM unnest($1::integer[], $2::text[]) AS asked (package, hash) GROUP BY hash) AS asked
    CROSS JOIN LATERAL (SELECT id, body FROM fleet_text WHERE fleet_text.hash = asked.hash OFFSET 0) AS text
    CROSS JOIN unnest(packages) AS one (package)
    CROSS JOIN LATERAL (SELECT finding FROM fleet_finding_name
      WHERE name = text.id AND package = one.package OFFSET 0) AS own
    CROSS JOIN LATERAL (SELECT * FROM fleet_finding WHERE id = own.finding OFFSET 0) AS finding`

async function write(
  connection: Connection,
  { operation, rules }: Written,
  { judgements, open }: { readonly judgements: readonly Judgement[]; readonly open: readonly OpenFinding[] },
) {
  const difference = findingDifference(judgements, open)
  const texts = await internTexts(connection, [...textsOf(difference), ...(rules === undefined ? [] : [rules])])
  await closeFindings(connection, operation, difference.closed)
  await openFindings(connection, operation, difference, texts)
  const whole = judgements.filter(({ only }) => only === undefined)
  if (whole.length > 0) await writePackages(connection, whole, rules === undefined ? null : texts.get(rules)!)
  await noteChanged(connection, difference.packages)
  return { opened: difference.opened.length, closed: difference.closed.length }
}

/** What packages have beside their findings. */
async function writePackages(connection: Connection, whole: readonly Judgement[], rules: number | null): Promise<void> {
  await writeKeys(connection, whole)
  const states = packageStates(whole)
  await connection.run(
    `UPDATE fleet_package SET rules = $1, gaps = state.gaps FROM unnest($2::integer[], $3::text[]) AS state (number, gaps)
     WHERE id = number AND (rules, fleet_package.gaps) IS DISTINCT FROM ($1, state.gaps)`,
    [rules, whole.map(({ number }) => number), states.map(({ gaps }) => gaps)],
  )
}

async function closeFindings(connection: Connection, operation: number, closed: readonly number[]): Promise<void> {
  if (closed.length === 0) return
  await connection.run('UPDATE fleet_finding SET closed_by = $1, closed_at = $2 WHERE id = ANY ($3::bigint[])', [
    operation,
    new Date().toISOString(),
    closed,
  ])
  await connection.run('DELETE FROM fleet_finding_name WHERE finding = ANY ($1::bigint[])', [closed])
}

async function openFindings(
  connection: Connection,
  operation: number,
  { opened, described }: JudgementDifference,
  texts: ReadonlyMap<string, number>,
): Promise<void> {
  const idsOf = (list: readonly string[]) => list.map((text) => texts.get(text)!)
  if (described.length > 0) {
    await connection.run(
      `UPDATE fleet_finding SET about = other.about, about_hash = hash
       FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS other (finding, about, hash) WHERE id = finding`,
      [
        described.map(({ id }) => id),
        idsOf(described.map(({ about }) => about.text)),
        described.map(({ about }) => about.hash),
      ],
    )
  }
  if (opened.length === 0) return
  const rows = await connection.arrays<[number, number, number]>(openFindingsSql, [
    opened.map(({ package: number }) => number),
    idsOf(opened.map(({ vulnerability }) => vulnerability)),
    idsOf(opened.map(({ body }) => body.text)),
    idsOf(opened.map(({ about }) => about.text)),
    opened.map(({ body }) => body.hash),
    opened.map(({ about }) => about.hash),
    operation,
    new Date().toISOString(),
  ])
  const findings = new Map(rows.map(([id, number, vulnerability]) => [`${number} ${vulnerability}`, id]))
  const names = opened.flatMap(({ package: number, vulnerability, names: own }) => {
    const finding = findings.get(`${number} ${texts.get(vulnerability)}`)!
    return idsOf(own).map((name) => [name, number, finding] as const)
  })
  await connection.run(
    'INSERT INTO fleet_finding_name SELECT * FROM unnest($1::integer[], $2::integer[], $3::bigint[])',
    [0, 1, 2].map((column) => names.map((row) => row[column]!)),
  )
}

const openFindingsSql = `INSERT INTO fleet_finding
    (package, vulnerability, body, about, body_hash, about_hash, opened_by, opened_at)
  SELECT *, $7::integer, $8::text
  FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::bigint[], $6::bigint[])
  RETURNING id, package, vulnerability`

async function writeKeys(connection: Connection, judgements: readonly Judgement[]): Promise<void> {
  const there = await connection.arrays<KeyRow>(
    'SELECT key, package FROM fleet_package_key WHERE package = ANY ($1::integer[])',
    [judgements.map(({ number }) => number)],
  )
  const { added, removed } = keyDifference(judgements, there)
  const columns = (rows: readonly KeyRow[]) => [rows.map(([key]) => key), rows.map(([, number]) => number)]
  if (added.length > 0) {
    await connection.run(
      'INSERT INTO fleet_package_key SELECT * FROM unnest($1::bigint[], $2::integer[])',
      columns(added),
    )
  }
  if (removed.length > 0) {
    await connection.run(
      `DELETE FROM fleet_package_key USING unnest($1::bigint[], $2::integer[]) AS gone (key, package)
       WHERE fleet_package_key.key = gone.key AND fleet_package_key.package = gone.package`,
      columns(removed),
    )
  }
}

/** So that what is kept of the reports of images is not good any more. The order keeps two who do it from a circle. */
async function noteChanged(connection: Connection, packages: readonly number[]): Promise<void> {
  if (packages.length === 0) return
  await connection.run(
    `UPDATE fleet_set SET changed = changed + 1 FROM (
       SELECT id FROM fleet_set
       WHERE id IN (SELECT package_set FROM fleet_set_package WHERE package = ANY ($1::integer[]))
       ORDER BY id FOR NO KEY UPDATE
     ) AS own WHERE fleet_set.id = own.id`,
    [packages],
  )
}
