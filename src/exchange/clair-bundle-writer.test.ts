import { describe, expect, it } from 'vitest'
import { advisory, gap, statement } from '../../test/support/records.ts'
import type { FeedRecord } from '../core/advisory.ts'
import { debianReleases } from '../ecosystems/debian/releases.ts'
import { ecosystems } from '../ecosystems/registry.ts'
import { distributionOf, feedOfUpdater, updaterOfFeed } from './clair-bundle-sources.ts'
import { clairFeeds, writeClairBundle } from './clair-bundle-writer.ts'
import type { ExportedFeed } from './data-set.ts'

async function* stream<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

type Content = readonly [Partial<ExportedFeed>, readonly FeedRecord[]]

describe('writing a bundle for Clair', () => {
  const feed: ExportedFeed = {
    id: 'debian',
    url: 'x',
    version: 1,
    fingerprint: 'f',
    checkedAt: '2026-01-02T03:04:05.678Z',
  }

  async function written(...feeds: readonly Content[]) {
    const text: string[] = []
    const exports = feeds.map(([rest, records]) => ({ feed: { ...feed, ...rest }, records: stream(records) }))
    for await (const part of writeClairBundle(exports)) text.push(part)
    return text.join('')
  }

  async function linesOf(...feeds: readonly Content[]) {
    return (await written(...feeds))
      .split('\n')
      .filter(Boolean)
      .map((each) => JSON.parse(each))
  }

  it('has the members and values of Clair, in the order of Go', async () => {
    const rating = { severity: 'low', source: 'debian', original: 'low' } as const
    const text = await written([{}, [advisory('CVE-2024-1', [statement('debian:12', 'openssl', '3.0', { rating })])]])
    expect(text).toBe(
      `${JSON.stringify({
        Updater: 'debian/updater',
        Fingerprint: 'f',
        Date: '2026-01-02T03:04:05.678Z',
        Ref: JSON.parse(text).Ref,
        Vuln: {
          id: '',
          updater: 'debian/updater',
          name: 'CVE-2024-1',
          description: 'about CVE-2024-1',
          issued: '0001-01-01T00:00:00Z',
          links: 'https://example.org/CVE-2024-1',
          severity: 'low',
          normalized_severity: 'Medium',
          package: { id: '', name: 'openssl', version: '', kind: 'source', normalized_version: '', cpe: '' },
          distribution: {
            id: '',
            version_code_name: 'bookworm',
            did: 'debian',
            name: 'Debian GNU/Linux',
            version: '12 (bookworm)',
            version_id: '12',
            pretty_name: 'Debian GNU/Linux 12 (bookworm)',
            arch: '',
            cpe: '',
          },
          fixed_in_version: '3.0',
          arch_op: 'invalid',
        },
        Kind: 'vulnerability',
      })}\n`,
    )
    expect(JSON.parse(text).Ref).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('is the same each time, with a reference for each operation', async () => {
    const records = [advisory('CVE-1', [statement('debian:12', 'a', '1')]), gap('x')]
    const other = [advisory('CVE-1', [statement('alpine:3.18', 'a', '1')])]
    const once = await written([{}, records], [{ id: 'alpine-3.18-main' }, other])
    expect(await written([{}, records], [{ id: 'alpine-3.18-main' }, other])).toBe(once)
    const refs = once
      .split('\n')
      .filter(Boolean)
      .map((each) => JSON.parse(each).Ref)
    expect(new Set(refs).size).toBe(2)
  })

  it.each([
    [
      'debian:12',
      'debian',
      ['debian', 'Debian GNU/Linux', '12 (bookworm)', 'bookworm', '12', 'Debian GNU/Linux 12 (bookworm)'],
    ],
    ['alpine:3.18', 'alpine-3.18-main', ['alpine', 'Alpine Linux', '3.18', '', '3.18', 'Alpine Linux v3.18']],
    ['alpine:edge', 'alpine-edge-main', ['alpine', 'Alpine Linux', 'edge', '', 'edge', 'Alpine Linux edge']],
    ['ubuntu:22.04', 'ubuntu-jammy', ['ubuntu', 'Ubuntu', '22.04 (Jammy)', 'jammy', '22.04', 'Ubuntu 22.04']],
    ['oracle:8', 'oracle-2023', ['ol', 'Oracle Linux Server', '8', 'Oracle Linux 8', '8', 'Oracle Linux Server 8']],
    ['amazon:1', 'amazon-1', ['amzn', 'Amazon Linux AMI', '2018.03', '', '2018.03', 'Amazon Linux AMI 2018.03']],
    ['amazon:2023', 'amazon-2023', ['amzn', 'Amazon Linux', '2023', '', '2023', 'Amazon Linux 2023']],
    ['photon:3.0', 'photon-3.0', ['photon', 'VMware Photon OS', '3.0', '', '3.0', 'VMware Photon OS/Linux']],
  ])('%s is the distribution that the scanner finds', (scope, id, expected) => {
    const { did, name, version, version_code_name, version_id, pretty_name } = distributionOf(scope, id)!
    expect([did, name, version, version_code_name, version_id, pretty_name]).toEqual(expected)
  })

  it('knows the same codenames of Debian as the ecosystem does', () => {
    for (const { number, codename } of debianReleases.filter((release) => Number(release.number) >= 7)) {
      const distribution = distributionOf(`debian:${number}`, 'debian')
      if (Number(number) < 15) expect(distribution?.version_code_name).toBe(codename)
    }
    expect(distributionOf('debian:sid', 'debian')).toBeUndefined()
  })

  it.each([
    ['unimportant', 'negligible', 'Low'],
    ['low', 'low', 'Medium'],
    ['medium', 'medium', 'High'],
    ['high', 'high', 'Critical'],
    ['not yet assigned', 'unknown', 'Unknown'],
  ] as const)('Debian means %s one level lower than Clair', async (original, severity, normalized) => {
    const rating = { severity, source: 'debian', original }
    const [only] = await linesOf([{}, [advisory('CVE-1', [statement('debian:12', 'a', '1', { rating })])]])
    expect([only.Vuln.severity, only.Vuln.normalized_severity]).toEqual([original, normalized])
  })

  it('says states as Clair does', async () => {
    const key = { scope: 'debian:12', name: 'a' }
    const said = async (id: string, own: Parameters<typeof advisory>[1][number]) =>
      (await linesOf([{ id }, [advisory('CVE-1', [own])]])).map(({ Vuln }) => Vuln.fixed_in_version)
    for (const fix of ['open', 'deferred', 'will-not-fix', 'end-of-life', 'undetermined'] as const) {
      expect(await said('debian', { key, fix })).toEqual([''])
    }
    expect(await said('debian', { key, fix: 'not-affected' })).toEqual(['0'])
    expect(await said('alpine-3.18-main', { key: { scope: 'alpine:3.18', name: 'a' }, fix: 'not-affected' })).toEqual([
      '0',
    ])
    expect(await said('ubuntu-jammy', { key: { scope: 'ubuntu:22.04', name: 'a' }, fix: 'not-affected' })).toEqual([])
    expect(await said('debian', { key: { scope: 'debian:sid', name: 'a' }, fix: 'open' })).toEqual([])
    const ranges = [{ fixed: '1' }, { fixed: '2' }]
    expect(await said('oracle-2023', { key: { scope: 'oracle:8', name: 'a' }, fix: 'fixed', ranges })).toEqual([
      '1',
      '2',
    ])
  })

  it('names what an advisory covers in its links, and what it is limited to in the package', async () => {
    const name = 'npm module=nodejs:18 arch=x86_64'
    const erratum = advisory('ELSA-2023-1', [statement('oracle:8', name, '1')])
    const covers = ['CVE-2023-1234']
    const [only] = await linesOf([
      { id: 'oracle-2023' },
      [{ ...erratum, vulnerability: { ...erratum.vulnerability, covers } }],
    ])
    expect(only.Vuln.links).toBe('https://example.org/ELSA-2023-1 https://www.cve.org/CVERecord?id=CVE-2023-1234')
    expect(only.Vuln).toMatchObject({
      package: { name: 'npm', kind: 'binary', module: 'nodejs:18', arch: 'x86_64' },
      arch_op: 'equals',
    })
  })

  it('sorts out the feeds that Clair has no updater for', () => {
    const sorted = (ids: readonly string[]) => {
      const { known, others } = clairFeeds(ids.map((id) => ({ feed: { ...feed, id }, records: stream([]) })))
      return { known: known.map((item) => item.feed.id), others }
    }
    const known = ['debian', 'alpine-edge-main', 'epss', 'kev', 'ubuntu-jammy', 'amazon-2', 'oracle-2023', 'photon-3.0']
    const others = ['alma', 'nvd-2017', 'rhel-vex', 'debian-dsa', 'ubuntu-jammy-usn', 'amazon-2-docker', 'suse']
    expect(sorted([...known, ...others])).toEqual({ known, others })
    const all = sorted(ecosystems.flatMap((ecosystem) => ecosystem.feeds()).map(({ id }) => id))
    for (const id of all.known) expect(feedOfUpdater(updaterOfFeed(id)!), id).toBe(id)
  })
})
