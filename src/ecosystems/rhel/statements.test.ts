import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Statement } from '../../core/advisory.ts'
import { readCsaf } from '../../feeds/csaf.ts'
import { advisoriesOf } from './statements.ts'

const folder = join(import.meta.dirname, 'testdata/security.access.redhat.com/data/csaf/v2/vex/2099')

function read(file: string) {
  const document = readCsaf(JSON.parse(readFileSync(join(folder, file), 'utf8')))
  if ('problem' in document) throw new Error(document.problem)
  return advisoriesOf(document.value)
}

function shown({ fix, fixedIn, ranges, advisory, rating }: Statement): string {
  const versions = fixedIn ?? ranges?.map(({ fixed }) => fixed).join(' ')
  return [fix, versions, advisory && `by ${advisory}`, rating?.original].filter(Boolean).join(' ')
}

const [sample] = read('cve-2099-0001.json')
const statements = new Map(
  sample!.statements.map((statement) => {
    const scope = statement.key.scope.replace(/^rhel:(?:cpe:\/\w:redhat:)?/, '')
    return [`${scope} ${statement.key.name}`, shown(statement)]
  }),
)

describe('a VEX document', () => {
  it.each([
    [
      'what is fixed, by binary package with its epoch',
      'enterprise_linux:9::appstream sample-libs',
      'fixed 1:3.0.7-6.el9_2.4 by RHSA-2099:0002',
    ],
    [
      'all versions that fix it in one product',
      'enterprise_linux:9::baseos sample-libs',
      'fixed 1:3.0.7-6.el9_2.4 1:3.0.7-9.el9_3 by RHSA-2099:0002, RHSA-2099:0003',
    ],
    [
      'what is fixed on a rare architecture only',
      'rhel_eus:9.0::baseos sample-libs arch=s390x',
      'fixed 1:3.0.1-43.el9_0 by RHSA-2099:0001',
    ],
    [
      'what architectures do not have in common',
      'enterprise_linux:9::baseos sample-tool arch=x86_64',
      'fixed 2-3.el9_3 by RHSA-2099:0003',
    ],
    [
      'what architectures do not have in common',
      'enterprise_linux:9::baseos sample-tool arch=aarch64',
      'fixed 2-4.el9_3 by RHSA-2099:0004',
    ],
    [
      'the lower one of builds of a module for two contexts',
      'enterprise_linux:8::appstream sample-mod module=sample:5',
      'fixed 5-1.module+el8.8.0+100+aaaa1111 by RHSA-2099:0005',
    ],
    [
      'each stream of a module by itself',
      'enterprise_linux:8::appstream sample-mod module=sample:6',
      'fixed 6-2.module+el8.8.0+101+cccc3333 by RHSA-2099:0006',
    ],
    [
      'containers by the name and tag of their repository',
      'containers openshift4/sample-rhel8',
      'fixed v4.12.0-209901 by RHSA-2099:0007',
    ],
    ['what is out of support', 'enterprise_linux:6 sample arch=src', 'end-of-life'],
    ['what will not be fixed', 'enterprise_linux:7 sample arch=src', 'will-not-fix Moderate'],
    ['the same of a binary package', 'enterprise_linux:7 sample-libs', 'will-not-fix Moderate'],
    ['what is put off', 'enterprise_linux:8 sample arch=src', 'deferred'],
    ['what has no fix yet, of one stream of a module', 'enterprise_linux:8 sample module=sample:7 arch=src', 'open'],
    ['containers without a fix', 'containers openshift4/other-rhel8', 'open'],
    ['what is being looked at', 'enterprise_linux:9 other arch=src', 'undetermined'],
    ['what is not affected', 'enterprise_linux:9 compat-sample arch=src', 'not-affected'],
    ['what of an affected source is not affected', 'enterprise_linux:6 sample-libs', 'not-affected'],
  ])('states %s: %s: %s', (_what, key, expected) => {
    expect(statements.get(key)).toBe(expected)
  })

  it('states nothing else: no sources that are fixed, no debug packages, no siblings in an advisory', () => {
    expect(statements.size).toBe(17)
  })

  it('says what is known of the vulnerability', () => {
    expect(sample!.vulnerability).toEqual({
      id: 'CVE-2099-0001',
      aliases: [],
      description: 'A flaw was found in the sample.',
      ratings: [
        {
          severity: 'high',
          source: 'redhat',
          original: 'Important',
          vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H',
          score: 7.5,
        },
      ],
      links: ['https://access.redhat.com/security/cve/CVE-2099-0001', 'https://example.org/advisory'],
      weaknesses: ['CWE-787'],
      published: '2099-01-01T00:00:00+00:00',
      modified: '2099-02-02T00:00:00+00:00',
    })
  })

  it('takes the severity of the document where products have none, and its title for a description', () => {
    const [{ vulnerability } = { vulnerability: undefined }] = read('cve-2099-0002.json')
    expect(vulnerability).toMatchObject({
      description: 'small 2',
      ratings: [{ severity: 'high', source: 'redhat', original: 'Important' }],
    })
  })
})
