import { describe, expect, it } from 'vitest'
import type { Coverage, Facts } from '../../core/ecosystem.ts'
import type { Package } from '../../core/package.ts'
import { baseScope, factNames, hasSources, scopeOfCpe, scopeOfSources, scopesOf } from './scopes.ts'

describe('the scope of a CPE name', () => {
  it.each([
    ['cpe:/o:redhat:enterprise_linux:9::baseos', 'o:redhat:enterprise_linux:9::baseos'],
    ['cpe:/a:redhat:enterprise_linux:9::appstream', 'o:redhat:enterprise_linux:9::appstream'],
    ['cpe:/o:redhat:enterprise_linux:9', 'o:redhat:enterprise_linux:9'],
    ['cpe:/o:redhat:enterprise_linux:9:::', 'o:redhat:enterprise_linux:9'],
    ['cpe:2.3:o:redhat:enterprise_linux:9:*:baseos:*:*:*:*:*', 'o:redhat:enterprise_linux:9::baseos'],
    ['cpe:/a:redhat:rhel_eus:9.2::appstream', 'o:redhat:rhel_eus:9.2::appstream'],
    ['cpe:/a:redhat:openshift:4.12::el8', 'a:redhat:openshift:4.12::el8'],
    ['cpe:/a:redhat:rhev_manager:4.4:el8', 'a:redhat:rhev_manager:4.4:el8'],
    ['cpe:/a:redhat:jbosseapxp', 'a:redhat:jbosseapxp'],
  ])('%s: %s', (cpe, scope) => {
    expect(scopeOfCpe(cpe)).toBe(`rhel:cpe:/${scope}`)
  })

  it.each(['', 'cpe:', 'cpe:/o', 'cpe:/o:redhat', 'cpe:/x:redhat:enterprise_linux', 'openssl'])('%j is none', (cpe) => {
    expect(scopeOfCpe(cpe)).toBeUndefined()
  })

  it('of what is said of sources is that of the release, and they are asked for there', () => {
    expect(scopeOfSources('cpe:/a:redhat:enterprise_linux:8::appstream')).toBe(baseScope('8'))
    expect(scopeOfSources('cpe:/a:redhat:openshift:4.12::el8')).toBe('rhel:cpe:/a:redhat:openshift:4.12::el8')
    expect(hasSources(baseScope('8'))).toBe(true)
    expect(hasSources('rhel:cpe:/a:redhat:openshift:4.12::el8')).toBe(true)
    expect(hasSources('rhel:cpe:/o:redhat:enterprise_linux:8::appstream')).toBe(false)
  })
})

const pkg: Package = { type: 'rpm', name: 'a', version: '1-1', arch: '', source: { name: 'a', version: '1-1' } }
const map: Readonly<Record<string, readonly string[]>> = {
  'rhel-9-for-x86_64-baseos-rpms': ['cpe:/o:redhat:enterprise_linux:9::baseos'],
  'rhel-8-for-x86_64-baseos-rpms': ['cpe:/o:redhat:enterprise_linux:8::baseos'],
  'rhel-8-for-x86_64-baseos-eus-rpms': ['cpe:/o:redhat:rhel_eus:8.6::baseos', 'cpe:/o:redhat:rhel_eus:8.8::baseos'],
  'rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6': ['cpe:/o:redhat:rhel_eus:8.6::baseos'],
  'rhocp-4.12-for-rhel-8-x86_64-rpms': ['cpe:/a:redhat:openshift:4.12::el8'],
  'rhel-10-for-x86_64-appstream-rpms': [
    'cpe:/o:redhat:enterprise_linux:10.0::appstream',
    'cpe:/o:redhat:enterprise_linux:10.1::appstream',
  ],
}
const facts: Facts = (feed, name) => (feed === 'rhel-repositories' ? map[name] : undefined)
const scopes = (repositories: readonly string[] | undefined, major: string, minorRelease?: string) => {
  const coverage: Coverage = {
    scopes: [baseScope(major)],
    feeds: [],
    ...(minorRelease === undefined ? {} : { minorRelease }),
  }
  const found = scopesOf({ ...pkg, ...(repositories === undefined ? {} : { repositories }) }, coverage, facts)
  return found.map((scope) => scope.replace('rhel:cpe:/', '').replace(':redhat:', ':'))
}

describe('the scopes of a package', () => {
  it.each<[string, readonly string[], string, string | undefined, readonly string[]]>([
    [
      'are those of its repository and what includes it',
      ['rhel-9-for-x86_64-baseos-rpms'],
      '9',
      '9.2',
      ['o:enterprise_linux:9', 'o:enterprise_linux:9::baseos'],
    ],
    [
      'are those of a CPE name',
      ['cpe:/a:redhat:enterprise_linux:9::crb'],
      '9',
      '9.2',
      ['o:enterprise_linux:9', 'o:enterprise_linux:9::crb'],
    ],
    [
      'are those of the general repository, where one of a release is not known',
      ['rhel-8-for-x86_64-baseos-rpms__8'],
      '8',
      '8.6',
      ['o:enterprise_linux:8', 'o:enterprise_linux:8::baseos'],
    ],
    [
      'are of a product without its minor version, and without any',
      ['rhocp-4.12-for-rhel-8-x86_64-rpms'],
      '8',
      '8.6',
      ['o:enterprise_linux:8', 'a:openshift:4.12::el8', 'a:openshift:4.12', 'a:openshift', 'a:openshift:4'],
    ],
    [
      'are of all minor releases that one repository has',
      ['rhel-10-for-x86_64-appstream-rpms'],
      '10',
      '10.1',
      [
        'o:enterprise_linux:10',
        'o:enterprise_linux:10.0::appstream',
        'o:enterprise_linux:10.0',
        'o:enterprise_linux:10.1::appstream',
        'o:enterprise_linux:10.1',
      ],
    ],
    [
      'are of one stream, where the repository is of one',
      ['rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6'],
      '8',
      '8.8',
      ['o:enterprise_linux:8', 'o:rhel_eus:8.6::baseos', 'o:rhel_eus:8.6', 'o:rhel_eus:8'],
    ],
    [
      'are of the stream of the image',
      ['rhel-8-for-x86_64-baseos-eus-rpms'],
      '8',
      '8.8',
      ['o:enterprise_linux:8', 'o:rhel_eus:8.8::baseos', 'o:rhel_eus:8.8', 'o:rhel_eus:8'],
    ],
    [
      'are of all streams, where that of the image is not known',
      ['rhel-8-for-x86_64-baseos-eus-rpms'],
      '8',
      undefined,
      [
        'o:enterprise_linux:8',
        'o:rhel_eus:8.6::baseos',
        'o:rhel_eus:8.6',
        'o:rhel_eus:8',
        'o:rhel_eus:8.8::baseos',
        'o:rhel_eus:8.8',
      ],
    ],
  ])('%s', (_name, repositories, major, minor, expected) => {
    expect(scopes(repositories, major, minor)).toEqual(expected)
  })

  it('are without known repositories all of the release, and no stream', () => {
    expect(scopes(undefined, '9')).toEqual([
      'o:enterprise_linux:9',
      ...[
        'baseos',
        'appstream',
        'crb',
        'highavailability',
        'resilientstorage',
        'nfv',
        'realtime',
        'sap',
        'sap_hana',
        'supplementary',
      ].map((edition) => `o:enterprise_linux:9::${edition}`),
    ])
    expect(scopes(['epel-9-x86_64'], '9')).toEqual(scopes(undefined, '9'))
    expect(scopes([], '7')).toContain('o:enterprise_linux:7::server')
    expect(scopes([], '7')).toContain('o:rhel_extras:7')
    expect(scopes([], '10')).toContain('o:enterprise_linux:10.3::appstream')
    for (const major of ['6', '7', '8', '9', '10']) expect(scopes([], major).join()).not.toMatch(/eus|aus|e4s|tus|els/)
  })
})

it.each([
  ['cpe:/o:redhat:enterprise_linux:9', []],
  ['rhel-9-for-x86_64-baseos-rpms', ['rhel-9-for-x86_64-baseos-rpms']],
  ['a-rpms__9_DOT_2', ['a-rpms__9_DOT_2', 'a-rpms']],
])('the facts of %s are under %j', (repository, names) => {
  expect(factNames(repository)).toEqual(names)
})
