import { describe, expect, it } from 'vitest'
import type { Statement } from '../../core/advisory.ts'
import type { Package } from '../../core/package.ts'
import { judgePackage } from './judge.ts'
import { highestOfLines, lineOf, majorOf, tagLine, withoutBuild } from './lines.ts'

function fixed(versions: readonly string[], name = 'a'): Statement {
  const ranges = versions.map((version) => ({ fixed: version }))
  const fix = versions.length === 1 ? { fixedIn: versions[0]! } : { ranges }
  return { key: { scope: 'rhel:cpe:/o:redhat:enterprise_linux:9', name }, fix: 'fixed', ...fix }
}

function verdict(version: string, statement: Statement, more: Partial<Package> = {}): string {
  const pkg = { type: 'rpm', name: 'a', version, arch: '', source: { name: 'a', version }, ...more }
  const found = judgePackage(pkg, statement)
  return found.state === 'affected' ? `${found.fix} ${found.fixedIn ?? ''}`.trim() : found.state
}

describe('a package that is fixed in several lines of builds', () => {
  const statement = fixed(['7.76.1-23.el9_2.4', '7.76.1-26.el9_3.2'])
  it.each([
    ['7.76.1-23.el9_2.1', 'fixed 7.76.1-23.el9_2.4'],
    ['7.76.1-23.el9_2.4', 'clear'],
    ['7.76.1-23.el9_2.10', 'clear'],
    ['7.76.1-26.el9_3.1', 'fixed 7.76.1-26.el9_3.2'],
    ['7.76.1-26.el9_3.2', 'clear'],
    ['7.76.1-14.el9_0.5', 'fixed 7.76.1-23.el9_2.4'],
    ['7.76.1-26.el9', 'fixed 7.76.1-26.el9_3.2'],
    ['7.76.1-29.el9_4', 'clear'],
    ['8.0-1.el9', 'clear'],
    ['', 'unknown'],
  ])('%s: %s', (version, expected) => {
    expect(verdict(version, statement)).toBe(expected)
  })

  it('says why', () => {
    const pkg = { type: 'rpm', name: 'a', version: '7.76.1-23.el9_2.5', arch: '', source: { name: 'a', version: '' } }
    expect(judgePackage(pkg, statement).because).toBe('7.76.1-23.el9_2.5 is newer than 7.76.1-23.el9_2.4')
  })
})

describe('the advisory of a package that is fixed in several lines', () => {
  const advisoryOf = (version: string, advisory: string) => {
    const statement = { ...fixed(['1-1.el9_2', '1-2.el9_3', '1-3.el9_4']), advisory }
    const found = judgePackage({ type: 'rpm', name: 'a', version, arch: '', source: { name: 'a', version } }, statement)
    return found.state === 'affected' ? found.advisory : found.state
  }

  it.each([
    ['1-0.el9_2', 'RHSA-2023:2'],
    ['1-1.el9_3', 'RHSA-2023:3'],
    ['1-0.el9_4', 'RHSA-2023:3'],
    ['1-1.el9_2', 'clear'],
  ])('is that of the fix, %s: %s', (version, expected) => {
    expect(advisoryOf(version, 'RHSA-2023:2, RHSA-2023:3, RHSA-2023:3')).toBe(expected)
  })

  it('is that of the statement where it is the only one, or where they cannot be told apart', () => {
    expect(advisoryOf('1-0.el9_2', 'RHSA-2023:2')).toBeUndefined()
    expect(advisoryOf('1-0.el9_2', 'RHSA-2023:2, RHSA-2023:3')).toBeUndefined()
  })
})

describe('a package of a module', () => {
  const stream = 'a module=a:1'
  it.each<[string, Statement, Partial<Package>, string, string]>([
    [
      '1-1.module+el8.8.0+90+ffff',
      fixed(['1-1.module+el8.8.0+100+aaaa', '1-3.module+el8.9.0+110+bbbb'], stream),
      {},
      'own minor release',
      'fixed 1-1.module+el8.8.0+100+aaaa',
    ],
    [
      '1-1.module+el8.8.0+100+cccc',
      fixed(['1-1.module+el8.8.0+100+aaaa', '1-3.module+el8.9.0+110+bbbb'], stream),
      {},
      'own minor release',
      'clear',
    ],
    [
      '1-1.module_el8.8.0+1+cccc',
      fixed(['1-1.module+el8.8.0+100+aaaa', '1-3.module+el8.9.0+110+bbbb'], stream),
      {},
      'own minor release, built by CentOS',
      'clear',
    ],
    [
      '1-0.module_el8.8.0+999+cccc',
      fixed(['1-1.module+el8.8.0+100+aaaa', '1-3.module+el8.9.0+110+bbbb'], stream),
      {},
      'own minor release, built by CentOS before the fix',
      'fixed 1-1.module+el8.8.0+100+aaaa',
    ],
    [
      '1-1.module_el8.9.0+999+cccc',
      fixed(['1-1.module+el8.8.0+100+aaaa', '1-3.module+el8.9.0+110+bbbb'], stream),
      {},
      'a later minor release, built by CentOS before the fix',
      'fixed 1-3.module+el8.9.0+110+bbbb',
    ],
    [
      '1-1.module_el8.5.0+999+cccc',
      fixed(['1-1.module+el8.8.0+100+aaaa', '1-1.module+el8.9.0+110+bbbb'], stream),
      {},
      'an earlier minor release, built by CentOS',
      'fixed 1-1.module+el8.8.0+100+aaaa',
    ],
    [
      '12.14-1.module+el8.7.0+1+a',
      fixed(['10.23-2.module+el8.8.0+3+a', '12.15-1.module+el8.8.0+2+b']),
      { module: 'postgresql:12' },
      'an unnamed stream of its major version',
      'fixed 12.15-1.module+el8.8.0+2+b',
    ],
    [
      '10.23-2.module+el8.8.0+3+c',
      fixed(['10.23-2.module+el8.8.0+3+a', '12.15-1.module+el8.8.0+2+b']),
      { module: 'postgresql:10' },
      'an unnamed stream of its major version',
      'clear',
    ],
    [
      '18.0-1.module+el9.2.0+1+a',
      fixed(['16.20-1.el9_2']),
      { module: 'nodejs:18' },
      'builds outside of modules only',
      'clear',
    ],
    ['16.10-1.el9_2', fixed(['18.0-1.module+el9.2.0+1+a']), {}, 'modules, but it is of none', 'clear'],
    ['16.10-1.el9_2', fixed(['16.20-1.el9_2', '18.0-1.module+el9.2.0+1+a']), {}, 'both', 'fixed 16.20-1.el9_2'],
    [
      '10.1-1.module+el8.8.0+3+c',
      fixed(['10.23-2.module+el8.8.0+3+a']),
      {},
      'an unnamed stream, and its own label is lost',
      'fixed 10.23-2.module+el8.8.0+3+a',
    ],
  ])('%s %#', (version, statement, more, _about, expected) => {
    expect(verdict(version, statement, more)).toBe(expected)
  })

  it.each<[string, Partial<Package>, string]>([
    [stream, { module: 'a:1' }, 'will-not-fix'],
    ['a arch=src', {}, 'will-not-fix'],
    ['a', { module: 'a:1' }, 'clear'],
  ])('what is not fixed in %s, of a package in %j: %s', (name, more, expected) => {
    const statement: Statement = { key: { scope: 'rhel:cpe:/o:redhat:enterprise_linux:8', name }, fix: 'will-not-fix' }
    expect(verdict('1-1.el8', statement, more)).toBe(expected)
  })
})

describe('a container', () => {
  const statement = fixed(['v4.12.0-202401', 'v4.13.0-202402'])
  it.each([
    ['v4.12.0-202312', 'fixed v4.12.0-202401'],
    ['v4.12.0-202403', 'clear'],
    ['v4.13.0-202401', 'fixed v4.13.0-202402'],
    ['v4.11.0-202312', 'fixed v4.12.0-202401'],
    ['v4.14.0-202401', 'clear'],
    ['1749543142', 'clear'],
  ])('%s: %s', (version, expected) => {
    expect(verdict(version, statement, { type: 'oci' })).toBe(expected)
  })
})

describe('lines of builds', () => {
  it.each([
    ['7.76.1-23.el9_2.4', 'el9_2'],
    ['3.0.7-27.el9', undefined],
    ['0.74-8.el7_9.1', 'el7_9'],
    ['2.4.6-97.el7.centos.5', undefined],
    ['10.23-2.module+el8.8.0+19493+5804baf6', 'el8.8.0'],
    ['15.3-1.module+el9.2.0.z+19113+6f5d9d63', 'el9.2.0'],
    ['10.24.0-1.module_el8.3.0+717+fa496f1d', 'el8.3.0'],
    ['0.82-13.1.el10_0', 'el10_0'],
  ])('%s is in %s', (version, line) => {
    expect(lineOf(version)).toBe(line)
  })

  it('of what has no minor release', () => {
    expect(['1:12.15-1', '12', 'v4.12'].map(majorOf)).toEqual(['1:12', '12', ''])
    expect(['v4.12.0-1', '7.6-22', '1749543142'].map(tagLine)).toEqual(['4.12', '7.6', undefined])
    expect(withoutBuild('5-1.module+el8.2.0+23234+854d7c34.1')).toBe('5-1.module+el8.2.0')
    expect(withoutBuild('15.3-1.module+el9.2.0.z+19113+6f5d9d63')).toBe('15.3-1.module+el9.2.0.z')
    expect(withoutBuild('5-1.el8')).toBe('5-1.el8')
  })

  it('count with the highest version each, and of several builds of one version with the lowest', () => {
    expect(highestOfLines(['2-4.el9_2', '2-3.el9_2', '3-1.el9_3', '1-1.el9'], lineOf)).toEqual([
      '1-1.el9',
      '2-4.el9_2',
      '3-1.el9_3',
    ])
    const build = (build: number, context: string) => `0.78-12.module+el8.10.0+${build}+${context}`
    const versions = [
      build(23147, '20b7d289'),
      build(23147, 'df114ff4'),
      build(23147, '95b68fad'),
      build(23150, '00000000'),
      '0.78-11.module+el8.10.0+22000+aaaaaaaa',
    ]
    expect(highestOfLines(versions, lineOf)).toEqual([build(23147, 'df114ff4')])
  })
})
