import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { noFacts } from '../../core/ecosystem.ts'
import { amazon } from './index.ts'
import { lineOf, topics } from './topics.ts'

const release = releaseNamed('amzn', '2023')

testEcosystem(amazon, {
  release,
  derivative: { ...release, id: 'bottlerocket', idLike: ['amzn'] },
  package: rpmPackage('bash 5.2.15-1.amzn2023.0.2'),
  versions: ['1.0-1.amzn2', '1.0-1.amzn2.0.1', '1.0-1.amzn2.0.10', '1:0.9-1.amzn2'],
})

describe('the coverage of Amazon Linux', () => {
  it.each([
    ['2018.03', 'amazon:1', ['amazon-1'], '2024-01-01'],
    ['2014.09', 'amazon:1', ['amazon-1'], '2024-01-01'],
    [
      '2',
      'amazon:2',
      ['amazon-2', ...topics.map((topic) => `amazon-2-${topic.toLowerCase().replace('_', '-')}`)],
      '2026-07-01',
    ],
    ['2023', 'amazon:2023', ['amazon-2023', 'amazon-2023-livepatch'], '2029-07-01'],
    ['2023.6.20250123', 'amazon:2023', ['amazon-2023', 'amazon-2023-livepatch'], '2029-07-01'],
  ])('%s', (versionId, scope, feeds, endOfLife) => {
    const coverage = amazon.coverage(releaseNamed('amzn', versionId))!
    expect([coverage.scopes, coverage.feeds.map(({ id }) => id), coverage.endOfLife]).toEqual([
      [scope],
      feeds,
      endOfLife,
    ])
  })

  it.each(['2022', '2025', '20', ''])('is none for what is no release: %j', (versionId) => {
    expect(amazon.coverage(releaseNamed('amzn', versionId))).toBeUndefined()
  })

  it('has the addresses of today', () => {
    const urls = new Map(amazon.feeds().map(({ id, url }) => [id, url]))
    expect(urls.get('amazon-1')).toBe('https://repo.us-west-2.amazonaws.com/2018.03/updates/x86_64/mirror.list')
    expect(urls.get('amazon-2')).toBe('https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list')
    expect(urls.get('amazon-2-docker')).toBe('https://cdn.amazonlinux.com/2/extras/docker/latest/x86_64/mirror.list')
    expect(urls.get('amazon-2023')).toBe('https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list')
  })

  it('looks packages up by their own name, and with their architecture', () => {
    expect(amazon.keys(rpmPackage('bash 5.2-1 aarch64'), amazon.coverage(release)!, noFacts)).toEqual([
      { scope: 'amazon:2023', name: 'bash' },
      { scope: 'amazon:2023', name: 'bash arch=aarch64' },
    ])
  })

  it.each([
    ['ALAS-2018-939', 'https://alas.aws.amazon.com/ALAS-2018-939.html'],
    ['ALAS2-2018-939', 'https://alas.aws.amazon.com/AL2/ALAS2-2018-939.html'],
    ['ALAS2POSTGRESQL14-2023-001', 'https://alas.aws.amazon.com/AL2/ALAS2POSTGRESQL14-2023-001.html'],
    ['ALAS2023-2023-001', 'https://alas.aws.amazon.com/AL2023/ALAS2023-2023-001.html'],
  ])('links advisories: %s', (id, link) => {
    expect(amazon.advisoryLink!(id, 'amazon:2')).toBe(link)
  })
})

describe('the versions of a topic', () => {
  it.each([
    ['postgresql14', '14.8', '14'],
    ['postgresql14', '1.6.2', undefined],
    ['postgresql14', '141.0', undefined],
    ['kernel-5.10', '5.10.233', '5.10'],
    ['kernel-5.10', '5.1.3', undefined],
    ['lamp-mariadb10.2-php7.2', '7.2.34', '7.2'],
    ['lamp-mariadb10.2-php7.2', '10.2.38', '10.2'],
    ['nginx1', '1.22.1', '1'],
    ['docker', '25.0.6', undefined],
    ['mate-desktop1.x', '1.20.0', '1'],
    ['R4', '4', '4'],
  ])('%s %s: %s', (topic, version, line) => {
    expect(lineOf(topic, version)).toBe(line)
  })
})
