import { describe, expect, it } from 'vitest'
import type { FeedRecord } from '../../src/core/advisory.ts'
import type { Store } from '../../src/core/store.ts'
import { advisory, gap, manyAdvisories, source, statement } from '../support/records.ts'

const never = new AbortController().signal

/** Imports of what changed only. */
export function testPartialImports(opened: () => Store): void {
  describe('partial imports', () => {
    const full = (records: Iterable<FeedRecord>) => opened().advisories.import(source(records), never)
    const partial = (records: Iterable<FeedRecord>) =>
      opened().advisories.import(source(records, { partial: true }), never)
    const said = async () => {
      const keys = ['a', 'b', 'c', 'd'].map((name) => ({ scope: 's', name }))
      const found = await opened().advisories.candidates(keys)
      return found
        .map(({ vulnerability: { id, description }, statement: { key, fixedIn } }) => {
          return `${id} ${key.name} ${fixedIn} ${description}`
        })
        .sort()
    }
    const base = [
      advisory('CVE-1', [statement('s', 'a', '1'), statement('s', 'b', '1')], 'one'),
      advisory('CVE-2', [statement('s', 'a', '1'), statement('s', 'c', '1')], 'two'),
      advisory('CVE-3', [statement('s', 'a', '1')], 'three'),
    ]

    it('a record replaces all that was said of its vulnerability, and everything else stays', async () => {
      await full(base)
      const result = await partial([
        advisory('CVE-1', [statement('s', 'a', '2'), statement('s', 'd', '1')], 'new'),
        advisory('CVE-4', [statement('s', 'b', '1')], 'four'),
      ])
      expect(result).toEqual({ generation: 2, records: 6, added: 2, changed: 1, closed: 1, gaps: [] })
      expect(await said()).toEqual([
        'CVE-1 a 2 new',
        'CVE-1 d 1 new',
        'CVE-2 a 1 two',
        'CVE-2 c 1 two',
        'CVE-3 a 1 three',
        'CVE-4 b 1 four',
      ])
      expect(await opened().advisories.scopeSizes(['s'])).toEqual(new Map([['s', 6]]))
    })

    it('a record without statements closes those that there were', async () => {
      await full(base)
      expect(await partial([advisory('CVE-1', [], 'withdrawn')])).toMatchObject({
        generation: 2,
        records: 3,
        closed: 2,
      })
      expect(await said()).toEqual(['CVE-2 a 1 two', 'CVE-2 c 1 two', 'CVE-3 a 1 three'])
      const [known] = await opened().advisories.vulnerabilities(['debian'], ['CVE-1'])
      expect(known!.vulnerability.description).toBe('withdrawn')
    })

    it('a removal closes, and what was removed can come back', async () => {
      await full(base)
      expect(await partial([{ removed: 'CVE-2' }, { removed: 'CVE-9' }])).toMatchObject({ generation: 2, closed: 2 })
      expect(await said()).toEqual(['CVE-1 a 1 one', 'CVE-1 b 1 one', 'CVE-3 a 1 three'])
      expect(await opened().advisories.vulnerabilities(['debian'], ['CVE-2'])).toEqual([])
      expect(await partial([{ removed: 'CVE-2' }])).toMatchObject({ generation: 2, closed: 0 })
      expect(await partial([base[1]!])).toMatchObject({ generation: 3, added: 2 })
      expect(await said()).toHaveLength(5)
    })

    it.each(['before', 'after'])('what is said and removed in one import is there, removed %s', async (when) => {
      await full(base)
      const record = advisory('CVE-2', [statement('s', 'a', '2')], 'two')
      const records = when === 'before' ? [{ removed: 'CVE-2' }, record] : [record, { removed: 'CVE-2' }]
      expect(await partial(records)).toMatchObject({ generation: 2, changed: 1, closed: 1 })
      expect(await said()).toContain('CVE-2 a 2 two')
    })

    it('nothing at all, and what is known, change nothing', async () => {
      await full(base)
      expect(await partial([])).toMatchObject({ generation: 1, records: 5, added: 0, changed: 0, closed: 0 })
      expect(await partial([base[2]!, base[0]!])).toMatchObject({ generation: 1, records: 5 })
      expect(await said()).toHaveLength(5)
    })

    it('may be the first import of a feed', async () => {
      expect(await partial([{ removed: 'CVE-2' }, base[0]!])).toMatchObject({ generation: 1, records: 2, added: 2 })
      expect(await said()).toEqual(['CVE-1 a 1 one', 'CVE-1 b 1 one'])
    })

    it('a full import after it takes only what it has', async () => {
      await full(base)
      await partial([advisory('CVE-4', [statement('s', 'b', '1')])])
      expect(await full(base)).toMatchObject({ generation: 3, records: 5, closed: 1 })
    })

    it('removals in a full import have nothing to say', async () => {
      await full(base)
      expect(await full([...base, { removed: 'CVE-1' }])).toMatchObject({ generation: 1, records: 5 })
      expect(await said()).toHaveLength(5)
    })

    it('a gap stays until its record comes, is removed, or everything comes', async () => {
      const many = manyAdvisories(100, '1')
      await full([...many, gap('CVE-1'), gap('CVE-2 openssl'), gap('CVE-3')])
      await partial([...manyAdvisories(20, '2'), gap('CVE-4')])
      const places = async () => (await opened().advisories.gaps('debian')).map(({ where }) => where)
      expect(await places()).toEqual(['CVE-1', 'CVE-2 openssl', 'CVE-3', 'CVE-4'])
      expect(await opened().advisories.status()).toMatchObject([{ generation: 2, gaps: 4 }])
      await partial([base[1]!, { removed: 'CVE-3' }])
      expect(await places()).toEqual(['CVE-1', 'CVE-4'])
      await partial([])
      expect(await opened().advisories.status()).toMatchObject([{ generation: 3, gaps: 2 }])
      await full(many)
      expect(await places()).toEqual([])
    })

    it('a gap that comes again is one gap', async () => {
      await full([...manyAdvisories(100, '1'), gap('CVE-1')])
      await partial([...manyAdvisories(20, '1'), gap('CVE-1')])
      expect(await opened().advisories.gaps('debian')).toEqual([gap('CVE-1')])
      expect(await opened().advisories.status()).toMatchObject([{ generation: 1, gaps: 1 }])
    })
  })
}
