import { describe, expect, it } from 'vitest'
import type { FleetFinding, FleetOperation, NumberedPackage } from '../../src/core/fleet.ts'
import type { Gap } from '../../src/core/gap.ts'
import { digestOfNumber, fleetFinding, fleetImage, fleetPackage, judgeAs, judgement } from '../support/fleet.ts'
import { advisory, source, statement } from '../support/records.ts'
import type { OpenFleet } from './fleet-store.ts'

const never = new AbortController().signal
const first = { after: undefined, limit: 100 }
const ofData = { kind: 'data', feed: 'debian', from: 0, to: 1 } as const
const [openssl, zlib, bash] = [fleetPackage('openssl'), fleetPackage('zlib'), fleetPackage('bash')]

/** What is found in packages, opened and closed. */
export function testFleetFindings(on: OpenFleet): void {
  describe('findings', () => {
    it('say everything that judging found', async () => {
      const [one] = await on.fleet.putImage(fleetImage(1), [[zlib]])
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
      await on.fleet.judge(on.operation, 'rules', [one!], async () => [judgement(one!, findings, { gaps })])
      const [found] = (await on.fleet.findings(digestOfNumber(1)))!
      expect(found).toEqual({ ...one, judged: true, findings, gaps })
      await on.fleet.judge(on.operation, 'rules', [one!], async () => [judgement(one!, findings)])
      expect((await on.fleet.findings(digestOfNumber(1)))![0]).toEqual({ ...one, judged: true, findings, gaps: [] })
    })

    it('are opened and closed, with their causes, and stay where nothing changed', async () => {
      await on.put(1, [openssl, zlib], ['CVE-1', 'CVE-2'])
      const begun = await on.fleet.begin(ofData)
      const packages = await on.all()
      expect(await judgeAs(on.fleet, begun, packages, () => ['CVE-2', 'CVE-3'])).toEqual({ opened: 2, closed: 2 })
      expect(await judgeAs(on.fleet, begun, packages, () => ['CVE-2', 'CVE-3'])).toEqual({ opened: 0, closed: 0 })
      await on.fleet.end(begun)
      expect(await on.idsIn(1)).toEqual(['openssl CVE-2', 'openssl CVE-3', 'zlib CVE-2', 'zlib CVE-3'])
      const { items } = await on.fleet.timeline(digestOfNumber(1), first)
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
      expect(await on.fleet.timeline(digestOfNumber(2), first)).toEqual({ items: [], next: undefined })
    })

    it('that say something else are closed, and opened as they are now', async () => {
      await on.put(1, [zlib], ['CVE-1'])
      const changed = fleetFinding('CVE-1', zlib, { fixedIn: '3' })
      const begun = await on.fleet.begin(ofData)
      const judge = async () => (await on.all()).map((one) => judgement(one, [changed]))
      expect(await on.fleet.judge(begun, 'rules 1', await on.all(), judge)).toEqual({ opened: 1, closed: 1 })
      expect((await on.fleet.findings(digestOfNumber(1)))![0]!.findings).toEqual([changed])
      const { items } = await on.fleet.timeline(digestOfNumber(1), first)
      expect(items.map(({ change, finding }) => [change, finding.fixedIn])).toEqual([
        ['opened', '3'],
        ['closed', '2'],
        ['opened', '2'],
      ])
    })

    it('that are only described otherwise are no event', async () => {
      await on.put(1, [zlib], ['CVE-1'])
      const state = await on.fleet.state(digestOfNumber(1))
      const described = fleetFinding('CVE-1', zlib, { description: 'another', links: [] })
      const judge = async () => (await on.all()).map((one) => judgement(one, [described]))
      expect(await on.fleet.judge(on.operation, 'rules 1', await on.all(), judge)).toEqual({ opened: 0, closed: 0 })
      expect((await on.fleet.findings(digestOfNumber(1)))![0]!.findings).toEqual([described])
      expect(await on.fleet.state(digestOfNumber(1))).not.toBe(state)
      expect((await on.fleet.timeline(digestOfNumber(1), first)).items).toHaveLength(1)
    })

    it('have a state that stays while they do, for the images that have them only', async () => {
      await on.put(1, [zlib], ['CVE-1'])
      await on.put(2, [bash])
      const states = () => Promise.all([1, 2].map((number) => on.fleet.state(digestOfNumber(number))))
      const before = await states()
      await judgeAs(on.fleet, on.operation, await on.all(), ({ package: { name } }) =>
        name === 'zlib' ? ['CVE-1'] : [],
      )
      expect(await states()).toEqual(before)
      await judgeAs(on.fleet, on.operation, await on.all(), ({ package: { name } }) =>
        name === 'zlib' ? ['CVE-2'] : [],
      )
      const after = await states()
      expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true])
      await on.fleet.putImage(fleetImage(2), [[zlib]])
      expect((await states())[1]).not.toBe(after[1])
      await on.store.advisories.import(source([advisory('CVE-1', [statement('debian:12', 'a', '1')])]), never)
      expect((await states())[0]).not.toBe(after[0])
    })

    it('are judged again if the data changes while they are judged', async () => {
      const unjudged = await on.fleet.putImage(fleetImage(1), [[zlib]])
      let calls = 0
      await on.fleet.judge(on.operation, 'rules', unjudged, async (packages) => {
        calls++
        if (calls === 1) {
          await on.store.advisories.import(source([advisory('CVE-1', [statement('debian:12', 'zlib', '2')])]), never)
        }
        return packages.map((one) => judgement(one, [fleetFinding(`CVE-${calls}`, zlib)]))
      })
      expect(calls).toBe(2)
      expect(await on.idsIn(1)).toEqual(['zlib CVE-2'])
      expect((await on.fleet.timeline(digestOfNumber(1), first)).items).toHaveLength(1)
    })

    describe('while the data never stops changing', () => {
      let calls = 0
      /** Judges while the data changes, each time anew. */
      async function judgeAmid(begun: FleetOperation, packages: readonly NumberedPackage[]) {
        calls = 0
        return on.fleet.judge(begun, 'rules 2', packages, async (asked) => {
          const record = advisory(`CVE-${++calls}`, [statement('debian:12', 'zlib', '2')])
          await on.store.advisories.import(source([record], { fingerprint: `${calls}` }), never)
          return asked.map((one) => judgement(one, [fleetFinding(`CVE-${calls}`, one.package)]))
        })
      }

      it('are judged a few times, and of a new image left to who judges again, with what was found last', async () => {
        const unjudged = await on.fleet.putImage(fleetImage(1), [[zlib]])
        expect(await judgeAmid(on.operation, unjudged)).toEqual({ opened: 1, closed: 0 })
        expect(calls).toBeLessThan(10)
        expect(await on.idsIn(1)).toEqual([`zlib CVE-${calls}`])
        expect(await on.fleet.unjudgedPackages(0, 10)).toEqual(unjudged)
        await judgeAs(on.fleet, on.operation, unjudged, () => ['CVE-0'])
        expect(await on.idsIn(1)).toEqual(['zlib CVE-0'])
        expect(await on.fleet.unjudgedPackages(0, 10)).toEqual([])
        expect((await on.fleet.timeline(digestOfNumber(1), first)).items).toHaveLength(3)
      })

      it('are not replaced by that where others have judged them meanwhile', async () => {
        const unjudged = await on.fleet.putImage(fleetImage(1), [[zlib]])
        await judgeAs(on.fleet, on.operation, unjudged, () => ['CVE-0'])
        expect(await judgeAmid(on.operation, unjudged)).toEqual({ opened: 0, closed: 0 })
        expect(await on.idsIn(1)).toEqual(['zlib CVE-0'])
      })

      it('are written by who judges again: what has changed since is his next work', async () => {
        await on.put(1, [zlib], ['CVE-0'])
        expect(await judgeAmid(await on.fleet.begin(ofData), await on.all())).toEqual({ opened: 1, closed: 1 })
        expect(await on.idsIn(1)).toEqual([`zlib CVE-${calls}`])
        expect(await on.fleet.packagesOfOtherRules('rules 2', 0, 10)).toEqual([])
      })
    })

    it('what cannot be found leaves everything as it was', async () => {
      await on.put(1, [zlib], ['CVE-1'])
      const fails = on.fleet.judge(on.operation, 'rules 2', await on.all(), () => Promise.reject(new Error('no')))
      await expect(fails).rejects.toThrow('no')
      expect(await on.idsIn(1)).toEqual(['zlib CVE-1'])
      expect(await on.fleet.packagesOfOtherRules('rules 1', 0, 10)).toEqual([])
    })

    it('are judged for some vulnerabilities only: others stay, and so do gaps and keys', async () => {
      await on.put(1, [zlib], ['CVE-1', 'CVE-2', 'CVE-3'])
      const [one] = await on.all()
      const begun = await on.fleet.begin(ofData)
      const judged = await on.fleet.judge(begun, 'rules 1', [one!], async (_, whole) => {
        expect(whole.size).toBe(0)
        const findings = [fleetFinding('CVE-2', zlib, { fixedIn: '3' }), fleetFinding('CVE-4', zlib)]
        return [judgement(one!, findings, { keys: [], only: ['CVE-1', 'CVE-2', 'CVE-4', 'CVE-5'] })]
      })
      expect(judged).toEqual({ opened: 2, closed: 2 })
      expect(await on.idsIn(1)).toEqual(['zlib CVE-2', 'zlib CVE-3', 'zlib CVE-4'])
      const [found] = (await on.fleet.findings(digestOfNumber(1)))!
      expect(new Map(found!.findings.map(({ id, fixedIn }) => [id, fixedIn])).get('CVE-2')).toBe('3')
      expect(await on.fleet.packagesByKeys([{ scope: 'debian:12', name: 'zlib' }], 0, 10)).toEqual([one])
      expect(await on.fleet.packagesOfOtherRules('rules 1', 0, 10)).toEqual([])
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
      const [one] = await on.fleet.putImage(fleetImage(1), [[zlib]])
      const before = judgement(one!, [fleetFinding('CVE-1', zlib, more), fleetFinding('CVE-2', zlib)], { gaps })
      await on.fleet.judge(on.operation, 'rules', [one!], async () => [before])
      const asked: (readonly number[])[] = []
      await on.fleet.judge(on.operation, rules, [one!], async (_packages, whole) => {
        asked.push([...whole])
        const some = judgement(one!, [], { keys: [], only: [id, 'CVE-3'] })
        return [whole.has(one!.number) ? judgement(one!, [fleetFinding('CVE-3', zlib)]) : some]
      })
      expect(asked).toEqual([[], [one!.number]])
      expect(await on.idsIn(1)).toEqual(['zlib CVE-3'])
      expect((await on.fleet.findings(digestOfNumber(1)))![0]!.gaps).toEqual([])
      expect(await on.fleet.packagesOfOtherRules(rules, 0, 10)).toEqual([])
    })

    it('packages that are gone meanwhile are left out', async () => {
      await on.put(1, [zlib], ['CVE-1'])
      const packages = await on.all()
      await on.fleet.removeImages([digestOfNumber(1)])
      while ((await on.fleet.sweep('0')).more);
      expect(await judgeAs(on.fleet, on.operation, packages, () => ['CVE-2'])).toEqual({ opened: 0, closed: 0 })
    })
  })
}
