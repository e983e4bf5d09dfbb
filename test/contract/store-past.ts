import { describe, expect, it } from 'vitest'
import type { FeedRecord, Statement } from '../../src/core/advisory.ts'
import type { Store } from '../../src/core/store.ts'
import { advisory, source, statement } from '../support/records.ts'
import { momentBetween } from './store-moments.ts'

const never = new AbortController().signal
const keys = ['a', 'b', 'c'].map((name) => ({ scope: 's', name }))

/** Generations: a vulnerability is there, is described anew, vanishes with another one coming, and is back. */
const generations: readonly (readonly FeedRecord[])[] = [
  [advisory('CVE-1', [statement('s', 'a', '1'), statement('s', 'b', '1')], 'first')],
  [advisory('CVE-1', [statement('s', 'a', '2'), statement('s', 'b', '1')], 'second')],
  [advisory('CVE-2', [statement('s', 'a', '1')], 'other')],
  [
    advisory('CVE-1', [statement('s', 'b', '1'), statement('s', 'c', '3')], 'second'),
    advisory('CVE-2', [statement('s', 'a', '1')], 'other'),
  ],
]

const expected = [
  [],
  ['CVE-1 a 1 first', 'CVE-1 b 1 first'],
  ['CVE-1 a 2 second', 'CVE-1 b 1 second'],
  ['CVE-2 a 1 other'],
  ['CVE-1 b 1 second', 'CVE-1 c 3 second', 'CVE-2 a 1 other'],
]

/** Questions about the past, and what changed since. */
export function testPast(opened: () => Store): void {
  /** Imports the generations; a moment before the first, and one after each. */
  async function importGenerations(): Promise<readonly string[]> {
    const moments = [await momentBetween()]
    for (const [index, records] of generations.entries()) {
      const options = { fingerprint: `state ${index + 1}`, dataTime: `day ${index + 1}`, version: index + 1 }
      await opened().advisories.import(source(records, options), never)
      moments.push(await momentBetween())
    }
    return moments
  }

  describe('the data as it was', () => {
    const said = async (asOf?: string) => {
      const found = await opened().advisories.candidates(keys, asOf === undefined ? {} : { asOf })
      return found
        .map(({ vulnerability: { id, description }, statement: { key, fixedIn } }) => {
          return `${id} ${key.name} ${fixedIn} ${description}`
        })
        .sort()
    }

    it('candidates', async () => {
      const moments = await importGenerations()
      for (const [index, moment] of moments.entries()) expect(await said(moment), `${index}`).toEqual(expected[index])
      expect(await said()).toEqual(expected.at(-1))
      const local = `${new Date(Date.parse(moments[1]!) + 3_600_000).toISOString().slice(0, -1)}+01:00`
      expect(await said(local)).toEqual(expected[1])
    })

    it('candidates of which only some are wanted', async () => {
      const moments = await importGenerations()
      const wanted = ({ fixedIn }: Statement) => fixedIn === '2'
      const found = await Promise.all(moments.map((asOf) => opened().advisories.candidates(keys, { asOf, wanted })))
      expect(found.map((some) => some.map(({ vulnerability }) => vulnerability.description))).toEqual([
        [],
        [],
        ['second'],
        [],
        [],
      ])
    })

    it('vulnerabilities', async () => {
      const moments = await importGenerations()
      const known = async (asOf?: string) => {
        const found = await opened().advisories.vulnerabilities(['debian', 'other'], ['CVE-1', 'CVE-2', 'CVE-1'], asOf)
        return found.map(({ feed, vulnerability: { id, description } }) => `${feed} ${id} ${description}`).sort()
      }
      expect(await Promise.all([...moments, undefined].map(known))).toEqual([
        [],
        ['debian CVE-1 first'],
        ['debian CVE-1 second'],
        ['debian CVE-2 other'],
        ['debian CVE-1 second', 'debian CVE-2 other'],
        ['debian CVE-1 second', 'debian CVE-2 other'],
      ])
    })

    it('status', async () => {
      const moments = await importGenerations()
      await opened().advisories.failed({ id: 'debian', url: 'https://example.org/' }, { code: 'OFFLINE', message: 'x' })
      const statuses = await Promise.all(moments.map((asOf) => opened().advisories.status(['debian', 'none'], asOf)))
      const seen = statuses.map(([status, ...more]) => {
        expect(more).toEqual([])
        const { generation, records, dataTime, fingerprint, version } = status!
        return [generation, records, dataTime, fingerprint, version]
      })
      expect(seen).toEqual([
        [0, 0, null, undefined, 0],
        [1, 2, 'day 1', 'state 1', 1],
        [2, 2, 'day 2', 'state 2', 2],
        [3, 1, 'day 3', 'state 3', 3],
        [4, 3, 'day 4', 'state 4', 4],
      ])
      expect(statuses.slice(0, -1).map(([status]) => status!.lastError)).toEqual(Array(4).fill(undefined))
      expect(statuses[1]![0]!.checkedAt).toBe(moments[1])
      expect(statuses[0]![0]).toMatchObject({ checkedAt: null, importedAt: null })
      expect(await opened().advisories.status(undefined, moments[2])).toEqual(statuses[2])
    })

    it('generations', async () => {
      await importGenerations()
      const found = await opened().advisories.generations('debian')
      expect(
        found.map(({ number, dataTime, fingerprint, version, records, gaps }) => [
          number,
          dataTime,
          fingerprint,
          version,
          records,
          gaps,
        ]),
      ).toEqual([
        [1, 'day 1', 'state 1', 1, 2, 0],
        [2, 'day 2', 'state 2', 2, 2, 0],
        [3, 'day 3', 'state 3', 3, 1, 0],
        [4, 'day 4', 'state 4', 4, 3, 0],
      ])
      const times = found.map(({ importedAt }) => importedAt)
      expect(times).toEqual(times.toSorted())
      expect(await opened().advisories.generations('unheard-of')).toEqual([])
    })

    it('ends where gc has been', async () => {
      const moments = await importGenerations()
      await opened().gc(moments[2]!)
      const seen = await Promise.all(moments.map(said))
      expect(seen).toEqual([[], [], ...expected.slice(2)])
      expect((await opened().advisories.generations('debian')).map(({ number }) => number)).toEqual([2, 3, 4])
      await expect(Array.fromAsync(opened().advisories.changes('debian', 1, 3))).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      })
      expect(await Array.fromAsync(opened().advisories.changes('debian', 0, 3))).toMatchObject([
        { change: 'added', key: { name: 'a' }, vulnerability: 'CVE-2' },
      ])
      expect(await Array.fromAsync(opened().advisories.changes('debian', 2, 3))).toHaveLength(3)
    })
  })

  describe('changes', () => {
    const changes = async (from: number, to?: number) => {
      const found = await Array.fromAsync(opened().advisories.changes('debian', from, to))
      return found.map(({ change, key: { scope, name }, vulnerability, before, after }) => {
        for (const end of [before, after]) if (end !== undefined) expect(end.key).toEqual({ scope, name })
        return `${change} ${scope} ${name} ${vulnerability} ${before?.fixedIn ?? '-'} ${after?.fixedIn ?? '-'}`
      })
    }

    it('between any two generations, by scope, name and vulnerability', async () => {
      await importGenerations()
      expect(await changes(0, 1)).toEqual(['added s a CVE-1 - 1', 'added s b CVE-1 - 1'])
      expect(await changes(1, 2)).toEqual(['changed s a CVE-1 1 2'])
      expect(await changes(2, 3)).toEqual(['closed s a CVE-1 2 -', 'added s a CVE-2 - 1', 'closed s b CVE-1 1 -'])
      expect(await changes(1, 4)).toEqual(['closed s a CVE-1 1 -', 'added s a CVE-2 - 1', 'added s c CVE-1 - 3'])
      expect(await changes(3)).toEqual(['added s b CVE-1 - 1', 'added s c CVE-1 - 3'])
      expect(await changes(4)).toEqual([])
      expect(await changes(3, 2)).toEqual(['added s a CVE-1 - 2', 'closed s a CVE-2 1 -', 'added s b CVE-1 - 1'])
      expect(await changes(2, 2)).toEqual([])
    })

    it('has whole statements', async () => {
      const before: Statement = { key: keys[0]!, fix: 'open', ranges: [{ introduced: '1' }], note: 'n' }
      const after: Statement = {
        key: keys[0]!,
        fix: 'fixed',
        fixedIn: '2',
        ranges: [{ introduced: '1', fixed: '2' }, { lastAffected: '0.9' }],
        rating: { severity: 'high', source: 'debian', original: 'H' },
        advisory: 'DSA-1',
      }
      await opened().advisories.import(source([advisory('CVE-1', [before])]), never)
      await opened().advisories.import(source([advisory('CVE-1', [after])]), never)
      expect(await Array.fromAsync(opened().advisories.changes('debian', 1, undefined))).toEqual([
        { change: 'changed', key: keys[0], vulnerability: 'CVE-1', before, after },
      ])
    })

    it('of many packages come in order', async () => {
      const many = (version: string) =>
        Array.from({ length: 1500 }, (_, index) =>
          advisory(`CVE-${index % 700}`, [statement(`s${index % 2}`, `p${index}`, version)]),
        )
      await opened().advisories.import(source(many('1')), never)
      await opened().advisories.import(source(many('2')), never)
      const found = await Array.fromAsync(opened().advisories.changes('debian', 1, 2))
      const order = found.map(({ key: { scope, name }, vulnerability }) => `${scope} ${name} ${vulnerability}`)
      expect(order).toHaveLength(1500)
      expect(order).toEqual(order.toSorted())
    })

    it('asks for a feed and generations that are there', async () => {
      await importGenerations()
      const ask = (feed: string, from: number, to?: number) =>
        Array.fromAsync(opened().advisories.changes(feed, from, to))
      await expect(ask('unheard-of', 0)).rejects.toMatchObject({ code: 'FEED_UNKNOWN', where: 'unheard-of' })
      for (const [from, to] of [[5], [0, 5], [-1, 2], [1.5, 2]]) {
        await expect(ask('debian', from!, to)).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: 'debian' })
      }
    })
  })
}
