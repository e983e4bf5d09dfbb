import fc from 'fast-check'
import { expect } from 'vitest'
import {
  type Advisory,
  type Candidate,
  type FeedRecord,
  isFact,
  isGap,
  isRemoval,
  type Json,
  type Vulnerability,
} from '../../src/core/advisory.ts'
import type { Store } from '../../src/core/store.ts'
import { source } from '../support/records.ts'
import { momentBetween } from './store-moments.ts'
import { sortedKeys, texts } from './store-texts.ts'

const never = new AbortController().signal

export const scopes = ['debian:11', 'debian:12', 'ubuntu:22.04']
const names = ['openssl', 'zlib', 'linux', '']
export const allKeys = scopes.flatMap((scope) => names.map((name) => ({ scope, name })))
const allIds = ['CVE-1', 'CVE-2', 'CVE-3', 'CVE-4', 'cve-4']
const allFacts = ['epss', 'kev', '']

const ratingArbitrary = fc.record(
  {
    severity: fc.constantFrom('high', 'unknown'),
    source: fc.constantFrom('debian', 'nvd'),
    original: fc.string({ maxLength: 2 }),
    vector: fc.constantFrom('CVSS:3.1/AV:N', 'AV:N'),
    score: fc.constantFrom(0, 7.5),
  },
  { requiredKeys: ['severity', 'source'] },
)

const rangeArbitrary = fc.record(
  { introduced: fc.constantFrom('0', '1'), fixed: fc.constantFrom('2', '\0'), lastAffected: fc.constantFrom('3', '') },
  { requiredKeys: [] },
)

const statementArbitrary = fc.record(
  {
    key: fc.constantFrom(...allKeys),
    fix: fc.constantFrom('fixed', 'open', 'not-affected'),
    fixedIn: fc.constantFrom('1', '2', '\0'),
    ranges: fc.array(rangeArbitrary, { maxLength: 2 }),
    rating: ratingArbitrary,
    note: fc.string({ maxLength: 1 }),
    advisory: fc.constantFrom('DSA-1', 'DSA-2'),
  },
  { requiredKeys: ['key', 'fix'] },
)

const advisoryArbitrary = fc.record({
  vulnerability: fc.record(
    {
      id: fc.constantFrom(...allIds),
      covers: fc.array(fc.constantFrom('CVE-7', 'CVE-8'), { maxLength: 2 }),
      aliases: fc.array(fc.constantFrom('GHSA-1', 'GHSA-2'), { maxLength: 2 }),
      description: fc.string({ maxLength: 1, unit: 'binary' }),
      ratings: fc.array(ratingArbitrary, { maxLength: 1 }),
      links: fc.array(fc.constantFrom('https://example.org'), { maxLength: 1 }),
      weaknesses: fc.constantFrom(['CWE-79'], []),
      published: fc.constantFrom('2024-01-01', '2024-01-02'),
    },
    { requiredKeys: ['id', 'aliases', 'description', 'ratings', 'links'] },
  ),
  statements: fc.array(statementArbitrary, { maxLength: 6 }),
}) as fc.Arbitrary<Advisory>

const factArbitrary = fc.record({ fact: fc.constantFrom(...allFacts), value: fc.constantFrom(0.5, null, ['\0']) })
const removalArbitrary = fc.record({ removed: fc.constantFrom(...allIds, ...allFacts) })

/** One import: into which of two feeds, of everything or of what changed, which records. */
export interface ModelGeneration {
  readonly feed: string
  readonly partial: boolean
  readonly records: readonly FeedRecord[]
}

/** Few names and values, so that generations have much in common. */
export const generationArbitrary: fc.Arbitrary<ModelGeneration> = fc.oneof(
  fc.record({
    feed: fc.constantFrom('one', 'two'),
    partial: fc.constant(false),
    records: fc.array(fc.oneof({ weight: 4, arbitrary: advisoryArbitrary }, factArbitrary), {
      minLength: 1,
      maxLength: 8,
    }),
  }),
  fc.record({
    feed: fc.constantFrom('one', 'two'),
    partial: fc.constant(true),
    records: fc.array(fc.oneof({ weight: 3, arbitrary: advisoryArbitrary }, factArbitrary, removalArbitrary), {
      maxLength: 4,
    }),
  }),
)

/** What a feed says: candidates by key and vulnerability, vulnerabilities by id, facts by name. */
interface Said {
  readonly statements: ReadonlyMap<string, Candidate>
  readonly vulnerabilities: ReadonlyMap<string, Vulnerability>
  readonly facts: ReadonlyMap<string, Json>
}

interface ModelFeed extends Said {
  readonly generation: number
}

const nothing: ModelFeed = { generation: 0, statements: new Map(), vulnerabilities: new Map(), facts: new Map() }

/** Imports the generations one after the other, and compares all that can be seen with plain maps after each. */
export async function compareWithModel(store: Store, generations: readonly ModelGeneration[]): Promise<void> {
  const { advisories } = store
  let model: ReadonlyMap<string, ModelFeed> = new Map()
  const states = [{ moment: await momentBetween(), model }]
  for (const { feed, partial, records } of generations) {
    const before = model.get(feed) ?? nothing
    const after = modelImport(before, feed, { partial, records })
    const given = source(records, { id: feed, ...(partial && { partial }) })
    expect(await advisories.import(given, never)).toEqual(modelResult(before, after))
    expect(await advisories.import(source(records, { id: feed, ...(partial && { partial }) }), never)).toEqual(
      modelResult(after, after),
    )
    model = new Map([...model, [feed, after]])
    states.push({ moment: await momentBetween(), model })
    await compareNow(store, model)
    expect(texts(await Array.fromAsync(advisories.changes(feed, before.generation, undefined)))).toEqual(
      texts(modelChanges(before, after)),
    )
  }
  for (const { moment, model } of states) await comparePast(store, model, moment)
}

async function compareNow(store: Store, model: ReadonlyMap<string, ModelFeed>): Promise<void> {
  const { advisories, verify } = store
  await comparePast(store, model, undefined)
  const all = [...model.values()].flatMap(({ statements }) => [...statements.values()])
  const sizes = scopes.map((scope) => [scope, all.filter(({ statement }) => statement.key.scope === scope).length])
  expect([...(await advisories.scopeSizes(scopes))]).toEqual(sizes)
  for (const [feed, said] of model) {
    const records = await Array.fromAsync(advisories.records(feed))
    expect(texts(records.map(withSortedStatements))).toEqual(texts(modelRecords(said).map(withSortedStatements)))
  }
  expect(await verify()).toEqual([])
}

async function comparePast(
  { advisories }: Store,
  model: ReadonlyMap<string, ModelFeed>,
  asOf: string | undefined,
): Promise<void> {
  const options = asOf === undefined ? {} : { asOf }
  const all = [...model.values()].flatMap(({ statements }) => [...statements.values()])
  expect(texts(await advisories.candidates(allKeys, options))).toEqual(texts(all))
  const known = [...model].flatMap(([feed, { vulnerabilities }]) =>
    [...vulnerabilities.values()].map((vulnerability) => ({ feed, vulnerability })),
  )
  expect(texts(await advisories.vulnerabilities(['one', 'two'], allIds, asOf))).toEqual(texts(known))
  for (const [feed, { facts }] of model) {
    expect(texts([...(await advisories.facts(feed, allFacts, asOf))])).toEqual(texts([...facts]))
  }
  const status = await advisories.status(undefined, asOf)
  expect(
    status
      .filter(({ generation }) => generation > 0)
      .map(({ feed, generation, records }) => [feed, generation, records]),
  ).toEqual([...model].sort().map(([feed, said]) => [feed, said.generation, sizeOf(said)]))
}

function modelImport(before: ModelFeed, feed: string, given: Omit<ModelGeneration, 'feed'>): ModelFeed {
  const { removed, ...said } = collect(feed, given.records)
  const after = given.partial ? withRest(before, said, removed) : said
  const differs = before.generation === 0 || Object.values(tallies(before, after)).some(isDifference)
  return { ...after, generation: before.generation + (differs ? 1 : 0) }
}

/** What the records say: of several of one name the first. */
function collect(feed: string, records: readonly FeedRecord[]): Said & { readonly removed: ReadonlySet<string> } {
  const statements = new Map<string, Candidate>()
  const vulnerabilities = new Map<string, Vulnerability>()
  const facts = new Map<string, Json>()
  const removed = new Set<string>()
  for (const record of records) {
    if (isGap(record)) continue
    if (isRemoval(record)) removed.add(record.removed)
    else if (isFact(record)) facts.set(record.fact, facts.has(record.fact) ? facts.get(record.fact)! : record.value)
    else {
      const { id } = record.vulnerability
      const vulnerability = vulnerabilities.get(id) ?? record.vulnerability
      vulnerabilities.set(id, vulnerability)
      for (const statement of record.statements) {
        const identity = JSON.stringify([statement.key, id])
        if (!statements.has(identity)) statements.set(identity, { statement, vulnerability, feed })
      }
    }
  }
  return { statements, vulnerabilities, facts, removed }
}

/** What is said now, and of what was said before that which is neither replaced nor removed. */
function withRest(before: Said, said: Said, removed: ReadonlySet<string>): Said {
  const stays = (id: string) => !said.vulnerabilities.has(id) && !removed.has(id)
  const statements = [...before.statements].filter(([, { vulnerability }]) => stays(vulnerability.id))
  return {
    statements: new Map([...statements, ...said.statements]),
    vulnerabilities: new Map([...[...before.vulnerabilities].filter(([id]) => stays(id)), ...said.vulnerabilities]),
    facts: new Map([...[...before.facts].filter(([name]) => !removed.has(name)), ...said.facts]),
  }
}

interface Tally {
  readonly added: number
  readonly changed: number
  readonly closed: number
}

function isDifference({ added, changed, closed }: Tally): boolean {
  return added + changed + closed > 0
}

function tallies(before: Said, after: Said): Record<'statements' | 'vulnerabilities' | 'facts', Tally> {
  return {
    statements: tally(claims(before), claims(after)),
    vulnerabilities: tally(before.vulnerabilities, after.vulnerabilities),
    facts: tally(before.facts, after.facts),
  }
}

function claims({ statements }: Said): ReadonlyMap<string, unknown> {
  return new Map([...statements].map(([identity, { statement }]) => [identity, statement]))
}

function tally(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): Tally {
  const text = (value: unknown) => JSON.stringify(sortedKeys(value))
  const keys = [...after.keys()]
  return {
    added: keys.filter((key) => !before.has(key)).length,
    changed: keys.filter((key) => before.has(key) && text(before.get(key)) !== text(after.get(key))).length,
    closed: [...before.keys()].filter((key) => !after.has(key)).length,
  }
}

/** What only rates has neither statements nor facts, and is counted by its vulnerabilities. */
function modelResult(before: ModelFeed, after: ModelFeed) {
  const { statements, vulnerabilities, facts } = tallies(before, after)
  const counted = [before, after].some((said) => said.statements.size + said.facts.size > 0)
  const sum = (of: keyof Tally) => (counted ? statements[of] + facts[of] : vulnerabilities[of])
  return {
    generation: after.generation,
    records: sizeOf(after),
    added: sum('added'),
    changed: sum('changed'),
    closed: sum('closed'),
    gaps: [],
  }
}

function sizeOf({ statements, vulnerabilities, facts }: Said): number {
  return statements.size + facts.size || vulnerabilities.size
}

function modelChanges(before: Said, after: Said) {
  const identities = [...new Set([...before.statements.keys(), ...after.statements.keys()])]
  return identities.flatMap((identity) => {
    const [old, now] = [before.statements.get(identity), after.statements.get(identity)]
    if (old !== undefined && now !== undefined && texts([old.statement])[0] === texts([now.statement])[0]) return []
    const change = old === undefined ? 'added' : now === undefined ? 'closed' : 'changed'
    const { statement, vulnerability } = (now ?? old)!
    return [
      { change, key: statement.key, vulnerability: vulnerability.id, before: old?.statement, after: now?.statement },
    ]
  })
}

function modelRecords({ statements, vulnerabilities, facts }: Said): readonly FeedRecord[] {
  const all = [...statements.values()]
  const records = [...vulnerabilities.values()].map((vulnerability) => ({
    vulnerability,
    statements: all
      .filter((candidate) => candidate.vulnerability.id === vulnerability.id)
      .map((each) => each.statement),
  }))
  return [...records, ...[...facts].map(([fact, value]) => ({ fact, value }))]
}

function withSortedStatements(record: FeedRecord): unknown {
  return 'statements' in record ? { ...record, statements: texts(record.statements) } : record
}
