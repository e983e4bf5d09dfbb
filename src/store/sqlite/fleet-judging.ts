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
import { internTexts, textId } from './fleet-texts.ts'

export async function begin(database: Database, cause: FleetCause): Promise<FleetOperation> {
  return database.write((connection) => {
    const [feed, from, to, rules] = causeColumns(cause)
    const now = new Date().toISOString()
    if (cause.kind === 'rules') {
      connection
        .prepare(`UPDATE fleet_operation SET ended_at = ? WHERE ended_at IS NULL AND kind = 'rules' AND rules <> ?`)
        .run(now, rules)
    }
    const known = connection
      .prepare(
        `SELECT ${operationColumns} FROM fleet_operation
         WHERE ended_at IS NULL AND kind = ? AND feed IS ? AND rules IS ? ORDER BY id LIMIT 1`,
      )
      .get(cause.kind, feed, rules)
    const begun =
      known ??
      connection
        .prepare(
          `INSERT INTO fleet_operation (kind, feed, from_gen, to_gen, rules, started_at) VALUES (?, ?, ?, ?, ?, ?)
           RETURNING ${operationColumns}`,
        )
        .get(cause.kind, feed, from, to, rules, now)
    return operationOf(begun as unknown as OperationRow)
  })
}

export async function end(database: Database, { number, cause }: FleetOperation): Promise<void> {
  if (cause.kind === 'image') return
  await database.write((connection) => {
    connection
      .prepare('UPDATE fleet_operation SET ended_at = ? WHERE id = ? AND ended_at IS NULL')
      .run(new Date().toISOString(), number)
    if (cause.kind !== 'data') return
    connection
      .prepare(
        `INSERT INTO fleet_judged (feed, generation) VALUES (?, ?)
         ON CONFLICT (feed) DO UPDATE SET generation = max(generation, excluded.generation)`,
      )
      .run(cause.feed, cause.to)
  })
}

export async function judgedGenerations(database: Database): Promise<ReadonlyMap<string, number>> {
  return database.read(
    (connection) =>
      new Map(
        connection.prepareArrays('SELECT feed, generation FROM fleet_judged').all() as unknown as [string, number][],
      ),
  )
}

/**
 * Nothing is locked while `find` runs: what it finds is written if the data is still that of before, which nobody can change
 * while this writes.
 */
export async function judge(
  database: Database,
  operation: FleetOperation,
  rules: string,
  packages: Parameters<FleetStore['judge']>[2],
  find: Parameters<FleetStore['judge']>[3],
): ReturnType<FleetStore['judge']> {
  const whole = new Set<number>()
  const look = async () => ({ stamp: await database.read(readStamp), judgements: await find(packages, whole) })
  return judgeUntilSame(look, ({ stamp, judgements }, last) =>
    database.write((connection) => {
      const isSame = readStamp(connection) === stamp
      if (!isSame && !last) return undefined
      const isLate = !isSame && operation.cause.kind === 'image'
      const there = findPackages(connection, judgements, rules)
      const own = judgements.filter(({ number }) => isWanted(there.get(number), isLate))
      const open = own.flatMap((judgement) => findOpen(connection, judgement))
      for (const number of notAlone(own, there, open)) whole.add(number)
      if (own.some(({ number, only }) => only !== undefined && whole.has(number))) return undefined
      const written = { operation: operation.number, rules: isLate ? undefined : rules }
      return write(connection, written, { judgements: own, open })
    }),
  )
}

/** Grows with every import. */
function readStamp(connection: Connection): number {
  const [stamp] = connection.prepareArrays('SELECT total(generation) FROM feed').get() as unknown as [number]
  return stamp
}

/** The packages that are there, by what they were judged. */
function findPackages(
  connection: Connection,
  judgements: readonly Judgement[],
  rules: string,
): ReadonlyMap<number, KnownPackage> {
  const own = textId(connection, rules) ?? null
  const find = connection.prepareArrays(
    'SELECT rules IS NOT NULL, gaps IS NULL AND rules IS ? FROM fleet_package WHERE id = ?',
  )
  const there = new Map<number, KnownPackage>()
  for (const { number } of judgements) {
    const row = find.get(own, number) as unknown as [number, number] | undefined
    if (row !== undefined) there.set(number, { isJudged: row[0] === 1, isDivisible: row[1] === 1 })
  }
  return there
}

/** What is open of that which was judged. */
function findOpen(connection: Connection, { number, only }: Judgement): readonly OpenFinding[] {
  if (only === undefined) return connection.prepareArrays(openSql).all(number) as unknown as OpenFinding[]
  const find = connection.prepareArrays(openOfSql)
  return only.flatMap((id) => find.all(textHash(id), number) as unknown as OpenFinding[])
}

const openSql = `SELECT finding.id, package, text.body, body_hash, about_hash, 1
  FROM fleet_finding AS finding JOIN fleet_text AS text ON text.id = vulnerability
  WHERE package = ? AND closed_by IS NULL`

/** By any of its ids, and whether it has others. */
const openOfSql = `SELECT finding.id, finding.package, text.body, body_hash, about_hash, finding.vulnerability = text.id
    AND NOT EXISTS (SELECT 1 FROM fleet_finding_name AS other WHERE other.finding = finding.id AND other.name <> text.id)
  FROM fleet_text AS text CROSS JOIN fleet_finding_name AS own ON own.name = text.id
    CROSS JOIN fleet_finding AS finding ON finding.id = own.finding
  WHERE text.hash = ? AND own.package = ?`

function write(
  connection: Connection,
  { operation, rules }: Written,
  { judgements, open }: { readonly judgements: readonly Judgement[]; readonly open: readonly OpenFinding[] },
) {
  const difference = findingDifference(judgements, open)
  writeFindings(connection, operation, difference)
  const whole = judgements.filter(({ only }) => only === undefined)
  if (whole.length > 0) writePackages(connection, whole, rules)
  noteChanged(connection, difference.packages)
  return { opened: difference.opened.length, closed: difference.closed.length }
}

/** What packages have beside their findings. */
function writePackages(connection: Connection, whole: readonly Judgement[], rules: string | undefined): void {
  writeKeys(connection, whole)
  const rulesId = rules === undefined ? null : internTexts(connection, [rules]).get(rules)!
  const update = connection.prepare('UPDATE fleet_package SET rules = ?, gaps = ? WHERE id = ?')
  for (const { number, gaps } of packageStates(whole)) update.run(rulesId, gaps, number)
}

function writeFindings(connection: Connection, operation: number, difference: JudgementDifference): void {
  const now = new Date().toISOString()
  const texts = internTexts(connection, textsOf(difference))
  const close = connection.prepare('UPDATE fleet_finding SET closed_by = ?, closed_at = ? WHERE id = ?')
  const forget = connection.prepare('DELETE FROM fleet_finding_name WHERE finding = ?')
  for (const id of difference.closed) {
    close.run(operation, now, id)
    forget.run(id)
  }
  const open = connection.prepare(
    `INSERT INTO fleet_finding (package, vulnerability, body, about, body_hash, about_hash, opened_by, opened_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const name = connection.prepare('INSERT INTO fleet_finding_name (name, package, finding) VALUES (?, ?, ?)')
  for (const { package: number, vulnerability, names, body, about } of difference.opened) {
    const [id, bodyId, aboutId] = [vulnerability, body.text, about.text].map((text) => texts.get(text)!)
    const { lastInsertRowid } = open.run(number, id!, bodyId!, aboutId!, body.hash, about.hash, operation, now)
    for (const text of names) name.run(texts.get(text)!, number, lastInsertRowid)
  }
  const describe = connection.prepare('UPDATE fleet_finding SET about = ?, about_hash = ? WHERE id = ?')
  for (const { id, about } of difference.described) describe.run(texts.get(about.text)!, about.hash, id)
}

function writeKeys(connection: Connection, judgements: readonly Judgement[]): void {
  const find = connection.prepareArrays('SELECT key, package FROM fleet_package_key WHERE package = ?')
  const there = judgements.flatMap(({ number }) => find.all(number) as unknown as KeyRow[])
  const { added, removed } = keyDifference(judgements, there)
  const add = connection.prepare('INSERT INTO fleet_package_key (key, package) VALUES (?, ?)')
  const remove = connection.prepare('DELETE FROM fleet_package_key WHERE key = ? AND package = ?')
  for (const row of added) add.run(...row)
  for (const row of removed) remove.run(...row)
}

/** So that what is kept of the reports of images is not good any more. */
function noteChanged(connection: Connection, packages: readonly number[]): void {
  connection
    .prepare(
      `UPDATE fleet_set SET changed = changed + 1 WHERE id IN (
         SELECT package_set FROM fleet_set_package WHERE package IN (SELECT value FROM json_each(?)))`,
    )
    .run(JSON.stringify(packages))
}
