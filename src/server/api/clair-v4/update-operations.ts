import type { Engine } from '../../../compose.ts'
import type { Statement, Vulnerability } from '../../../core/advisory.ts'
import { isFeedOf } from '../../../core/enricher.ts'
import { isChiaroError } from '../../../core/errors.ts'
import type { AdvisoryStore, Generation, StatementChange } from '../../../core/store.ts'
import { failure } from './errors.ts'
import { uuidOf } from './ids.ts'
import { clairDistribution } from './index-report.ts'
import type { ClairUpdateOperation, ClairVulnerability } from './schema.ts'
import { byFeedAndId, clairVulnerability } from './vulnerabilities.ts'

/** A generation of a feed, which is what Clair calls an update operation. */
interface Operation {
  readonly feed: string
  readonly generation: Generation
  readonly clair: ClairUpdateOperation
}

const noUuid = '00000000-0000-0000-0000-000000000000'

/** Statements that are written at a time. */
const batchSize = 500

/** What Clair calls the two kinds of what updaters fetch. */
const operationKinds = ['vulnerability', 'enrichment'] as const
export type OperationKind = (typeof operationKinds)[number]

/** The operations of the feeds of one kind, by feed, the newest first; `latest`: only that. */
export async function updateOperations(
  { store: { advisories }, enrichers }: Engine,
  kind: OperationKind,
  latest: boolean,
): Promise<ReadonlyMap<string, readonly Operation[]>> {
  const operations = new Map<string, readonly Operation[]>()
  for (const { feed, generation } of await advisories.status()) {
    if (generation === 0) continue
    const enriches = enrichers.some((enricher) => isFeedOf(enricher, feed))
    if (enriches !== (kind === 'enrichment')) continue
    const newest = (await advisories.generations(feed)).toReversed()
    operations.set(
      feed,
      (latest ? newest.slice(0, 1) : newest).map((one) => operationOf(feed, one)),
    )
  }
  return operations
}

/** The newest of operations; `undefined` if there are none. */
export function newestOperation(operations: ReadonlyMap<string, readonly Operation[]>): Operation | undefined {
  const newest = [...operations.values()].flatMap(([first]) => first ?? [])
  return newest.reduce<Operation | undefined>(
    (best, one) => (best === undefined || one.clair.date > best.clair.date ? one : best),
    undefined,
  )
}

/**
 * Forgets an operation. Where it is its feed's newest, the data goes back to that of the one before. Nothing happens if it is not
 * there (any more). Throws a failure with status 409 where no data, or none that is known, would be left.
 */
export async function removeOperation(engine: Engine, ref: string): Promise<void> {
  const operation = withRef(await allOperations(engine), ref)
  if (operation === undefined) return
  try {
    await engine.store.advisories.removeGeneration(operation.feed, operation.generation.number)
  } catch (error) {
    if (isChiaroError(error) && error.code === 'CONFIG_INVALID') throw failure(409, error.message)
    throw error
  }
}

async function allOperations(engine: Engine): Promise<readonly Operation[]> {
  const kinds = await Promise.all(operationKinds.map((kind) => updateOperations(engine, kind, false)))
  return kinds.flatMap((operations) => [...operations.values()].flat())
}

function withRef(operations: readonly Operation[], ref: string): Operation | undefined {
  return operations.find(({ clair }) => clair.ref === ref.toLowerCase())
}

/**
 * What differs between two operations of one feed, written as Clair writes it; without `prev` everything that `cur` has. Between
 * those of what enriches nothing does, as only vulnerabilities are told. Throws failures with status 404 and 400.
 */
export async function updateDiff(
  engine: Engine,
  cur: string,
  prev: string | undefined,
): Promise<AsyncIterable<string>> {
  const { advisories } = engine.store
  const operations = await allOperations(engine)
  const to = withRef(operations, cur)
  const from = prev === undefined || prev === noUuid ? undefined : withRef(operations, prev)
  if (to === undefined || (prev !== undefined && prev !== noUuid && from === undefined)) {
    throw failure(404, 'could not get update operations: there is no such update operation')
  }
  if (from !== undefined && from.feed !== to.feed) {
    throw failure(400, 'could not get update operations: they are of different updaters')
  }
  return writeDiff(advisories, to, from)
}

async function* writeDiff(
  advisories: AdvisoryStore,
  to: Operation,
  from: Operation | undefined,
): AsyncGenerator<string> {
  const nothing = { ref: noUuid, updater: '', fingerprint: '', date: '0001-01-01T00:00:00Z', kind: '' }
  yield `{"prev":${JSON.stringify(from?.clair ?? nothing)},"cur":${JSON.stringify(to.clair)}`
  const numbers = [from?.generation.number ?? 0, to.generation.number] as const
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)]
  // Asked for backwards, what came is what went.
  const [added, removed] = numbers[0] > numbers[1] ? (['before', 'after'] as const) : (['after', 'before'] as const)
  for (const [member, side] of [
    ['added', added],
    ['removed', removed],
  ] as const) {
    yield `,"${member}":`
    let empty = true
    const changes = advisories.changes(to.feed, first, last)
    for await (const entries of batches(advisories, to.feed, changes, side)) {
      for (const entry of entries) {
        yield `${empty ? '[' : ','}${JSON.stringify(entry)}`
        empty = false
      }
    }
    yield empty ? 'null' : ']'
  }
  yield '}'
}

async function* batches(
  advisories: AdvisoryStore,
  feed: string,
  changes: AsyncIterable<StatementChange>,
  side: 'before' | 'after',
): AsyncGenerator<readonly ClairVulnerability[]> {
  let batch: { readonly id: string; readonly statement: Statement }[] = []
  for await (const change of changes) {
    const statement = change[side]
    if (statement === undefined) continue
    batch.push({ id: change.vulnerability, statement })
    if (batch.length < batchSize) continue
    yield await entriesOf(advisories, feed, batch)
    batch = []
  }
  if (batch.length > 0) yield await entriesOf(advisories, feed, batch)
}

async function entriesOf(
  advisories: AdvisoryStore,
  feed: string,
  batch: readonly { readonly id: string; readonly statement: Statement }[],
): Promise<readonly ClairVulnerability[]> {
  const ids = [...new Set(batch.map(({ id }) => id))]
  const known = byFeedAndId(await advisories.vulnerabilities([feed], ids))
  return batch.flatMap(({ id, statement }) => entries(feed, id, statement, known(feed, id)))
}

/** The entries for a statement: one for each vulnerability that it is about. What says that a package is not affected is none. */
function entries(
  feed: string,
  id: string,
  statement: Statement,
  known: Vulnerability | undefined,
): readonly ClairVulnerability[] {
  if (statement.fix === 'not-affected') return []
  const { scope, name } = statement.key
  const [distribution = '', ...version] = scope.split(':')
  const release = { id: distribution, versionId: version.join(':'), codename: '', prettyName: '', idLike: [], cpe: '' }
  const facts = {
    feed,
    scope,
    name,
    kind: 'source' as const,
    fixedIn: statement.fixedIn ?? '',
    severity: statement.rating?.severity ?? known?.ratings[0]?.severity ?? ('unknown' as const),
    description: known?.description ?? '',
    links: known?.links ?? [],
    distribution: clairDistribution(release, ''),
    known,
  }
  return (known?.covers ?? [id]).map((covered) => clairVulnerability({ ...facts, id: covered }))
}

function operationOf(feed: string, generation: Generation): Operation {
  const { number, importedAt, fingerprint } = generation
  const ref = uuidOf('update operation', feed, String(number), importedAt)
  return { feed, generation, clair: { ref, updater: feed, fingerprint, date: importedAt, kind: '' } }
}
