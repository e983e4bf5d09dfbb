import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Candidate } from '../../src/core/advisory.ts'
import type { AdvisoryStore, Store } from '../../src/core/store.ts'
import { source } from '../support/records.ts'
import { allKeys, type ModelGeneration, scopes } from './store-model.ts'
import { sortedKeys, texts } from './store-texts.ts'

/** What could be seen of a store at a time. */
interface Moment {
  readonly time: string
  readonly candidates: readonly Candidate[]
  readonly sizes: ReadonlyMap<string, number>
  readonly generations: ReadonlyMap<string, number>
}

/** Imports the generations, and then asks for every state there was, and for what changed between any two. */
export async function compareWithPast(
  { advisories, verify }: Store,
  generations: readonly ModelGeneration[],
): Promise<void> {
  const moments: Moment[] = [await momentOf(advisories)]
  for (const { feed, partial, records } of generations) {
    const given = source(records, { id: feed, ...(partial && { partial }) })
    await advisories.import(given, new AbortController().signal)
    moments.push(await momentOf(advisories))
  }
  for (const { time, candidates, sizes, generations: then } of moments) {
    expect(texts(await advisories.candidates(allKeys, { asOf: time }))).toEqual(texts(candidates))
    expect(await advisories.scopeSizes(scopes, time)).toEqual(sizes)
    const status = await advisories.status(undefined, time)
    expect(status.map(({ feed, generation }) => [feed, generation])).toEqual(
      [...moments.at(-1)!.generations.keys()].map((feed) => [feed, then.get(feed) ?? 0]),
    )
  }
  for (const feed of moments.at(-1)!.generations.keys()) await compareChanges(advisories, feed, moments)
  expect(await verify()).toEqual([])
}

async function momentOf(advisories: AdvisoryStore): Promise<Moment> {
  // Times of generations are in milliseconds.
  await sleep(2)
  const time = new Date().toISOString()
  await sleep(2)
  const status = await advisories.status()
  return {
    time,
    candidates: await advisories.candidates(allKeys),
    sizes: await advisories.scopeSizes(scopes),
    generations: new Map(status.map(({ feed, generation }) => [feed, generation])),
  }
}

async function compareChanges(advisories: AdvisoryStore, feed: string, moments: readonly Moment[]): Promise<void> {
  for (const [index, before] of moments.entries()) {
    for (const after of moments.slice(index)) {
      const [from, to] = [before, after].map(({ generations }) => generations.get(feed) ?? 0) as [number, number]
      const found: unknown[] = []
      for await (const { change, key, vulnerability, before, after } of advisories.changes(feed, from, to)) {
        found.push([change, key.scope, key.name, vulnerability, text(before), text(after)])
      }
      expect(found.map((change) => JSON.stringify(change)).sort()).toEqual(differences(feed, before, after))
    }
  }
}

function differences(feed: string, before: Moment, after: Moment): readonly string[] {
  const [old, now] = [before, after].map(({ candidates }) => {
    const own = candidates.filter((candidate) => candidate.feed === feed)
    return new Map(own.map((one) => [JSON.stringify([one.statement.key, one.vulnerability.id]), one] as const))
  }) as [Map<string, Candidate>, Map<string, Candidate>]
  const changes: string[] = []
  for (const identity of new Set([...old.keys(), ...now.keys()])) {
    const [left, right] = [old.get(identity), now.get(identity)]
    const { statement, vulnerability } = (right ?? left)!
    const said = [text(left?.statement), text(right?.statement)]
    if (said[0] === said[1]) continue
    const change = left === undefined ? 'added' : right === undefined ? 'closed' : 'changed'
    changes.push(JSON.stringify([change, statement.key.scope, statement.key.name, vulnerability.id, ...said]))
  }
  return changes.sort()
}

function text(statement: Candidate['statement'] | undefined): string {
  return JSON.stringify(sortedKeys(statement ?? null))
}
