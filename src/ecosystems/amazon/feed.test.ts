import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { readFeed, shown } from '../../../test/support/feeds.ts'
import { judgeBy, releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import type { Feed } from '../../core/feed.ts'
import { amazon } from './index.ts'

const mirror = join(import.meta.dirname, 'testdata')

function feedOf(id: string): Feed {
  return amazon.feeds().find((feed) => feed.id === id)!
}

describe('the updates of Amazon Linux', async () => {
  const { advisories, gaps, statement } = await readFeed(feedOf('amazon-2'), mirror)

  it('tell what is known of an advisory, and which vulnerabilities it covers', () => {
    expect(advisories[0]!.vulnerability).toEqual({
      id: 'ALAS2-2099-1',
      covers: ['CVE-2099-0001', 'CVE-2099-0002'],
      aliases: [],
      description:
        'Package updates are available for Amazon Linux 2 that fix the following vulnerabilities:\nCVE-2099-0001:\n\tA flaw.',
      ratings: [{ severity: 'high', source: 'amazon', original: 'important' }],
      links: [
        'https://alas.aws.amazon.com/AL2/ALAS2-2099-1.html',
        'https://access.redhat.com/errata/RHSA-2099:0001.html',
      ],
      published: '2099-01-02T03:04:05Z',
      modified: '2099-02-03T04:05:06Z',
    })
  })

  it.each([
    ['the same on all architectures', 'sample', 'ALAS2-2099-1', 'fixed 1:1.0-3.amzn2'],
    ['no architecture', 'sample-doc', 'ALAS2-2099-1', 'fixed 1:1.0-3.amzn2'],
    ['one architecture', 'differs arch=x86_64', 'ALAS2-2099-2', 'fixed 2.0-1.amzn2'],
    ['another one', 'differs arch=aarch64', 'ALAS2-2099-2', 'fixed 2.0-2.amzn2'],
    ['what the others do not have', 'microcode arch=x86_64', 'ALAS2-2099-2', 'fixed 2.1-5.amzn2'],
    ['an advisory without CVE', 'no-cve', 'ALAS2-2099-3', 'fixed 1-1.amzn2'],
  ])('%s', (_what, name, id, expected) => {
    expect(shown(statement(name, id, 'amazon:2'))).toBe(expected)
  })

  it('leave out what is not about security, and debug packages', () => {
    expect(advisories.map(({ vulnerability }) => vulnerability.id)).not.toContain('ALAS2-2099-4')
    const names = advisories.flatMap(({ statements }) => statements).map(({ key }) => key.name)
    expect(names.filter((name) => name.includes('debug'))).toEqual([])
  })

  it('leave gaps for updates that cannot be read', () => {
    expect(gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      'ALAS2-2099-5: It was left out: the package "broken" has no name, version or architecture.',
      'update 6: It was left out: it has no id.',
    ])
  })
})

describe('AL2 extras topics', async () => {
  const sources = ['amazon-2', 'amazon-2-postgresql14', 'amazon-2-livepatch'].map(feedOf)
  const reported = await judgeBy(amazon, releaseNamed('amzn', '2'), sources, mirror)

  it.each([
    [
      'a package of the topic',
      'postgresql 14.7-1.amzn2.0.1',
      'CVE-2099-0008',
      'fixed 14.8-1.amzn2.0.1 by ALAS2POSTGRESQL14-2099-001',
    ],
    ['a fixed one', 'postgresql 14.8-1.amzn2.0.1', 'CVE-2099-0008', '-'],
    ['the package of the main repository', 'postgresql 9.2.24-8.amzn2', 'CVE-2099-0008', '-'],
    ['the package of another topic', 'postgresql 13.1-1.amzn2', 'CVE-2099-0008', '-'],
    [
      'a package of the topic that has other versions',
      'pgaudit 1.6.1-1.amzn2',
      'CVE-2099-0008',
      'fixed 1.6.2-1.amzn2 by ALAS2POSTGRESQL14-2099-001',
    ],
    [
      'a fix of the main repository',
      'postgresql 9.2.24-8.amzn2',
      'CVE-2099-0007',
      'fixed 9.2.24-9.amzn2 by ALAS2-2099-7',
    ],
    ['the same, and the package of a topic', 'postgresql 14.7-1.amzn2.0.1', 'CVE-2099-0007', '-'],
  ])('%s', (_what, pkg, id, expected) => {
    expect(reported(rpmPackage(pkg), id)).toBe(expected)
  })

  it('a live patch is a package of its own, on one architecture: it says nothing of kernels', () => {
    const patch = 'kernel-livepatch-4.14.355-275.582 1.0-1.amzn2'
    expect(reported(rpmPackage(`${patch} x86_64`), 'CVE-2099-0009')).toBe(
      'fixed 1.0-2.amzn2 by ALAS2LIVEPATCH-2099-001',
    )
    expect(reported(rpmPackage(`${patch} aarch64`), 'CVE-2099-0009')).toBe('-')
    expect(reported(rpmPackage('kernel 4.14.355-275.582.amzn2 x86_64'), 'CVE-2099-0009')).toBe('-')
  })
})

describe('Amazon Linux: first field of version; not 2/2022/2023 ⇒ 1; binary names', async () => {
  const reported = await judgeBy(amazon, releaseNamed('amzn', '2'), [feedOf('amazon-2')], mirror)

  it('the source is never what is compared', () => {
    const built = rpmPackage('sample 1:1.0-2.amzn2', { source: 'other 9-9.amzn2' })
    expect(reported(built, 'CVE-2099-0001')).toBe('fixed 1:1.0-3.amzn2 by ALAS2-2099-1')
    expect(reported(rpmPackage('part 0-1', { source: 'sample 1:1.0-2.amzn2' }), 'CVE-2099-0001')).toBe('-')
  })
})

describe.skipIf(feeds === undefined)('the updates of Amazon Linux, real data (skipped without CHIARO_FEEDS)', () => {
  it.each([
    ['amazon-1', 1811, 15_044],
    ['amazon-2', 1618, 14_237],
    ['amazon-2-kernel-5.10', 77, 688],
    ['amazon-2-livepatch', 197, 200],
    ['amazon-2023', 816, 6236],
  ])('%s: reads all of it', async (id, count, statements) => {
    const { advisories, gaps } = await readFeed(feedOf(id), feeds!)
    expect(gaps).toEqual([])
    expect(advisories.length).toBe(count)
    expect(advisories.reduce((sum, advisory) => sum + advisory.statements.length, 0)).toBe(statements)
  })
})
