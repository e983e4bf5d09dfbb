import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  FleetFinding,
  FleetOperation,
  FleetPackage,
  FleetStore,
  ImagesRequest,
  NumberedPackage,
} from '../../src/core/fleet.ts'
import type { Gap } from '../../src/core/gap.ts'
import { limits } from '../../src/core/limits.ts'
import type { Store } from '../../src/core/store.ts'
import { digestOfNumber, fleetFinding, fleetImage, fleetPackage, judgeAs, judgement } from '../support/fleet.ts'
import { advisory, fact, source, statement } from '../support/records.ts'
import type { StoreSample } from './store.ts'
import { indexReport } from './store-samples.ts'

const never = new AbortController().signal
const first = { after: undefined, limit: 100 }
const [openssl, zlib, bash] = [fleetPackage('openssl'), fleetPackage('zlib'), fleetPackage('bash')]
const ofImage = { kind: 'image' } as const
const ofData = { kind: 'data', feed: 'debian', from: 0, to: 1 } as const

/** What every database must keep of a fleet. */
export function testFleetStore(name: string, create: () => Promise<StoreSample>, several: boolean): void {
  describe(`the fleet of ${name}`, () => {
    let sample: StoreSample
    let store: Store
    let fleet: FleetStore
    let operation: FleetOperation

    beforeEach(async () => {
      sample = await create()
      store = await sample.open()
      fleet = store.fleet
      operation = await fleet.begin(ofImage)
    })

    afterEach(async () => {
      const problems = await store.verify()
      await store[Symbol.asyncDispose]()
      await sample.remove()
      expect(problems).toEqual([])
    })

    /** Puts an image of one set, and judges what is new in it. */
    async function put(number: number, packages: readonly FleetPackage[], ids: readonly string[] = []): Promise<void> {
      const unjudged = await fleet.putImage(fleetImage(number), [packages])
      await judgeAs(fleet, operation, unjudged, () => ids)
    }

    async function idsIn(number: number): Promise<readonly string[] | undefined> {
      const found = await fleet.findings(digestOfNumber(number))
      return found?.flatMap(({ findings }) => findings.map(({ id, package: pkg }) => `${pkg} ${id}`)).sort()
    }

    async function all(): Promise<readonly NumberedPackage[]> {
      return fleet.packagesOfOtherRules(undefined, 0, 1000)
    }

    describe('images', () => {
      it('an empty fleet has nothing', async () => {
        expect(await fleet.image(digestOfNumber(1))).toBeUndefined()
        expect(await fleet.findings(digestOfNumber(1))).toBeUndefined()
        expect(await fleet.state(digestOfNumber(1))).toBeUndefined()
        expect(await fleet.images(first)).toEqual({ items: [], next: undefined })
        expect(await fleet.imagesWithVulnerability('CVE-1', first)).toEqual({ items: [], next: undefined })
        expect(await fleet.imagesWithPackage('zlib', first)).toEqual({ items: [], next: undefined })
        expect(await fleet.timeline(digestOfNumber(1), first)).toEqual({ items: [], next: undefined })
        expect(await fleet.judgedGenerations()).toEqual(new Map())
        expect(await fleet.removeImages([digestOfNumber(1)])).toEqual([])
        expect(await fleet.operations(0, 10)).toEqual([operation])
        expect(await fleet.sweep('9999')).toEqual({ images: 0, packages: 0, findings: 0, more: false })
      })

      it('an image is as it was put, and gives the packages that were never judged, each once', async () => {
        const image = fleetImage(1, ['example.org/a:1', 'example.org/b:1'])
        const unjudged = await fleet.putImage(image, [[openssl, zlib], [zlib], []])
        expect(new Set(unjudged.map((one) => one.package))).toEqual(new Set([openssl, zlib]))
        expect(await fleet.image(image.digest)).toEqual(image)
        expect((await fleet.findings(image.digest))?.map(({ judged }) => judged)).toEqual([false, false])
        expect(await fleet.unjudgedPackages(0, 10)).toEqual(unjudged)
        expect(await fleet.unjudgedPackages(unjudged[0]!.number, 10)).toEqual(unjudged.slice(1))
        await judgeAs(fleet, operation, unjudged, () => [])
        expect(await fleet.unjudgedPackages(0, 10)).toEqual([])
        expect((await fleet.findings(image.digest))?.map(({ judged }) => judged)).toEqual([true, true])
        expect(await fleet.putImage(fleetImage(2), [[zlib, openssl]])).toEqual([])
        expect((await fleet.putImage(fleetImage(3), [[zlib, bash]])).map((one) => one.package)).toEqual([bash])
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
        const unjudged = await fleet.putImage(fleetImage(1), [[zlib, ...others, ...others]])
        const texts = (packages: readonly FleetPackage[]) => packages.map((pkg) => JSON.stringify(pkg)).sort()
        expect(texts(unjudged.map((one) => one.package))).toEqual(texts([zlib, ...others]))
      })

      it('put again it has what it was put with last, and all its names', async () => {
        await put(1, [openssl, zlib], ['CVE-1'])
        const image = { ...fleetImage(1, ['example.org/a:1']), indexedAt: '2026-04-01T00:00:00.000Z' }
        await fleet.putImage(image, [[zlib, openssl]])
        expect(await fleet.image(image.digest)).toEqual(fleetImage(1, ['example.org/a:1']))
        const later = { ...image, names: ['example.org/b:1'], analyzers: 'a@2' }
        await fleet.putImage(later, [[zlib]])
        expect(await fleet.image(image.digest)).toEqual({ ...later, names: ['example.org/a:1', 'example.org/b:1'] })
        expect(await idsIn(1)).toEqual(['zlib CVE-1'])
      })

      it('a name goes over to the image that was put with it last', async () => {
        await fleet.putImage(fleetImage(1, ['example.org/a:1', 'example.org/a:latest']), [[zlib]])
        await fleet.putImage(fleetImage(2, ['example.org/a:2', 'example.org/a:latest']), [[zlib]])
        expect((await fleet.image(digestOfNumber(1)))?.names).toEqual(['example.org/a:1'])
        expect((await fleet.image(digestOfNumber(2)))?.names).toEqual(['example.org/a:2', 'example.org/a:latest'])
      })

      it('are listed in the order in which they came, page by page', async () => {
        for (const number of [3, 1, 2]) await fleet.putImage(fleetImage(number), [[zlib]])
        const page = await fleet.images({ after: undefined, limit: 2 })
        expect(page.items).toEqual([fleetImage(3), fleetImage(1)])
        expect(page.next!.length).toBeLessThanOrEqual(200)
        expect(await fleet.images({ after: page.next, limit: 2 })).toEqual({ items: [fleetImage(2)], next: undefined })
      })

      it('are listed the other way round, and by a part of their names', async () => {
        for (const number of [3, 1, 2])
          await fleet.putImage(fleetImage(number, [`example.org/a%_:${number}`]), [[zlib]])
        const digests = async (request: Partial<ImagesRequest>) => {
          const { items, next } = await fleet.images({ after: undefined, limit: 2, ...request })
          return [items.map(({ digest }) => digest), next] as const
        }
        const [newest, next] = await digests({ newestFirst: true })
        expect(newest).toEqual([2, 1].map(digestOfNumber))
        expect(await digests({ newestFirst: true, after: next })).toEqual([[digestOfNumber(3)], undefined])
        expect(await digests({ name: 'a%_:1' })).toEqual([[digestOfNumber(1)], undefined])
        expect(await digests({ name: 'org/a', newestFirst: true, after: next })).toEqual([
          [digestOfNumber(3)],
          undefined,
        ])
        expect(await digests({ name: 'a%:' })).toEqual([[], undefined])
        await fleet.putImage(fleetImage(4), [[zlib]])
        expect(await digests({ name: '' })).toMatchObject([[digestOfNumber(3), digestOfNumber(1)], expect.any(String)])
      })

      it.each(['2147483648', '999999999999999', '-1', ' 1', 'x', '1e3'])('do not go on after %j', async (after) => {
        await expect(fleet.images({ after, limit: 1 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
        await expect(fleet.imagesWithPackage('zlib', { after, limit: 1 })).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
        })
      })

      it('a timeline goes on after any number', async () => {
        const request = { after: '2026-01-01T00:00:00Z 999999999 999999999999999 0', limit: 1 }
        expect(await fleet.timeline(digestOfNumber(1), request)).toEqual({ items: [], next: undefined })
      })

      it('are forgotten', async () => {
        await put(1, [zlib], ['CVE-1'])
        await fleet.putImage(fleetImage(2, ['example.org/a:1']), [[zlib]])
        const digests = [2, 3, 2].map(digestOfNumber)
        expect(await fleet.removeImages(digests)).toEqual([digestOfNumber(2)])
        expect(await fleet.image(digestOfNumber(2))).toBeUndefined()
        expect((await fleet.imagesWithVulnerability('CVE-1', first)).items.map(({ digest }) => digest)).toEqual([
          digestOfNumber(1),
        ])
        await fleet.putImage(fleetImage(2), [[zlib]])
        expect((await fleet.image(digestOfNumber(2)))?.names).toEqual([])
      })
    })

    describe('findings', () => {
      it('say everything that judging found', async () => {
        const [one] = await fleet.putImage(fleetImage(1), [[zlib]])
        const findings = [
          fleetFinding('CVE-1', zlib),
          fleetFinding('größe\x10 🦀', zlib, {
            aliases: ['DSA-1', 'GHSA-1'],
            fixedIn: null,
            state: 'will-not-fix',
            severity: 'unknown',
            severitySource: '',
            cvss: [{ source: 'nvd', version: '3.1', vector: 'CVSS:3.1/AV:N', score: 9.8 }],
            weaknesses: ['CWE-79'],
            description: 'größer\0, 安全, 🦀\ud800',
            links: [],
            advisory: 'DSA-1',
            advisoryLink: 'https://example.org/DSA-1',
            note: '',
            setAside: 'a\0b',
          }),
          fleetFinding('CVE-3', zlib, { description: '' }),
        ]
        const gaps = [{ code: 'version-unreadable', where: 'zlib CVE-4', detail: '1 and \0.' }] as const
        await fleet.judge(operation, 'rules', [one!], async () => [judgement(one!, findings, { gaps })])
        const [found] = (await fleet.findings(digestOfNumber(1)))!
        expect(found).toEqual({ ...one, judged: true, findings, gaps })
        await fleet.judge(operation, 'rules', [one!], async () => [judgement(one!, findings)])
        expect((await fleet.findings(digestOfNumber(1)))![0]).toEqual({ ...one, judged: true, findings, gaps: [] })
      })

      it('are opened and closed, with their causes, and stay where nothing changed', async () => {
        await put(1, [openssl, zlib], ['CVE-1', 'CVE-2'])
        const begun = await fleet.begin(ofData)
        const packages = await all()
        expect(await judgeAs(fleet, begun, packages, () => ['CVE-2', 'CVE-3'])).toEqual({ opened: 2, closed: 2 })
        expect(await judgeAs(fleet, begun, packages, () => ['CVE-2', 'CVE-3'])).toEqual({ opened: 0, closed: 0 })
        await fleet.end(begun)
        expect(await idsIn(1)).toEqual(['openssl CVE-2', 'openssl CVE-3', 'zlib CVE-2', 'zlib CVE-3'])
        const { items } = await fleet.timeline(digestOfNumber(1), first)
        const events = items.map(({ change, cause, finding: { id, package: pkg } }) =>
          [change, cause.kind, pkg, id].join(' '),
        )
        expect(events.slice(0, 4).sort()).toEqual([
          'closed data openssl CVE-1',
          'closed data zlib CVE-1',
          'opened data openssl CVE-3',
          'opened data zlib CVE-3',
        ])
        expect(events.slice(4).sort()).toEqual([
          'opened image openssl CVE-1',
          'opened image openssl CVE-2',
          'opened image zlib CVE-1',
          'opened image zlib CVE-2',
        ])
        expect(items[0]).toMatchObject({ operation: begun.number, cause: ofData })
        expect(items[0]!.package).toEqual(items[0]!.finding.package === 'zlib' ? zlib : openssl)
        expect(await fleet.timeline(digestOfNumber(2), first)).toEqual({ items: [], next: undefined })
      })

      it('that say something else are closed, and opened as they are now', async () => {
        await put(1, [zlib], ['CVE-1'])
        const changed = fleetFinding('CVE-1', zlib, { fixedIn: '3' })
        const begun = await fleet.begin(ofData)
        const judge = async () => (await all()).map((one) => judgement(one, [changed]))
        expect(await fleet.judge(begun, 'rules 1', await all(), judge)).toEqual({ opened: 1, closed: 1 })
        expect((await fleet.findings(digestOfNumber(1)))![0]!.findings).toEqual([changed])
        const { items } = await fleet.timeline(digestOfNumber(1), first)
        expect(items.map(({ change, finding }) => [change, finding.fixedIn])).toEqual([
          ['opened', '3'],
          ['closed', '2'],
          ['opened', '2'],
        ])
      })

      it('that are only described otherwise are no event', async () => {
        await put(1, [zlib], ['CVE-1'])
        const state = await fleet.state(digestOfNumber(1))
        const described = fleetFinding('CVE-1', zlib, { description: 'another', links: [] })
        const judge = async () => (await all()).map((one) => judgement(one, [described]))
        expect(await fleet.judge(operation, 'rules 1', await all(), judge)).toEqual({ opened: 0, closed: 0 })
        expect((await fleet.findings(digestOfNumber(1)))![0]!.findings).toEqual([described])
        expect(await fleet.state(digestOfNumber(1))).not.toBe(state)
        expect((await fleet.timeline(digestOfNumber(1), first)).items).toHaveLength(1)
      })

      it('have a state that stays while they do, for the images that have them only', async () => {
        await put(1, [zlib], ['CVE-1'])
        await put(2, [bash])
        const states = () => Promise.all([1, 2].map((number) => fleet.state(digestOfNumber(number))))
        const before = await states()
        await judgeAs(fleet, operation, await all(), ({ package: { name } }) => (name === 'zlib' ? ['CVE-1'] : []))
        expect(await states()).toEqual(before)
        await judgeAs(fleet, operation, await all(), ({ package: { name } }) => (name === 'zlib' ? ['CVE-2'] : []))
        const after = await states()
        expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true])
        await fleet.putImage(fleetImage(2), [[zlib]])
        expect((await states())[1]).not.toBe(after[1])
        await store.advisories.import(source([advisory('CVE-1', [statement('debian:12', 'a', '1')])]), never)
        expect((await states())[0]).not.toBe(after[0])
      })

      it('are judged again if the data changes while they are judged', async () => {
        const unjudged = await fleet.putImage(fleetImage(1), [[zlib]])
        let calls = 0
        await fleet.judge(operation, 'rules', unjudged, async (packages) => {
          calls++
          if (calls === 1) {
            await store.advisories.import(source([advisory('CVE-1', [statement('debian:12', 'zlib', '2')])]), never)
          }
          return packages.map((one) => judgement(one, [fleetFinding(`CVE-${calls}`, zlib)]))
        })
        expect(calls).toBe(2)
        expect(await idsIn(1)).toEqual(['zlib CVE-2'])
        expect((await fleet.timeline(digestOfNumber(1), first)).items).toHaveLength(1)
      })

      describe('while the data never stops changing', () => {
        let calls = 0
        /** Judges while the data changes, each time anew. */
        async function judgeAmid(begun: FleetOperation, packages: readonly NumberedPackage[]) {
          calls = 0
          return fleet.judge(begun, 'rules 2', packages, async (asked) => {
            const record = advisory(`CVE-${++calls}`, [statement('debian:12', 'zlib', '2')])
            await store.advisories.import(source([record], { fingerprint: `${calls}` }), never)
            return asked.map((one) => judgement(one, [fleetFinding(`CVE-${calls}`, one.package)]))
          })
        }

        it('are judged a few times, and of a new image left to who judges again, with what was found last', async () => {
          const unjudged = await fleet.putImage(fleetImage(1), [[zlib]])
          expect(await judgeAmid(operation, unjudged)).toEqual({ opened: 1, closed: 0 })
          expect(calls).toBeLessThan(10)
          expect(await idsIn(1)).toEqual([`zlib CVE-${calls}`])
          expect(await fleet.unjudgedPackages(0, 10)).toEqual(unjudged)
          await judgeAs(fleet, operation, unjudged, () => ['CVE-0'])
          expect(await idsIn(1)).toEqual(['zlib CVE-0'])
          expect(await fleet.unjudgedPackages(0, 10)).toEqual([])
          expect((await fleet.timeline(digestOfNumber(1), first)).items).toHaveLength(3)
        })

        it('are not replaced by that where others have judged them meanwhile', async () => {
          const unjudged = await fleet.putImage(fleetImage(1), [[zlib]])
          await judgeAs(fleet, operation, unjudged, () => ['CVE-0'])
          expect(await judgeAmid(operation, unjudged)).toEqual({ opened: 0, closed: 0 })
          expect(await idsIn(1)).toEqual(['zlib CVE-0'])
        })

        it('are written by who judges again: what has changed since is his next work', async () => {
          await put(1, [zlib], ['CVE-0'])
          expect(await judgeAmid(await fleet.begin(ofData), await all())).toEqual({ opened: 1, closed: 1 })
          expect(await idsIn(1)).toEqual([`zlib CVE-${calls}`])
          expect(await fleet.packagesOfOtherRules('rules 2', 0, 10)).toEqual([])
        })
      })

      it('what cannot be found leaves everything as it was', async () => {
        await put(1, [zlib], ['CVE-1'])
        const fails = fleet.judge(operation, 'rules 2', await all(), () => Promise.reject(new Error('no')))
        await expect(fails).rejects.toThrow('no')
        expect(await idsIn(1)).toEqual(['zlib CVE-1'])
        expect(await fleet.packagesOfOtherRules('rules 1', 0, 10)).toEqual([])
      })

      it('are judged for some vulnerabilities only: others stay, and so do gaps and keys', async () => {
        await put(1, [zlib], ['CVE-1', 'CVE-2', 'CVE-3'])
        const [one] = await all()
        const begun = await fleet.begin(ofData)
        const judged = await fleet.judge(begun, 'rules 1', [one!], async (_, whole) => {
          expect(whole.size).toBe(0)
          const findings = [fleetFinding('CVE-2', zlib, { fixedIn: '3' }), fleetFinding('CVE-4', zlib)]
          return [judgement(one!, findings, { keys: [], only: ['CVE-1', 'CVE-2', 'CVE-4', 'CVE-5'] })]
        })
        expect(judged).toEqual({ opened: 2, closed: 2 })
        expect(await idsIn(1)).toEqual(['zlib CVE-2', 'zlib CVE-3', 'zlib CVE-4'])
        const [found] = (await fleet.findings(digestOfNumber(1)))!
        expect(new Map(found!.findings.map(({ id, fixedIn }) => [id, fixedIn])).get('CVE-2')).toBe('3')
        expect(await fleet.packagesByKeys([{ scope: 'debian:12', name: 'zlib' }], 0, 10)).toEqual([one])
        expect(await fleet.packagesOfOtherRules('rules 1', 0, 10)).toEqual([])
      })

      const joined: readonly (readonly [
        what: string,
        more: Partial<FleetFinding>,
        gaps: readonly Gap[],
        rules: string,
        id: string,
      ])[] = [
        ['were judged by other rules', {}, [], 'rules 2', 'CVE-1'],
        ['have a gap', {}, [{ code: 'version-unreadable', where: 'zlib', detail: '' }], 'rules', 'CVE-1'],
        ['have one of these that has another id', { aliases: ['DSA-1'] }, [], 'rules', 'CVE-1'],
        ['have another that has the id of one of these', { aliases: ['DSA-1'] }, [], 'rules', 'DSA-1'],
      ]
      it.each(joined)('are judged as a whole where they %s', async (_, more, gaps, rules, id) => {
        const [one] = await fleet.putImage(fleetImage(1), [[zlib]])
        const before = judgement(one!, [fleetFinding('CVE-1', zlib, more), fleetFinding('CVE-2', zlib)], { gaps })
        await fleet.judge(operation, 'rules', [one!], async () => [before])
        const asked: (readonly number[])[] = []
        await fleet.judge(operation, rules, [one!], async (_packages, whole) => {
          asked.push([...whole])
          const some = judgement(one!, [], { keys: [], only: [id, 'CVE-3'] })
          return [whole.has(one!.number) ? judgement(one!, [fleetFinding('CVE-3', zlib)]) : some]
        })
        expect(asked).toEqual([[], [one!.number]])
        expect(await idsIn(1)).toEqual(['zlib CVE-3'])
        expect((await fleet.findings(digestOfNumber(1)))![0]!.gaps).toEqual([])
        expect(await fleet.packagesOfOtherRules(rules, 0, 10)).toEqual([])
      })

      it('packages that are gone meanwhile are left out', async () => {
        await put(1, [zlib], ['CVE-1'])
        const packages = await all()
        await fleet.removeImages([digestOfNumber(1)])
        while ((await fleet.sweep('0')).more);
        expect(await judgeAs(fleet, operation, packages, () => ['CVE-2'])).toEqual({ opened: 0, closed: 0 })
      })
    })

    describe('packages to judge', () => {
      it('are found by their keys, which may change', async () => {
        await put(1, [openssl, zlib, bash])
        const key = (name: string, scope = 'debian:12') => ({ scope, name })
        const names = async (...keys: ReturnType<typeof key>[]) =>
          (await fleet.packagesByKeys(keys, 0, 10)).map((one) => one.package.package.name).sort()
        expect(await names(key('zlib'), key('bash'), key('none'), key('openssl', 'debian:11'))).toEqual([
          'bash',
          'zlib',
        ])
        expect(await names()).toEqual([])
        const packages = await all()
        expect(
          await fleet.packagesByKeys(
            ['zlib', 'bash'].map((name) => key(name)),
            packages[1]!.number,
            10,
          ),
        ).toEqual(packages.slice(2).filter((one) => one.package.package.name !== 'openssl'))
        const keys = ['bash', 'zlib', 'openssl'].map((name) => key(name))
        expect(await fleet.packagesByKeys(keys, 0, 2)).toEqual(packages.slice(0, 2))
        await fleet.judge(operation, 'rules 1', packages, async () =>
          packages.map((one) =>
            judgement(one, [], { keys: [key('all'), key('all'), key(one.package.package.name, 'x')] }),
          ),
        )
        expect(await names(key('zlib'))).toEqual([])
        expect(await names(key('all'))).toEqual(['bash', 'openssl', 'zlib'])
        expect(await names(key('zlib', 'x'))).toEqual(['zlib'])
      })

      it('are found by the rules that they were judged by', async () => {
        await put(1, [openssl])
        const unjudged = await fleet.putImage(fleetImage(2), [[zlib, bash]])
        expect(await fleet.packagesOfOtherRules('rules 1', 0, 10)).toEqual(unjudged)
        expect(await fleet.packagesOfOtherRules('rules 2', 0, 10)).toEqual(await all())
        expect(await fleet.packagesOfOtherRules('rules 2', 0, 2)).toEqual((await all()).slice(0, 2))
        expect(await fleet.packagesOfOtherRules('rules 2', (await all())[1]!.number, 2)).toEqual((await all()).slice(2))
        await judgeAs(fleet, operation, await all(), () => [], 'rules 2')
        expect(await fleet.packagesOfOtherRules('rules 2', 0, 10)).toEqual([])
        expect(await fleet.packagesOfOtherRules('rules 1', 0, 10)).toEqual(await all())
      })
    })

    describe('operations', () => {
      it('are carried on with until they end', async () => {
        expect(await fleet.begin(ofImage)).toEqual(operation)
        await fleet.end(operation)
        expect(await fleet.begin(ofImage)).toEqual(operation)
        const begun = await fleet.begin(ofData)
        expect(begun).toMatchObject({ cause: ofData, endedAt: null })
        expect(await fleet.begin({ ...ofData, to: 2 })).toEqual(begun)
        const other = await fleet.begin({ ...ofData, feed: 'other' })
        expect(other.number).toBeGreaterThan(begun.number)
        expect(await fleet.judgedGenerations()).toEqual(new Map())
        await fleet.end(begun)
        expect(await fleet.judgedGenerations()).toEqual(new Map([['debian', 1]]))
        const next = await fleet.begin({ ...ofData, from: 1, to: 2 })
        expect(next).toMatchObject({ cause: { ...ofData, from: 1, to: 2 }, endedAt: null })
        await fleet.end(next)
        expect(await fleet.judgedGenerations()).toEqual(new Map([['debian', 2]]))
        const listed = await fleet.operations(operation.number, 10)
        expect(listed.map(({ number, endedAt }) => [number, endedAt !== null])).toEqual([
          [begun.number, true],
          [other.number, false],
          [next.number, true],
        ])
        expect(await fleet.operations(begun.number, 1)).toEqual([other])
      })

      it('of other rules end when some of new ones begin', async () => {
        const old = await fleet.begin({ kind: 'rules', rules: 'one' })
        expect(await fleet.begin({ kind: 'rules', rules: 'one' })).toEqual(old)
        const begun = await fleet.begin({ kind: 'rules', rules: 'two' })
        expect(begun).toMatchObject({ cause: { kind: 'rules', rules: 'two' } })
        const [ended] = await fleet.operations(operation.number, 1)
        expect(ended).toMatchObject({ number: old.number, cause: old.cause, endedAt: expect.any(String) })
      })

      it('tell what they changed in which images, page by page', async () => {
        await put(1, [zlib, bash], ['CVE-1'])
        await put(2, [openssl], ['CVE-1'])
        await put(3, [zlib, openssl])
        const begun = await fleet.begin(ofData)
        await judgeAs(fleet, begun, await all(), ({ package: { name } }) => (name === 'zlib' ? ['CVE-2'] : ['CVE-1']))
        const page = await fleet.affected(begun.number, { after: undefined, limit: 1 })
        expect(page.items.map(({ digest }) => digest)).toEqual([digestOfNumber(1)])
        expect(page.items[0]!.events.map(({ change, finding: { id } }) => `${change} ${id}`)).toEqual([
          'closed CVE-1',
          'opened CVE-2',
        ])
        expect(page.items[0]!.events[0]).toMatchObject({ package: zlib, cause: ofData, operation: begun.number })
        const rest = await fleet.affected(begun.number, { after: page.next, limit: 1 })
        expect(rest).toMatchObject({ items: [{ digest: digestOfNumber(3) }], next: undefined })
        expect(await fleet.affected(operation.number, first)).toEqual({ items: [], next: undefined })
        expect(await fleet.affected(12345, first)).toEqual({ items: [], next: undefined })
      })
    })

    describe('questions', () => {
      it('which images have a vulnerability, by any of its ids', async () => {
        await put(1, [zlib, openssl])
        await put(2, [bash])
        await fleet.putImage(fleetImage(3, ['example.org/a:1']), [[bash], [openssl]])
        await fleet.judge(operation, 'rules', await all(), async (packages) =>
          packages.map((one) => {
            const found = ['CVE-1', 'CVE-2'].map((id) => fleetFinding(id, one.package, { aliases: ['DSA-1'] }))
            return judgement(one, one.package.package.name === 'zlib' ? [] : found)
          }),
        )
        for (const id of ['CVE-1', 'CVE-2', 'DSA-1']) {
          expect(await fleet.imagesWithVulnerability(id, first)).toEqual({
            items: [
              { ...fleetImage(1), packages: [openssl] },
              { ...fleetImage(2), packages: [bash] },
              { ...fleetImage(3, ['example.org/a:1']), packages: expect.toSatisfy((own) => own.length === 2) },
            ],
            next: undefined,
          })
        }
        const named = await fleet.imagesWithVulnerability('CVE-1', { ...first, package: 'openssl' })
        expect(named.items).toEqual([
          { ...fleetImage(1), packages: [openssl] },
          { ...fleetImage(3, ['example.org/a:1']), packages: [openssl] },
        ])
        expect((await fleet.imagesWithVulnerability('CVE', first)).items).toEqual([])
        await judgeAs(fleet, operation, await all(), () => ['CVE-2'])
        expect((await fleet.imagesWithVulnerability('CVE-1', first)).items).toEqual([])
        expect((await fleet.imagesWithVulnerability('DSA-1', first)).items).toEqual([])
        expect((await fleet.imagesWithVulnerability('CVE-2', first)).items).toHaveLength(3)
      })

      it('which images have a package', async () => {
        const newer = fleetPackage('zlib', '2')
        await put(1, [zlib, openssl])
        await put(2, [newer])
        await put(3, [newer, zlib])
        const digests = async (name: string, version?: string) =>
          (await fleet.imagesWithPackage(name, { ...first, ...(version === undefined ? {} : { version }) })).items.map(
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
          await judgeAs(fleet, operation, await fleet.putImage(fleetImage(number), sets), () => ['CVE-1'])
        }
        for (const limit of [1, 7, 59, 60, 61]) {
          const digests: string[] = []
          let after: string | undefined
          do {
            const page = await fleet.imagesWithVulnerability('CVE-1', { after, limit })
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
        await put(1, [zlib, openssl], ['CVE-1', 'CVE-2'])
        const begun = await fleet.begin(ofData)
        await judgeAs(fleet, begun, await all(), () => ['CVE-3'])
        const { items } = await fleet.timeline(digestOfNumber(1), first)
        expect(items).toHaveLength(10)
        for (const limit of [1, 3, 10]) {
          const read = []
          let after: string | undefined
          do {
            const page = await fleet.timeline(digestOfNumber(1), { after, limit })
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
        await expect(fleet.images(request)).rejects.toThrow(refused)
        await expect(fleet.imagesWithVulnerability('CVE-1', request)).rejects.toThrow(refused)
        await expect(fleet.imagesWithPackage('zlib', request)).rejects.toThrow(refused)
        await expect(fleet.timeline(digestOfNumber(1), request)).rejects.toThrow(refused)
        await expect(fleet.affected(1, request)).rejects.toThrow(refused)
      })
    })

    describe('sweeping', () => {
      it('removes what is in no image any more, and leaves what is', async () => {
        await put(1, [zlib, openssl], ['CVE-1'])
        await put(2, [zlib, bash], ['CVE-2'])
        await fleet.removeImages([digestOfNumber(1)])
        let packages = 0
        for (let more = true; more; ) {
          const part = await fleet.sweep('0')
          packages += part.packages
          more = part.more
        }
        expect(packages).toBe(1)
        expect((await all()).map((one) => one.package)).toEqual(expect.arrayContaining([zlib, bash]))
        expect(await idsIn(2)).toEqual(['bash CVE-2', 'zlib CVE-1'])
        expect((await fleet.imagesWithVulnerability('CVE-1', first)).items.map(({ digest }) => digest)).toEqual([
          digestOfNumber(2),
        ])
        expect((await fleet.putImage(fleetImage(1), [[zlib, openssl]])).map((one) => one.package)).toEqual([openssl])
      })

      it('removes images whose index reports are gone, after a while', async () => {
        const image = { ...indexReport.image, digest: digestOfNumber(1) }
        await store.index.putImage({ ...indexReport, image }, 'a@1', true)
        for (const number of [1, 2]) await put(number, [zlib])
        const { indexedAt } = fleetImage(1)
        expect(await fleet.sweep(indexedAt)).toMatchObject({ images: 0, more: false })
        expect(await fleet.sweep('2026-03-02')).toMatchObject({ images: 1, more: true })
        expect(await fleet.sweep('2026-03-02')).toMatchObject({ images: 0, more: false })
        expect((await fleet.images(first)).items).toEqual([fleetImage(1)])
      })

      it('removes closed findings that are old, and operations that nothing is left of', async () => {
        const image = { ...indexReport.image, digest: digestOfNumber(1) }
        await store.index.putImage({ ...indexReport, image }, 'a@1', true)
        await put(1, [zlib], ['CVE-1'])
        const begun = await fleet.begin(ofData)
        await judgeAs(fleet, begun, await all(), () => ['CVE-2'])
        await fleet.end(begun)
        const next = await fleet.begin({ ...ofData, from: 1, to: 2 })
        await judgeAs(fleet, next, await all(), () => ['CVE-3'])
        await fleet.end(next)
        expect(await fleet.sweep('2000')).toEqual({ images: 0, packages: 0, findings: 0, more: false })
        expect((await fleet.timeline(digestOfNumber(1), first)).items).toHaveLength(5)
        expect(await fleet.sweep('9999')).toEqual({ images: 0, packages: 0, findings: 2, more: true })
        expect(await fleet.sweep('9999')).toEqual({ images: 0, packages: 0, findings: 0, more: false })
        const { items } = await fleet.timeline(digestOfNumber(1), first)
        expect(items.map(({ change, finding: { id } }) => `${change} ${id}`)).toEqual(['opened CVE-3'])
        expect((await fleet.operations(0, 10)).map(({ number }) => number)).toEqual([operation.number, next.number])
      })
    })

    describe('changed keys', () => {
      const keysOf = async (from: number, to: number) => {
        const found = new Set<string>()
        for await (const keys of store.advisories.changedKeys('debian', from, to)) {
          for (const { scope, name } of keys) found.add(`${scope} ${name}`)
        }
        return [...found].sort()
      }

      it('are those of statements, descriptions and facts that changed', async () => {
        const same = advisory('CVE-1', [statement('debian:12', 'same', '1')])
        const about = (text: string) =>
          advisory('CVE-2', [statement('debian:12', 'described', '1'), statement('debian:11', 'described', '1')], text)
        await store.advisories.import(
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
        await store.advisories.import(
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
          for await (const keys of store.advisories.changedKeys('debian', from, to)) {
            for (const { name, vulnerabilities } of keys) found.set(name, vulnerabilities?.toSorted())
          }
          return found
        }
        const load = (records: ReturnType<typeof advisory>[], fingerprint: string) =>
          store.advisories.import(source([...records, fact(fingerprint, 1)], { fingerprint }), never)
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
        const [found] = await store.advisories.candidates([
          { scope: 'debian:12', name: 'many', vulnerabilities: ['CVE-größe \0\x10 "'] },
        ])
        expect(found?.vulnerability.id).toBe('CVE-größe \0\x10 "')
      })

      it('can be looked up by: only what is said of these vulnerabilities is found', async () => {
        const records = ['CVE-1', 'CVE-2', 'CVE-3'].map((id) =>
          advisory(id, [statement('debian:12', 'a', id), statement('debian:12', 'b', '1')]),
        )
        await store.advisories.import(source(records), never)
        const other = source([advisory('CVE-2', [statement('debian:12', 'a', '9')])], { id: 'other' })
        await store.advisories.import(other, never)
        const find = async (...keys: Parameters<typeof store.advisories.candidates>[0]) =>
          (await store.advisories.candidates(keys))
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
        expect(await find({ ...a, name: 'b', vulnerabilities: ['CVE-1'] }, a)).toEqual(
          [...ofA, 'debian b CVE-1'].sort(),
        )
      })

      it('come in batches, each of them', async () => {
        const records = Array.from({ length: 2500 }, (_, index) =>
          advisory(`CVE-${index}`, [statement('debian:12', `package-${index}`, '1')]),
        )
        await store.advisories.import(source(records), never)
        expect(await keysOf(0, 1)).toHaveLength(2500)
      })

      it('there are none of feeds and generations that are not there', async () => {
        await expect(keysOf(0, 1)).rejects.toThrow(expect.objectContaining({ code: 'FEED_UNKNOWN' }))
        await store.advisories.import(source([advisory('CVE-1', [statement('debian:12', 'a', '1')])]), never)
        await expect(keysOf(0, 2)).rejects.toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
      })
    })

    it.skipIf(!several)('several that put and judge the same at once make it once', async () => {
      const stores = await Promise.all(Array.from({ length: 4 }, () => sample.open()))
      try {
        const packages = Array.from({ length: 30 }, (_, index) => fleetPackage(`package-${index}`))
        const setsOf = (number: number) => [packages, packages.slice(number % 5), packages.slice(-(number % 3) - 1)]
        await Promise.all(
          stores.map(async ({ fleet: own }, place) => {
            for (let number = 0; number < 6; number++) {
              const image = (number + place) % 6
              const unjudged = await own.putImage(fleetImage(image, [`example.org/${number}`]), setsOf(image))
              await judgeAs(own, operation, unjudged, () => ['CVE-1', `CVE-${number % 2}`])
            }
          }),
        )
        expect(await all()).toHaveLength(30)
        const { items } = await fleet.images(first)
        expect(items).toHaveLength(6)
        for (const { digest } of items) expect(await fleet.findings(digest)).toHaveLength(30)
        expect(await fleet.unjudgedPackages(0, 10)).toEqual([])
      } finally {
        for (const own of stores) await own[Symbol.asyncDispose]()
      }
    })
  })
}
