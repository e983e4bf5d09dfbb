import fc from 'fast-check'
import { expect } from 'vitest'
import type { Advisory, Candidate } from '../../src/core/advisory.ts'
import type { Store } from '../../src/core/store.ts'
import { source } from '../support/records.ts'

const never = new AbortController().signal

export const scopes = ['debian:11', 'debian:12', 'ubuntu:22.04']
const names = ['openssl', 'zlib', 'linux', '']
export const allKeys = scopes.flatMap((scope) => names.map((name) => ({ scope, name })))

const ratingArbitrary = fc.record(
  {
    severity: fc.constantFrom('high', 'unknown'),
    source: fc.constantFrom('debian', 'nvd'),
    original: fc.string({ maxLength: 2 }),
  },
  { requiredKeys: ['severity', 'source'] },
)

const statementArbitrary = fc.record(
  {
    key: fc.constantFrom(...allKeys),
    fix: fc.constantFrom('fixed', 'open', 'not-affected'),
    fixedIn: fc.constantFrom('1', '2', '\0'),
    rating: ratingArbitrary,
    note: fc.string({ maxLength: 1 }),
    advisory: fc.constantFrom('DSA-1', 'DSA-2'),
  },
  { requiredKeys: ['key', 'fix'] },
)

const advisoryArbitrary = fc.record({
  vulnerability: fc.record({
    id: fc.constantFrom('CVE-1', 'CVE-2', 'CVE-3', 'CVE-4', 'cve-4'),
    aliases: fc.array(fc.constantFrom('GHSA-1', 'GHSA-2'), { maxLength: 2 }),
    description: fc.string({ maxLength: 1, unit: 'binary' }),
    ratings: fc.array(ratingArbitrary, { maxLength: 1 }),
    links: fc.array(fc.constantFrom('https://example.org'), { maxLength: 1 }),
  }),
  statements: fc.array(statementArbitrary, { maxLength: 6 }),
}) as fc.Arbitrary<Advisory>

/** One import: into which of two feeds, which records. Few names and values, so that generations have much in common. */
export const generationArbitrary = fc.record({
  feed: fc.constantFrom('one', 'two'),
  records: fc.array(advisoryArbitrary, { minLength: 1, maxLength: 8 }),
})

interface ModelFeed {
  generation: number
  candidates: ReadonlyMap<string, Candidate>
  vulnerabilities: ReadonlyMap<string, string>
}

/** Imports the generations one after the other, and compares all that can be seen with plain maps after each. */
export async function compareWithModel(
  { advisories, verify }: Store,
  generations: readonly { feed: string; records: readonly Advisory[] }[],
): Promise<void> {
  const model = new Map<string, ModelFeed>()
  for (const { feed, records } of generations) {
    const before = model.get(feed) ?? { generation: 0, candidates: new Map(), vulnerabilities: new Map() }
    const { expected, after } = modelImport(before, feed, records)
    model.set(feed, after)
    expect(await advisories.import(source(records, { id: feed }), never)).toEqual(expected)
    expect(await advisories.import(source(records, { id: feed }), never)).toEqual({
      ...expected,
      added: 0,
      changed: 0,
      closed: 0,
    })
    const all = [...model.values()].flatMap(({ candidates }) => [...candidates.values()])
    expect(sorted(await advisories.candidates(allKeys))).toEqual(sorted(all))
    const sizes = scopes.map((scope) => [scope, all.filter(({ statement }) => statement.key.scope === scope).length])
    expect([...(await advisories.scopeSizes(scopes))]).toEqual(sizes)
    const status = await advisories.status()
    expect(status.map(({ feed, generation, records }) => [feed, generation, records])).toEqual(
      [...model].sort().map(([name, { generation, candidates, vulnerabilities }]) => {
        return [name, generation, candidates.size || vulnerabilities.size]
      }),
    )
    expect(await verify()).toEqual([])
  }
}

function modelImport(before: ModelFeed, feed: string, records: readonly Advisory[]) {
  const candidates = new Map<string, Candidate>()
  const vulnerabilities = new Map<string, Advisory['vulnerability']>()
  for (const { vulnerability, statements } of records) {
    if (!vulnerabilities.has(vulnerability.id)) vulnerabilities.set(vulnerability.id, vulnerability)
    for (const statement of statements) {
      const identity = JSON.stringify([statement.key, vulnerability.id])
      const first = vulnerabilities.get(vulnerability.id)!
      if (!candidates.has(identity)) candidates.set(identity, { statement, vulnerability: first, feed })
    }
  }
  const texts = new Map(
    [...vulnerabilities].map(([id, vulnerability]) => [id, JSON.stringify(sortedKeys(vulnerability))]),
  )
  const keys = [...candidates.keys()]
  const old = before.candidates
  const text = (map: ReadonlyMap<string, Candidate>, key: string) => JSON.stringify(sortedKeys(map.get(key)!.statement))
  const statements = {
    added: keys.filter((key) => !old.has(key)).length,
    changed: keys.filter((key) => old.has(key) && text(old, key) !== text(candidates, key)).length,
    closed: [...old.keys()].filter((key) => !candidates.has(key)).length,
  }
  const ids = [...texts.keys()]
  const rated = {
    added: ids.filter((id) => !before.vulnerabilities.has(id)).length,
    changed: ids.filter((id) => (before.vulnerabilities.get(id) ?? texts.get(id)) !== texts.get(id)).length,
    closed: [...before.vulnerabilities.keys()].filter((id) => !texts.has(id)).length,
  }
  // What only rates has no statements, and is counted by its vulnerabilities.
  const counts = candidates.size + statements.closed > 0 ? statements : rated
  const sameVulnerabilities =
    texts.size === before.vulnerabilities.size &&
    [...texts].every(([id, value]) => before.vulnerabilities.get(id) === value)
  const { added, changed, closed } = statements
  const differs = before.generation === 0 || added + changed + closed > 0 || !sameVulnerabilities
  const generation = before.generation + (differs ? 1 : 0)
  return {
    expected: { generation, records: candidates.size || texts.size, ...counts, gaps: [] },
    after: { generation, candidates, vulnerabilities: texts },
  }
}

export function sorted(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map((candidate) => JSON.stringify(sortedKeys(candidate))).sort()
}

/** The value with the properties of every object in alphabetical order. */
export function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  )
}
