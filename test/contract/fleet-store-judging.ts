import { describe, expect, it } from 'vitest'
import { digestOfNumber, fleetImage, fleetPackage, judgeAs, judgement } from '../support/fleet.ts'
import type { OpenFleet } from './fleet-store.ts'
import { indexReport } from './store-samples.ts'

const first = { after: undefined, limit: 100 }
const ofImage = { kind: 'image' } as const
const ofData = { kind: 'data', feed: 'debian', from: 0, to: 1 } as const
const [openssl, zlib, bash] = [fleetPackage('openssl'), fleetPackage('zlib'), fleetPackage('bash')]

/** Which packages are to be judged, under which operations, and what goes in the end. */
export function testFleetJudging(on: OpenFleet): void {
  describe('packages to judge', () => {
    it('are found by their keys, which may change', async () => {
      await on.put(1, [openssl, zlib, bash])
      const key = (name: string, scope = 'debian:12') => ({ scope, name })
      const names = async (...keys: ReturnType<typeof key>[]) =>
        (await on.fleet.packagesByKeys(keys, 0, 10)).map((one) => one.package.package.name).sort()
      expect(await names(key('zlib'), key('bash'), key('none'), key('openssl', 'debian:11'))).toEqual(['bash', 'zlib'])
      expect(await names()).toEqual([])
      const packages = await on.all()
      expect(
        await on.fleet.packagesByKeys(
          ['zlib', 'bash'].map((name) => key(name)),
          packages[1]!.number,
          10,
        ),
      ).toEqual(packages.slice(2).filter((one) => one.package.package.name !== 'openssl'))
      const keys = ['bash', 'zlib', 'openssl'].map((name) => key(name))
      expect(await on.fleet.packagesByKeys(keys, 0, 2)).toEqual(packages.slice(0, 2))
      await on.fleet.judge(on.operation, 'rules 1', packages, async () =>
        packages.map((one) =>
          judgement(one, [], { keys: [key('all'), key('all'), key(one.package.package.name, 'x')] }),
        ),
      )
      expect(await names(key('zlib'))).toEqual([])
      expect(await names(key('all'))).toEqual(['bash', 'openssl', 'zlib'])
      expect(await names(key('zlib', 'x'))).toEqual(['zlib'])
    })

    it('are found by the rules that they were judged by', async () => {
      await on.put(1, [openssl])
      const unjudged = await on.fleet.putImage(fleetImage(2), [[zlib, bash]])
      expect(await on.fleet.packagesOfOtherRules('rules 1', 0, 10)).toEqual(unjudged)
      expect(await on.fleet.packagesOfOtherRules('rules 2', 0, 10)).toEqual(await on.all())
      expect(await on.fleet.packagesOfOtherRules('rules 2', 0, 2)).toEqual((await on.all()).slice(0, 2))
      expect(await on.fleet.packagesOfOtherRules('rules 2', (await on.all())[1]!.number, 2)).toEqual(
        (await on.all()).slice(2),
      )
      await judgeAs(on.fleet, on.operation, await on.all(), () => [], 'rules 2')
      expect(await on.fleet.packagesOfOtherRules('rules 2', 0, 10)).toEqual([])
      expect(await on.fleet.packagesOfOtherRules('rules 1', 0, 10)).toEqual(await on.all())
    })
  })

  describe('operations', () => {
    it('are carried on with until they end', async () => {
      expect(await on.fleet.begin(ofImage)).toEqual(on.operation)
      await on.fleet.end(on.operation)
      expect(await on.fleet.begin(ofImage)).toEqual(on.operation)
      const begun = await on.fleet.begin(ofData)
      expect(begun).toMatchObject({ cause: ofData, endedAt: null })
      expect(await on.fleet.begin({ ...ofData, to: 2 })).toEqual(begun)
      const other = await on.fleet.begin({ ...ofData, feed: 'other' })
      expect(other.number).toBeGreaterThan(begun.number)
      expect(await on.fleet.judgedGenerations()).toEqual(new Map())
      await on.fleet.end(begun)
      expect(await on.fleet.judgedGenerations()).toEqual(new Map([['debian', 1]]))
      const next = await on.fleet.begin({ ...ofData, from: 1, to: 2 })
      expect(next).toMatchObject({ cause: { ...ofData, from: 1, to: 2 }, endedAt: null })
      await on.fleet.end(next)
      expect(await on.fleet.judgedGenerations()).toEqual(new Map([['debian', 2]]))
      const listed = await on.fleet.operations(on.operation.number, 10)
      expect(listed.map(({ number, endedAt }) => [number, endedAt !== null])).toEqual([
        [begun.number, true],
        [other.number, false],
        [next.number, true],
      ])
      expect(await on.fleet.operations(begun.number, 1)).toEqual([other])
    })

    it('of other rules end when some of new ones begin', async () => {
      const old = await on.fleet.begin({ kind: 'rules', rules: 'one' })
      expect(await on.fleet.begin({ kind: 'rules', rules: 'one' })).toEqual(old)
      const begun = await on.fleet.begin({ kind: 'rules', rules: 'two' })
      expect(begun).toMatchObject({ cause: { kind: 'rules', rules: 'two' } })
      const [ended] = await on.fleet.operations(on.operation.number, 1)
      expect(ended).toMatchObject({ number: old.number, cause: old.cause, endedAt: expect.any(String) })
    })

    it('tell what they changed in which images, page by page', async () => {
      await on.put(1, [zlib, bash], ['CVE-1'])
      await on.put(2, [openssl], ['CVE-1'])
      await on.put(3, [zlib, openssl])
      const begun = await on.fleet.begin(ofData)
      await judgeAs(on.fleet, begun, await on.all(), ({ package: { name } }) =>
        name === 'zlib' ? ['CVE-2'] : ['CVE-1'],
      )
      const page = await on.fleet.affected(begun.number, { after: undefined, limit: 1 })
      expect(page.items.map(({ digest }) => digest)).toEqual([digestOfNumber(1)])
      expect(page.items[0]!.events.map(({ change, finding: { id } }) => `${change} ${id}`)).toEqual([
        'closed CVE-1',
        'opened CVE-2',
      ])
      expect(page.items[0]!.events[0]).toMatchObject({ package: zlib, cause: ofData, operation: begun.number })
      const rest = await on.fleet.affected(begun.number, { after: page.next, limit: 1 })
      expect(rest).toMatchObject({ items: [{ digest: digestOfNumber(3) }], next: undefined })
      expect(await on.fleet.affected(on.operation.number, first)).toEqual({ items: [], next: undefined })
      expect(await on.fleet.affected(12345, first)).toEqual({ items: [], next: undefined })
    })
  })

  describe('sweeping', () => {
    it('removes what is in no image any more, and leaves what is', async () => {
      await on.put(1, [zlib, openssl], ['CVE-1'])
      await on.put(2, [zlib, bash], ['CVE-2'])
      await on.fleet.removeImages([digestOfNumber(1)])
      let packages = 0
      for (let more = true; more; ) {
        const part = await on.fleet.sweep('0')
        packages += part.packages
        more = part.more
      }
      expect(packages).toBe(1)
      expect((await on.all()).map((one) => one.package)).toEqual(expect.arrayContaining([zlib, bash]))
      expect(await on.idsIn(2)).toEqual(['bash CVE-2', 'zlib CVE-1'])
      expect((await on.fleet.imagesWithVulnerability('CVE-1', first)).items.map(({ digest }) => digest)).toEqual([
        digestOfNumber(2),
      ])
      expect((await on.fleet.putImage(fleetImage(1), [[zlib, openssl]])).map((one) => one.package)).toEqual([openssl])
    })

    it('removes images whose index reports are gone, after a while', async () => {
      const image = { ...indexReport.image, digest: digestOfNumber(1) }
      await on.store.index.putImage({ ...indexReport, image }, 'a@1', true)
      for (const number of [1, 2]) await on.put(number, [zlib])
      const { indexedAt } = fleetImage(1)
      expect(await on.fleet.sweep(indexedAt)).toMatchObject({ images: 0, more: false })
      expect(await on.fleet.sweep('2026-03-02')).toMatchObject({ images: 1, more: true })
      expect(await on.fleet.sweep('2026-03-02')).toMatchObject({ images: 0, more: false })
      expect((await on.fleet.images(first)).items).toEqual([fleetImage(1)])
    })

    it('removes closed findings that are old, and operations that nothing is left of', async () => {
      const image = { ...indexReport.image, digest: digestOfNumber(1) }
      await on.store.index.putImage({ ...indexReport, image }, 'a@1', true)
      await on.put(1, [zlib], ['CVE-1'])
      const begun = await on.fleet.begin(ofData)
      await judgeAs(on.fleet, begun, await on.all(), () => ['CVE-2'])
      await on.fleet.end(begun)
      const next = await on.fleet.begin({ ...ofData, from: 1, to: 2 })
      await judgeAs(on.fleet, next, await on.all(), () => ['CVE-3'])
      await on.fleet.end(next)
      expect(await on.fleet.sweep('2000')).toEqual({ images: 0, packages: 0, findings: 0, more: false })
      expect((await on.fleet.timeline(digestOfNumber(1), first)).items).toHaveLength(5)
      expect(await on.fleet.sweep('9999')).toEqual({ images: 0, packages: 0, findings: 2, more: true })
      expect(await on.fleet.sweep('9999')).toEqual({ images: 0, packages: 0, findings: 0, more: false })
      const { items } = await on.fleet.timeline(digestOfNumber(1), first)
      expect(items.map(({ change, finding: { id } }) => `${change} ${id}`)).toEqual(['opened CVE-3'])
      expect((await on.fleet.operations(0, 10)).map(({ number }) => number)).toEqual([on.operation.number, next.number])
    })
  })
}
