import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/core/advisory.ts'
import type { Store } from '../../src/core/store.ts'
import { advisory, fact, source, statement } from '../support/records.ts'
import { momentBetween } from './store-moments.ts'

const never = new AbortController().signal

/** Facts of feeds: what a store must keep of them. */
export function testFacts(opened: () => Store): void {
  describe('facts', () => {
    const importAll = (records: Parameters<typeof source>[0], options?: Parameters<typeof source>[1]) =>
      opened().advisories.import(source(records, options), never)
    const facts = async (names: readonly string[], asOf?: string) =>
      Object.fromEntries(await opened().advisories.facts('debian', names, asOf))

    it('gives back every value that JSON can say', async () => {
      const values: readonly Json[] = [
        null,
        true,
        0.97,
        -1e-7,
        '',
        'größer, 安全, 🦀\0',
        [],
        {},
        ['cpe:/a', ['b']],
        { a: { b: [null] } },
        'x'.repeat(1e5),
      ]
      const records = values.map((value, index) => fact(`fact ${index}`, value))
      expect(await importAll(records)).toMatchObject({ generation: 1, records: values.length, added: values.length })
      const names = records.map((record) => record.fact)
      expect(await facts([...names, ...names, 'unheard of'])).toEqual(
        Object.fromEntries(records.map((record) => [record.fact, record.value])),
      )
      expect(await opened().advisories.facts('unheard-of', names)).toEqual(new Map())
      expect(await facts([])).toEqual({})
      expect(await importAll(records)).toMatchObject({ generation: 1, added: 0, changed: 0, closed: 0 })
    })

    it('of a feed are its own, and counted beside its statements', async () => {
      const mixed = [advisory('CVE-1', [statement('s', 'a', '1')]), fact('CVE-1', 0.5)]
      expect(await importAll(mixed)).toMatchObject({ generation: 1, records: 2, added: 2 })
      await importAll([fact('CVE-1', 0.7)], { id: 'other' })
      expect(await facts(['CVE-1'])).toEqual({ 'CVE-1': 0.5 })
      expect((await opened().advisories.status()).map(({ records }) => records)).toEqual([2, 1])
      expect(await opened().advisories.scopeSizes(['s'])).toEqual(new Map([['s', 1]]))
    })

    it('make a generation when they are new, changed or gone', async () => {
      await importAll([fact('a', 1), fact('b', 1), fact('c', 1)])
      const result = await importAll([fact('a', 1), fact('b', 2), fact('d', 1)])
      expect(result).toMatchObject({ generation: 2, records: 3, added: 1, changed: 1, closed: 1 })
      expect(await facts(['a', 'b', 'c', 'd'])).toEqual({ a: 1, b: 2, d: 1 })
      expect(await importAll([fact('c', 1)])).toMatchObject({ generation: 3, records: 1, added: 1, closed: 3 })
      expect(await facts(['a', 'b', 'c', 'd'])).toEqual({ c: 1 })
    })

    it('the first of several of one name wins', async () => {
      for (const generation of [1, 1]) {
        expect(await importAll([fact('a', 1), fact('a', 2)])).toMatchObject({ generation, records: 1 })
        expect(await facts(['a'])).toEqual({ a: 1 })
      }
      expect(await importAll([fact('a', 2), fact('a', 1)])).toMatchObject({ generation: 2, records: 1, changed: 1 })
      expect(await facts(['a'])).toEqual({ a: 2 })
    })

    it('change one by one in a partial import', async () => {
      await importAll([fact('a', 1), fact('b', 1), fact('c', 1), fact('d', 1)])
      const some = [
        { removed: 'a' },
        fact('b', 2),
        fact('e', 1),
        { removed: 'd' },
        fact('d', 1),
        { removed: 'unknown' },
      ]
      const result = await importAll(some, { partial: true })
      expect(result).toMatchObject({ generation: 2, records: 4, added: 1, changed: 1, closed: 1 })
      expect(await facts(['a', 'b', 'c', 'd', 'e'])).toEqual({ b: 2, c: 1, d: 1, e: 1 })
      expect(await importAll([fact('b', 2), { removed: 'a' }], { partial: true })).toMatchObject({ generation: 2 })
    })

    it('can be told as they were', async () => {
      const start = await momentBetween()
      await importAll([fact('a', 1), fact('b', 1)])
      const first = await momentBetween()
      await importAll([fact('a', 2)])
      const second = await momentBetween()
      await importAll([fact('b', 3)], { partial: true })
      const moments = [start, first, second, undefined]
      expect(await Promise.all(moments.map((asOf) => facts(['a', 'b'], asOf)))).toEqual([
        {},
        { a: 1, b: 1 },
        { a: 2 },
        { a: 2, b: 3 },
      ])
    })

    it('that differ between two generations are told by name', async () => {
      await importAll([fact('a', 1), fact('b', null), fact('c', [1]), fact('f', 1)])
      await importAll([fact('a', 2), fact('b', null), fact('d', 1), fact('f', 1), fact('größer', 1)])
      await importAll([fact('a', 1), fact('d', { x: 1 }), fact('f', 1)])
      const changes = async (from: number, to?: number) => {
        const found = await Array.fromAsync(opened().advisories.factChanges('debian', from, to))
        return found.map(({ change, name, before, after }) => [change, name, before, after])
      }
      expect(await changes(0, 1)).toEqual([
        ['added', 'a', undefined, 1],
        ['added', 'b', undefined, null],
        ['added', 'c', undefined, [1]],
        ['added', 'f', undefined, 1],
      ])
      expect(await changes(1, 2)).toEqual([
        ['changed', 'a', 1, 2],
        ['closed', 'c', [1], undefined],
        ['added', 'd', undefined, 1],
        ['added', 'größer', undefined, 1],
      ])
      expect(await changes(2)).toEqual([
        ['changed', 'a', 2, 1],
        ['closed', 'b', null, undefined],
        ['changed', 'd', 1, { x: 1 }],
        ['closed', 'größer', 1, undefined],
      ])
      // What changed and changed back did not change.
      expect(await changes(1, 3)).toEqual([
        ['closed', 'b', null, undefined],
        ['closed', 'c', [1], undefined],
        ['added', 'd', undefined, { x: 1 }],
      ])
      expect(await changes(2, 1)).toEqual([
        ['changed', 'a', 2, 1],
        ['added', 'c', undefined, [1]],
        ['closed', 'd', 1, undefined],
        ['closed', 'größer', 1, undefined],
      ])
      expect(await changes(3)).toEqual([])
      expect(await Array.fromAsync(opened().advisories.changes('debian', 0, undefined))).toEqual([])
      await expect(changes(1, 4)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
      const unheard = opened().advisories.factChanges('unheard-of', 0, undefined)
      await expect(Array.fromAsync(unheard)).rejects.toMatchObject({ code: 'FEED_UNKNOWN' })
    })

    it('of a feed that keeps no history are told as they are, and as they were only where they did not change', async () => {
      await importAll([fact('a', 1), fact('b', 1), fact('c', 1)], { keepsHistory: false })
      const first = await momentBetween()
      await importAll([fact('a', 2), fact('b', 1)], { keepsHistory: false })
      expect(await facts(['a', 'b', 'c'])).toEqual({ a: 2, b: 1 })
      expect(await facts(['a', 'b', 'c'], first)).toEqual({ b: 1 })
    })
  })
}
