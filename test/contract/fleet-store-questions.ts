import { describe, expect, it } from 'vitest'
import { limits } from '../../src/core/limits.ts'
import { digestOfNumber, fleetFinding, fleetImage, fleetPackage, judgeAs, judgement } from '../support/fleet.ts'
import type { OpenFleet } from './fleet-store.ts'

const first = { after: undefined, limit: 100 }
const ofData = { kind: 'data', feed: 'debian', from: 0, to: 1 } as const
const [openssl, zlib, bash] = [fleetPackage('openssl'), fleetPackage('zlib'), fleetPackage('bash')]

/** Questions across images. */
export function testFleetQuestions(on: OpenFleet): void {
  describe('questions', () => {
    it('which images have a vulnerability, by any of its ids', async () => {
      await on.put(1, [zlib, openssl])
      await on.put(2, [bash])
      await on.fleet.putImage(fleetImage(3, ['example.org/a:1']), [[bash], [openssl]])
      await on.fleet.judge(on.operation, 'rules', await on.all(), async (packages) =>
        packages.map((one) => {
          const found = ['CVE-1', 'CVE-2'].map((id) => fleetFinding(id, one.package, { aliases: ['DSA-1'] }))
          return judgement(one, one.package.package.name === 'zlib' ? [] : found)
        }),
      )
      for (const id of ['CVE-1', 'CVE-2', 'DSA-1']) {
        expect(await on.fleet.imagesWithVulnerability(id, first)).toEqual({
          items: [
            { ...fleetImage(1), packages: [openssl] },
            { ...fleetImage(2), packages: [bash] },
            { ...fleetImage(3, ['example.org/a:1']), packages: expect.toSatisfy((own) => own.length === 2) },
          ],
          next: undefined,
        })
      }
      const named = await on.fleet.imagesWithVulnerability('CVE-1', { ...first, package: 'openssl' })
      expect(named.items).toEqual([
        { ...fleetImage(1), packages: [openssl] },
        { ...fleetImage(3, ['example.org/a:1']), packages: [openssl] },
      ])
      expect((await on.fleet.imagesWithVulnerability('CVE', first)).items).toEqual([])
      await judgeAs(on.fleet, on.operation, await on.all(), () => ['CVE-2'])
      expect((await on.fleet.imagesWithVulnerability('CVE-1', first)).items).toEqual([])
      expect((await on.fleet.imagesWithVulnerability('DSA-1', first)).items).toEqual([])
      expect((await on.fleet.imagesWithVulnerability('CVE-2', first)).items).toHaveLength(3)
    })

    it('which images have a package', async () => {
      const newer = fleetPackage('zlib', '2')
      await on.put(1, [zlib, openssl])
      await on.put(2, [newer])
      await on.put(3, [newer, zlib])
      const digests = async (name: string, version?: string) =>
        (await on.fleet.imagesWithPackage(name, { ...first, ...(version === undefined ? {} : { version }) })).items.map(
          ({ digest, packages }) => [Number(digest.slice(7)), packages.length],
        )
      expect(await digests('zlib')).toEqual([
        [1, 1],
        [2, 1],
        [3, 2],
      ])
      expect(await digests('zlib', '2')).toEqual([
        [2, 1],
        [3, 1],
      ])
      expect(await digests('zlib', '3')).toEqual([])
      expect(await digests('none')).toEqual([])
    })

    it('answers go on page by page, however the images are spread over sets', async () => {
      const packages = Array.from({ length: 7 }, (_, index) => fleetPackage(`package-${index}`))
      const numbers = Array.from({ length: 60 }, (_, index) => index + 1)
      // Most images have the first set, and some have several.
      const setsOf = (number: number) => [...(number % 10 < 7 ? [0] : []), number % 7, (number * number) % 7]
      for (const number of numbers) {
        const sets = setsOf(number).map((index) => [packages[index]!])
        await judgeAs(on.fleet, on.operation, await on.fleet.putImage(fleetImage(number), sets), () => ['CVE-1'])
      }
      for (const limit of [1, 7, 59, 60, 61]) {
        const digests: string[] = []
        let after: string | undefined
        do {
          const page = await on.fleet.imagesWithVulnerability('CVE-1', { after, limit })
          expect(page.items.length).toBeLessThanOrEqual(limit)
          for (const { digest, packages: own } of page.items) {
            digests.push(digest)
            expect(own).toHaveLength(new Set(setsOf(Number(digest.slice(7)))).size)
          }
          after = page.next
        } while (after !== undefined)
        expect(digests).toEqual(numbers.map(digestOfNumber))
      }
    })

    it('a timeline goes on page by page', async () => {
      await on.put(1, [zlib, openssl], ['CVE-1', 'CVE-2'])
      const begun = await on.fleet.begin(ofData)
      await judgeAs(on.fleet, begun, await on.all(), () => ['CVE-3'])
      const { items } = await on.fleet.timeline(digestOfNumber(1), first)
      expect(items).toHaveLength(10)
      for (const limit of [1, 3, 10]) {
        const read = []
        let after: string | undefined
        do {
          const page = await on.fleet.timeline(digestOfNumber(1), { after, limit })
          expect(page.next?.length ?? 0).toBeLessThanOrEqual(200)
          read.push(...page.items)
          after = page.next
        } while (after !== undefined)
        expect(read).toEqual(items)
      }
    })

    it.each([
      ['a cursor that is none', { after: 'x', limit: 1 }],
      ['an empty cursor', { after: '', limit: 1 }],
      ['a cursor with SQL in it', { after: "1' OR 1=1 --", limit: 1 }],
      ['a negative cursor', { after: '-1', limit: 1 }],
      ['a cursor without an end', { after: '1'.repeat(100_000), limit: 1 }],
      ['no entries', { after: undefined, limit: 0 }],
      ['a part of an entry', { after: undefined, limit: 1.5 }],
      ['limits.pageSize + 1 entries', { after: undefined, limit: limits.pageSize + 1 }],
      ['no number of entries', { after: undefined, limit: Number.NaN }],
    ])('%s is refused', async (_, request) => {
      const refused = expect.objectContaining({ code: 'CONFIG_INVALID' })
      await expect(on.fleet.images(request)).rejects.toThrow(refused)
      await expect(on.fleet.imagesWithVulnerability('CVE-1', request)).rejects.toThrow(refused)
      await expect(on.fleet.imagesWithPackage('zlib', request)).rejects.toThrow(refused)
      await expect(on.fleet.timeline(digestOfNumber(1), request)).rejects.toThrow(refused)
      await expect(on.fleet.affected(1, request)).rejects.toThrow(refused)
    })
  })
}
