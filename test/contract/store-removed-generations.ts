import { describe, expect, it } from 'vitest'
import type { FeedRecord } from '../../src/core/advisory.ts'
import type { Store } from '../../src/core/store.ts'
import { advisory, fact, source, statement } from '../support/records.ts'
import { momentBetween } from './store-moments.ts'

const never = new AbortController().signal
const keys = ['a', 'b', 'c'].map((name) => ({ scope: 's', name }))

/** A vulnerability is there, is described anew, vanishes with another one coming, and is back as it was at first. */
const generations: readonly (readonly FeedRecord[])[] = [
  [advisory('CVE-1', [statement('s', 'a', '1'), statement('s', 'b', '1')], 'first'), fact('f', 1), fact('g', 1)],
  [advisory('CVE-1', [statement('s', 'a', '2'), statement('s', 'b', '1')], 'second'), fact('f', 2)],
  [advisory('CVE-2', [statement('s', 'a', '1')], 'other'), fact('f', 2), fact('g', 3)],
  [
    advisory('CVE-1', [statement('s', 'b', '1'), statement('s', 'c', '3')], 'first'),
    advisory('CVE-2', [statement('s', 'a', '1')], 'other, too'),
  ],
]

/** Generations that are removed, the current one among them. */
export function testRemovedGenerations(opened: () => Store): void {
  async function importGenerations(): Promise<readonly string[]> {
    const moments = [await momentBetween()]
    for (const [index, records] of generations.entries()) {
      const options = { fingerprint: `state ${index + 1}`, dataTime: `day ${index + 1}`, version: index + 1 }
      await opened().advisories.import(source(records, options), never)
      moments.push(await momentBetween())
    }
    return moments
  }

  /** Everything that is said, now or at a time. */
  async function said(asOf?: string) {
    const { advisories } = opened()
    const at = asOf === undefined ? {} : { asOf }
    const candidates = await advisories.candidates(keys, at)
    const facts = await advisories.facts('debian', ['f', 'g'], asOf)
    const known = await advisories.vulnerabilities(['debian'], ['CVE-1', 'CVE-2'], asOf)
    return [
      ...candidates.map(
        ({ vulnerability: { id, description }, statement: { key, fixedIn } }) =>
          `${id} ${key.name} ${fixedIn} ${description}`,
      ),
      ...known.map(({ vulnerability: { id, description } }) => `${id} ${description}`),
      ...[...facts].map(([name, value]) => `${name} ${value}`),
      ...[...(await advisories.scopeSizes(['s'], asOf)).values()].map(String),
    ].sort()
  }

  const numbers = async () => (await opened().advisories.generations('debian')).map(({ number }) => number)
  const remove = (number: number) => opened().advisories.removeGeneration('debian', number)
  const changes = (from: number, to?: number) => Array.fromAsync(opened().advisories.changes('debian', from, to))

  describe('a generation that is removed', () => {
    it('is gone once, and the others are as they were', async () => {
      const moments = await importGenerations()
      const before = await Promise.all([...moments, undefined].map(said))
      expect(await remove(2)).toBe(true)
      expect(await remove(2)).toBe(false)
      expect(await opened().advisories.removeGeneration('unheard-of', 1)).toBe(false)
      expect(await numbers()).toEqual([1, 3, 4])
      const after = await Promise.all([...moments, undefined].map(said))
      expect(after).toEqual(before.with(2, before[1]!))
      expect(await opened().verify()).toEqual([])
      for (const [from, to] of [
        [2, 3],
        [1, 2],
      ] as const) {
        await expect(changes(from, to)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
        await expect(Array.fromAsync(opened().advisories.changedKeys('debian', from, to))).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
        })
      }
      const changed = (await changes(1, 3)).map(({ change, key, vulnerability }) => [change, key.name, vulnerability])
      expect(changed).toEqual([
        ['closed', 'a', 'CVE-1'],
        ['added', 'a', 'CVE-2'],
        ['closed', 'b', 'CVE-1'],
      ])
    })

    it('can be the first', async () => {
      const moments = await importGenerations()
      const before = await Promise.all([...moments, undefined].map(said))
      await remove(1)
      const after = await Promise.all([...moments, undefined].map(said))
      expect(after).toEqual(before.with(1, before[0]!))
      expect((await changes(0, 2)).map(({ change, key }) => `${change} ${key.name}`)).toEqual(['added a', 'added b'])
    })

    it('makes the one before it current again when it is the current one, under a number of its own', async () => {
      const moments = await importGenerations()
      const before = await Promise.all(moments.map(said))
      await opened().advisories.failed({ id: 'debian', url: 'https://example.org/' }, { code: 'OFFLINE', message: 'x' })
      const older = (await opened().advisories.generations('debian'))[2]!
      expect(await remove(4)).toBe(true)
      expect(await numbers()).toEqual([1, 2, 3, 5])
      expect(await said()).toEqual(before[3])
      expect(await Promise.all(moments.map(said))).toEqual(before.with(4, before[3]!))
      expect(await opened().verify()).toEqual([])
      const [status] = await opened().advisories.status(['debian'])
      expect(status).toMatchObject({
        generation: 5,
        records: 3,
        fingerprint: 'state 3',
        version: 3,
        dataTime: 'day 3',
        checkedAt: older.importedAt,
        lastError: { code: 'OFFLINE' },
      })
      expect(await changes(3)).toEqual([])
      expect(await changes(1, 5)).toEqual(await changes(1, 3))
    })

    it('does not keep what comes then from being told apart', async () => {
      const moments = await importGenerations()
      const last = await said()
      await remove(4)
      const again = await opened().advisories.import(source(generations[2]!, { fingerprint: 'x' }), never)
      expect(again).toMatchObject({ generation: 5, added: 0, changed: 0, closed: 0 })
      const next = await opened().advisories.import(source(generations[3]!, { fingerprint: 'state 4' }), never)
      expect(next).toMatchObject({ generation: 6, records: 3, added: 2, closed: 2 })
      expect(await said()).toEqual(last)
      await remove(6)
      await remove(7)
      await remove(8)
      expect(await numbers()).toEqual([1, 2, 3, 5, 9])
      expect(await said()).toEqual(await said(moments[3]))
    })

    it('can be removed one after the other, until one is left', async () => {
      const moments = await importGenerations()
      const first = await said(moments[1])
      await remove(2)
      await remove(3)
      await remove(4)
      expect(await numbers()).toEqual([1, 5])
      expect(await said()).toEqual(first)
      await remove(1)
      await expect(remove(5)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
      expect(await numbers()).toEqual([5])
      expect(await said()).toEqual(first)
    })

    it('stays where the one before it is not known any more', async () => {
      const { advisories } = opened()
      const load = (value: number) =>
        advisories.import(
          source([fact('CVE-1', value)], { id: 'scores', fingerprint: `${value}`, keepsHistory: false }),
          never,
        )
      await load(1)
      await load(2)
      await expect(advisories.removeGeneration('scores', 2)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
      expect(await advisories.facts('scores', ['CVE-1'])).toEqual(new Map([['CVE-1', 2]]))
      expect(await advisories.removeGeneration('scores', 1)).toBe(true)
    })
  })
}
