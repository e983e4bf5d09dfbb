import type { Statement } from '../../core/advisory.ts'
import type { StatementChange } from '../../core/store.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { generationRange } from './generations.ts'
import { StatementReader, statementColumns } from './statement-reader.ts'

/** Packages that are looked at in one go, between which others may read. */
const packagesAtOnce = 500

/** The statements that differ between two generations of a feed, by scope, name and vulnerability. */
export async function* readChanges(
  database: Database,
  feed: string,
  from: number,
  to: number | undefined,
): AsyncGenerator<StatementChange> {
  const { range, packages } = await database.read((connection) => {
    const range = generationRange(connection, feed, from, to)
    return { range, packages: readPackages(connection, range.feed) }
  })
  for (let at = 0; at < packages.length; at += packagesAtOnce) {
    const some = packages.slice(at, at + packagesAtOnce)
    yield* await database.read((connection) => {
      // They can be removed between two reads.
      generationRange(connection, feed, range.from, range.to)
      const reader = new StatementReader(connection)
      return some.flatMap((pkg) => changesOf(connection, reader, pkg, range.from, range.to))
    })
  }
}

interface PackageRow {
  readonly id: number
  readonly scope: string
  readonly name: string
}

function readPackages(connection: Connection, feed: number): readonly PackageRow[] {
  return connection
    .prepare(
      `SELECT package.id, scope.name AS scope, package.name FROM scope JOIN package ON package.scope = scope.id
       WHERE feed = ? ORDER BY scope.name, package.name`,
    )
    .all(feed) as unknown as readonly PackageRow[]
}

/** A statement as it was for some generations. */
type Version = readonly [
  claim: number,
  fixedIn: string | null,
  ranges: string | null,
  advisory: string | null,
  vulnerability: string,
  from: number,
  to: number | null,
]

function changesOf(
  connection: Connection,
  reader: StatementReader,
  pkg: PackageRow,
  from: number,
  to: number,
): readonly StatementChange[] {
  const first = Math.min(from, to)
  const versions = connection
    .prepareArrays(versionsSql)
    .all(pkg.id, first, pkg.id, first) as unknown as readonly Version[]
  const key = { scope: pkg.scope, name: pkg.name }
  const changes: StatementChange[] = []
  for (const [vulnerability, own] of Map.groupBy(versions, ([, , , , name]) => name)) {
    const statementAt = (generation: number): Statement | undefined => {
      const version = own.find(([, , , , , first, end]) => first <= generation && generation < (end ?? generation + 1))
      return version === undefined ? undefined : reader.statement(key, version)
    }
    const [before, after] = [statementAt(from), statementAt(to)]
    if (before === undefined && after === undefined) continue
    const change = before === undefined ? 'added' : after === undefined ? 'closed' : 'changed'
    if (change === 'changed' && JSON.stringify(before) === JSON.stringify(after)) continue
    changes.push({ change, key, vulnerability, before, after })
  }
  return changes
}

/** Every version that began or ended after a generation. */
const versionsSql = `SELECT ${statementColumns}, vulnerability.name AS vulnerability, statement.from_gen, NULL AS to_gen
  FROM statement JOIN vulnerability ON vulnerability.id = vulnerability WHERE package = ? AND statement.from_gen > ?
  UNION ALL
  SELECT ${statementColumns}, vulnerability.name, past.from_gen, past.to_gen
  FROM statement_history AS past JOIN vulnerability ON vulnerability.id = vulnerability WHERE package = ? AND past.to_gen > ?
  ORDER BY 5`
