import { describe, expect, it } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { advisory, fact, source, statement } from '../support/records.ts'
import type { OpenFleet } from './fleet-store.ts'

const never = new AbortController().signal

/** The keys under which packages are judged again. */
export function testChangedKeys(on: OpenFleet): void {
  describe('changed keys', () => {
    const keysOf = async (from: number, to: number) => {
      const found = new Set<string>()
      for await (const keys of on.store.advisories.changedKeys('debian', from, to)) {
        for (const { scope, name } of keys) found.add(`${scope} ${name}`)
      }
      return [...found].sort()
    }

    it('are those of statements, descriptions and facts that changed', async () => {
      const same = advisory('CVE-1', [statement('debian:12', 'same', '1')])
      const about = (text: string) =>
        advisory('CVE-2', [statement('debian:12', 'described', '1'), statement('debian:11', 'described', '1')], text)
      await on.store.advisories.import(
        source([
          same,
          about('one'),
          advisory('CVE-3', [statement('debian:12', 'fixed', '1'), statement('debian:12', 'still', '1')]),
          advisory('CVE-4', [statement('debian:12', 'gone', '1')]),
          fact('kept', 1),
          fact('changed', 1),
          fact('lost', 1),
        ]),
        never,
      )
      expect(await keysOf(0, 1)).toEqual(
        [
          'debian:11 described',
          ...['described', 'fixed', 'gone', 'same', 'still'].map((name) => `debian:12 ${name}`),
          ...['changed', 'kept', 'lost'].map((name) => `fact:debian ${name}`),
        ].sort(),
      )
      await on.store.advisories.import(
        source(
          [
            same,
            about('two'),
            advisory('CVE-3', [statement('debian:12', 'fixed', '2'), statement('debian:12', 'still', '1')]),
            advisory('CVE-5', [statement('debian:12', 'new', '1')]),
            fact('kept', 1),
            fact('changed', 2),
            fact('added', 2),
          ],
          { fingerprint: 'two' },
        ),
        never,
      )
      const expected = [
        'debian:11 described',
        ...['described', 'fixed', 'gone', 'new'].map((name) => `debian:12 ${name}`),
        ...['added', 'changed', 'lost'].map((name) => `fact:debian ${name}`),
      ]
      expect(await keysOf(1, 2)).toEqual(expected.sort())
      expect(await keysOf(2, 2)).toEqual([])
      const all = await keysOf(0, 2)
      expect(all).toEqual(expect.arrayContaining(['debian:12 same', 'debian:12 new', 'fact:debian kept']))
    })

    it('come with the vulnerabilities that changed, if they are not too many', async () => {
      const many = (count: number, version: string) =>
        Array.from({ length: count }, (_, index) =>
          advisory(`CVE-${index}`, [statement('debian:12', 'many', version), statement('debian:12', 'same', '1')]),
        )
      const idsOf = async (from: number, to: number) => {
        const found = new Map<string, readonly string[] | undefined>()
        for await (const keys of on.store.advisories.changedKeys('debian', from, to)) {
          for (const { name, vulnerabilities } of keys) found.set(name, vulnerabilities?.toSorted())
        }
        return found
      }
      const load = (records: ReturnType<typeof advisory>[], fingerprint: string) =>
        on.store.advisories.import(source([...records, fact(fingerprint, 1)], { fingerprint }), never)
      const all = limits.changesOfKey + 1
      await load(many(all, '1'), 'one')
      await load([...many(2, '2'), ...many(all, '1').slice(2, -1)], 'two')
      await load(
        [...many(all - 1, '3'), advisory('CVE-größe \0\x10 "', [statement('debian:12', 'many', '1')])],
        'three',
      )
      expect(await idsOf(1, 2)).toEqual(
        new Map<string, readonly string[] | undefined>([
          ['many', ['CVE-0', 'CVE-1', `CVE-${all - 1}`]],
          ['same', [`CVE-${all - 1}`]],
          ['one', undefined],
          ['two', undefined],
        ]),
      )
      // limits.changesOfKey + 1 are too many.
      expect(await idsOf(2, 3)).toEqual(
        new Map([['many', undefined], ...['two', 'three'].map((id) => [id, undefined] as const)]),
      )
      const [found] = await on.store.advisories.candidates([
        { scope: 'debian:12', name: 'many', vulnerabilities: ['CVE-größe \0\x10 "'] },
      ])
      expect(found?.vulnerability.id).toBe('CVE-größe \0\x10 "')
    })

    it('can be looked up by: only what is said of these vulnerabilities is found', async () => {
      const records = ['CVE-1', 'CVE-2', 'CVE-3'].map((id) =>
        advisory(id, [statement('debian:12', 'a', id), statement('debian:12', 'b', '1')]),
      )
      await on.store.advisories.import(source(records), never)
      const other = source([advisory('CVE-2', [statement('debian:12', 'a', '9')])], { id: 'other' })
      await on.store.advisories.import(other, never)
      const find = async (...keys: Parameters<typeof on.store.advisories.candidates>[0]) =>
        (await on.store.advisories.candidates(keys))
          .map(({ feed, vulnerability, statement: { key } }) => `${feed} ${key.name} ${vulnerability.id}`)
          .sort()
      const a = { scope: 'debian:12', name: 'a' }
      const ofA = ['debian a CVE-1', 'debian a CVE-2', 'debian a CVE-3', 'other a CVE-2']
      expect(await find({ ...a, vulnerabilities: ['CVE-2', 'CVE-4'] })).toEqual(['debian a CVE-2', 'other a CVE-2'])
      expect(await find({ ...a, vulnerabilities: [] })).toEqual([])
      expect(await find({ ...a, vulnerabilities: ['CVE-1'] }, { ...a, vulnerabilities: ['CVE-3'] })).toEqual([
        'debian a CVE-1',
        'debian a CVE-3',
      ])
      expect(await find({ ...a, vulnerabilities: ['CVE-1'] }, a)).toEqual(ofA)
      expect(await find({ ...a, name: 'b', vulnerabilities: ['CVE-1'] }, a)).toEqual([...ofA, 'debian b CVE-1'].sort())
    })

    it('come in batches, each of them', async () => {
      const records = Array.from({ length: 2500 }, (_, index) =>
        advisory(`CVE-${index}`, [statement('debian:12', `package-${index}`, '1')]),
      )
      await on.store.advisories.import(source(records), never)
      expect(await keysOf(0, 1)).toHaveLength(2500)
    })

    it('there are none of feeds and generations that are not there', async () => {
      await expect(keysOf(0, 1)).rejects.toThrow(expect.objectContaining({ code: 'FEED_UNKNOWN' }))
      await on.store.advisories.import(source([advisory('CVE-1', [statement('debian:12', 'a', '1')])]), never)
      await expect(keysOf(0, 2)).rejects.toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    })
  })
}
