import { describe, expect, it } from 'vitest'
import type { FleetPackage, ImagesRequest } from '../../src/core/fleet.ts'
import { digestOfNumber, fleetImage, fleetPackage, judgeAs } from '../support/fleet.ts'
import type { OpenFleet } from './fleet-store.ts'

const first = { after: undefined, limit: 100 }
const [openssl, zlib, bash] = [fleetPackage('openssl'), fleetPackage('zlib'), fleetPackage('bash')]

/** Images of a fleet, and what they are asked for by. */
export function testFleetImages(on: OpenFleet): void {
  describe('images', () => {
    it('an empty fleet has nothing', async () => {
      expect(await on.fleet.image(digestOfNumber(1))).toBeUndefined()
      expect(await on.fleet.findings(digestOfNumber(1))).toBeUndefined()
      expect(await on.fleet.state(digestOfNumber(1))).toBeUndefined()
      expect(await on.fleet.images(first)).toEqual({ items: [], next: undefined })
      expect(await on.fleet.imagesWithVulnerability('CVE-1', first)).toEqual({ items: [], next: undefined })
      expect(await on.fleet.imagesWithPackage('zlib', first)).toEqual({ items: [], next: undefined })
      expect(await on.fleet.timeline(digestOfNumber(1), first)).toEqual({ items: [], next: undefined })
      expect(await on.fleet.judgedGenerations()).toEqual(new Map())
      expect(await on.fleet.removeImages([digestOfNumber(1)])).toEqual([])
      expect(await on.fleet.operations(0, 10)).toEqual([on.operation])
      expect(await on.fleet.sweep('9999')).toEqual({ images: 0, packages: 0, findings: 0, more: false })
    })

    it('an image is as it was put, and gives the packages that were never judged, each once', async () => {
      const image = fleetImage(1, ['example.org/a:1', 'example.org/b:1'])
      const unjudged = await on.fleet.putImage(image, [[openssl, zlib], [zlib], []])
      expect(new Set(unjudged.map((one) => one.package))).toEqual(new Set([openssl, zlib]))
      expect(await on.fleet.image(image.digest)).toEqual(image)
      expect((await on.fleet.findings(image.digest))?.map(({ judged }) => judged)).toEqual([false, false])
      expect(await on.fleet.unjudgedPackages(0, 10)).toEqual(unjudged)
      expect(await on.fleet.unjudgedPackages(unjudged[0]!.number, 10)).toEqual(unjudged.slice(1))
      await judgeAs(on.fleet, on.operation, unjudged, () => [])
      expect(await on.fleet.unjudgedPackages(0, 10)).toEqual([])
      expect((await on.fleet.findings(image.digest))?.map(({ judged }) => judged)).toEqual([true, true])
      expect(await on.fleet.putImage(fleetImage(2), [[zlib, openssl]])).toEqual([])
      expect((await on.fleet.putImage(fleetImage(3), [[zlib, bash]])).map((one) => one.package)).toEqual([bash])
    })

    it('packages that differ in anything are two', async () => {
      const others = [
        fleetPackage('zlib', '2'),
        fleetPackage('zlib', '1', { repositories: ['a'] }),
        fleetPackage('zlib', '1', { repositories: ['a', 'b'] }),
        fleetPackage('zlib', '1', { release: { ...zlib.release, versionId: '13' } }),
        fleetPackage('zlib', '1', { package: { ...zlib.package, arch: 'arm64' } }),
        fleetPackage('zlib', '1', { package: { ...zlib.package, source: { name: 'zlib', version: '0' } } }),
        fleetPackage('zlib', '1', { package: { ...zlib.package, module: 'a:1' } }),
        fleetPackage('größe\0\x10 🦀\ud800'),
      ]
      const unjudged = await on.fleet.putImage(fleetImage(1), [[zlib, ...others, ...others]])
      const texts = (packages: readonly FleetPackage[]) => packages.map((pkg) => JSON.stringify(pkg)).sort()
      expect(texts(unjudged.map((one) => one.package))).toEqual(texts([zlib, ...others]))
    })

    it('put again it has what it was put with last, and all its names', async () => {
      await on.put(1, [openssl, zlib], ['CVE-1'])
      const image = { ...fleetImage(1, ['example.org/a:1']), indexedAt: '2026-04-01T00:00:00.000Z' }
      await on.fleet.putImage(image, [[zlib, openssl]])
      expect(await on.fleet.image(image.digest)).toEqual(fleetImage(1, ['example.org/a:1']))
      const later = { ...image, names: ['example.org/b:1'], analyzers: 'a@2' }
      await on.fleet.putImage(later, [[zlib]])
      expect(await on.fleet.image(image.digest)).toEqual({ ...later, names: ['example.org/a:1', 'example.org/b:1'] })
      expect(await on.idsIn(1)).toEqual(['zlib CVE-1'])
    })

    it('a name goes over to the image that was put with it last', async () => {
      await on.fleet.putImage(fleetImage(1, ['example.org/a:1', 'example.org/a:latest']), [[zlib]])
      await on.fleet.putImage(fleetImage(2, ['example.org/a:2', 'example.org/a:latest']), [[zlib]])
      expect((await on.fleet.image(digestOfNumber(1)))?.names).toEqual(['example.org/a:1'])
      expect((await on.fleet.image(digestOfNumber(2)))?.names).toEqual(['example.org/a:2', 'example.org/a:latest'])
    })

    it('are listed in the order in which they came, page by page', async () => {
      for (const number of [3, 1, 2]) await on.fleet.putImage(fleetImage(number), [[zlib]])
      const page = await on.fleet.images({ after: undefined, limit: 2 })
      expect(page.items).toEqual([fleetImage(3), fleetImage(1)])
      expect(page.next!.length).toBeLessThanOrEqual(200)
      expect(await on.fleet.images({ after: page.next, limit: 2 })).toEqual({ items: [fleetImage(2)], next: undefined })
    })

    it('are listed the other way round, and by a part of their names', async () => {
      for (const number of [3, 1, 2])
        await on.fleet.putImage(fleetImage(number, [`example.org/a%_:${number}`]), [[zlib]])
      const digests = async (request: Partial<ImagesRequest>) => {
        const { items, next } = await on.fleet.images({ after: undefined, limit: 2, ...request })
        return [items.map(({ digest }) => digest), next] as const
      }
      const [newest, next] = await digests({ newestFirst: true })
      expect(newest).toEqual([2, 1].map(digestOfNumber))
      expect(await digests({ newestFirst: true, after: next })).toEqual([[digestOfNumber(3)], undefined])
      expect(await digests({ name: 'a%_:1' })).toEqual([[digestOfNumber(1)], undefined])
      expect(await digests({ name: 'org/a', newestFirst: true, after: next })).toEqual([[digestOfNumber(3)], undefined])
      expect(await digests({ name: 'a%:' })).toEqual([[], undefined])
      await on.fleet.putImage(fleetImage(4), [[zlib]])
      expect(await digests({ name: '' })).toMatchObject([[digestOfNumber(3), digestOfNumber(1)], expect.any(String)])
    })

    it.each(['2147483648', '999999999999999', '-1', ' 1', 'x', '1e3'])('do not go on after %j', async (after) => {
      await expect(on.fleet.images({ after, limit: 1 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
      await expect(on.fleet.imagesWithPackage('zlib', { after, limit: 1 })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      })
    })

    it('a timeline goes on after any number', async () => {
      const request = { after: '2026-01-01T00:00:00Z 999999999 999999999999999 0', limit: 1 }
      expect(await on.fleet.timeline(digestOfNumber(1), request)).toEqual({ items: [], next: undefined })
    })

    it('are forgotten', async () => {
      await on.put(1, [zlib], ['CVE-1'])
      await on.fleet.putImage(fleetImage(2, ['example.org/a:1']), [[zlib]])
      const digests = [2, 3, 2].map(digestOfNumber)
      expect(await on.fleet.removeImages(digests)).toEqual([digestOfNumber(2)])
      expect(await on.fleet.image(digestOfNumber(2))).toBeUndefined()
      expect((await on.fleet.imagesWithVulnerability('CVE-1', first)).items.map(({ digest }) => digest)).toEqual([
        digestOfNumber(1),
      ])
      await on.fleet.putImage(fleetImage(2), [[zlib]])
      expect((await on.fleet.image(digestOfNumber(2)))?.names).toEqual([])
    })
  })
}
