import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { exitCodes } from '../../src/cli/exit.ts'
import { scan, type VulnerabilityReport } from '../../src/index.ts'
import { chiaro } from '../support/command.ts'
import { debianFiles } from '../support/debian-mirror.ts'
import { mirrorOf } from '../support/feeds.ts'
import { type DebianPackage, writeAlpineRoot, writeDebianRoot } from '../support/roots.ts'

// Traps of matching that are the same for every distribution; those of one are in its folder. Without a test are those of language
// packages, which nothing reads yet: backports seen as language packages, CPE vs GHSA, jar identity, shaded jars, the main module,
// standard library and unused code of Go, PEP 440, npm aliases, platform gems, Rust, .NET, vendored Python.
const folder = mkdtempSync(join(tmpdir(), 'chiaro-traps-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const inBookworm = (urgency: string, fixed_version?: string) => {
  const fix = fixed_version === undefined ? { status: 'open' } : { status: 'resolved', fixed_version }
  return { releases: { bookworm: { ...fix, urgency, repositories: {} } } }
}
const tracker = {
  nodejs: { 'CVE-2099-0001': inBookworm('high', '18.19.0+dfsg-6') },
  linux: { 'CVE-2099-0001': inBookworm('not yet assigned') },
  'rated-low': { 'CVE-2024-0001': inBookworm('low') },
  unrated: { 'CVE-2024-0001': inBookworm('not yet assigned') },
}

/** Scores of CVE-2024-0001 by three sources. */
const scores = readFileSync(join(import.meta.dirname, '../../src/enrich/nvd/testdata/nvdcve-2.0-2099.json'), 'utf8')
const { vulnerabilities, ...page } = JSON.parse(scores) as { vulnerabilities: readonly { cve: object }[] }
const scored = { cve: { ...vulnerabilities[0]!.cve, id: 'CVE-2024-0001' } }
const nvd = JSON.stringify({ ...page, totalResults: 1, vulnerabilities: [scored] })
const nvdFile = 'nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2024'
const secdb = {
  packages: [
    {
      pkg: {
        name: 'sample',
        secfixes: {
          '1.0-r1': ['GHSA-aaaa-bbbb-cccc'],
          '1.0-r2': ['CVE-2099-0002 GHSA-aaaa-bbbb-cccc GO-2099-0003', 'GO-2099-0003'],
        },
      },
    },
  ],
}

const mirror = mirrorOf({
  ...debianFiles(JSON.stringify(tracker)),
  [`${nvdFile}.meta`]: [
    'lastModifiedDate:2099-01-02T03:00:52-05:00',
    'size:1',
    `sha256:${createHash('sha256').update(nvd).digest('hex')}`,
  ].join('\r\n'),
  [`${nvdFile}.json.gz`]: gzipSync(nvd),
  'packages.wolfi.dev/os/security.json': JSON.stringify(secdb),
  'secdb.alpinelinux.org/v3.20/main.json': JSON.stringify(secdb),
  'secdb.alpinelinux.org/v3.20/community.json': JSON.stringify({ packages: [] }),
})
const options = { database: join(folder, 'chiaro.db'), mirror, offline: true, enrich: false }

function scanned(name: string, osRelease: string, packages: readonly DebianPackage[]): Promise<VulnerabilityReport> {
  const root = join(folder, name)
  writeDebianRoot(root, osRelease, packages)
  return scan(`rootfs:${root}`, options)
}

const bookworm = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'

describe('Packages from third-party repositories', () => {
  const docker = 'Docker <support@docker.com>'
  const version = '5:24.0.5-1~debian.12~bookworm'

  it('are not covered, and never silently clean: a gap for each third party', async () => {
    const { findings, gaps, packages } = await scanned('docker', bookworm, [
      { name: 'docker-ce', version, maintainer: docker },
      { name: 'docker-ce-cli', version, source: 'docker-ce', maintainer: docker },
      { name: 'debianutils', version: '5.21', maintainer: 'Ileana Dumitrescu <ileanadumitrescu95@gmail.com>' },
    ])
    expect(findings).toEqual([])
    expect(gaps).toEqual([
      {
        code: 'vendor-unsupported',
        where: 'Docker',
        detail: 'It made docker-ce, docker-ce-cli. The data for Debian does not cover what others made.',
      },
    ])
    expect(packages.map(({ name, vendor }) => [name, vendor])).toEqual([
      ['debianutils', undefined],
      ['docker-ce', 'Docker'],
      ['docker-ce-cli', 'Docker'],
    ])
  })

  it('neither are those that the distribution has one of the same name of, which may be found all the same', async () => {
    const maintainer = 'NodeSource Support <support@nodesource.com>'
    const newer = await scanned('newer', bookworm, [{ name: 'nodejs', version: '20.20.2-1nodesource1', maintainer }])
    expect(newer.findings).toEqual([])
    expect(newer.gaps.map(({ code, where }) => [code, where])).toEqual([['vendor-unsupported', 'NodeSource Support']])
    const older = await scanned('older', bookworm, [{ name: 'nodejs', version: '16.20.2-1nodesource1', maintainer }])
    expect(older.findings.map(({ id }) => id)).toEqual(['CVE-2099-0001'])
    expect(older.gaps).toEqual(newer.gaps)
  })
})

describe('Alpine mixed branches', () => {
  it('are judged by the branch of os-release, and never silently: a gap for each repository that it is not about', async () => {
    const root = join(folder, 'mixed')
    const mirrored = 'https://mirror.example.org/alpine'
    writeAlpineRoot(
      root,
      'ID=alpine\nVERSION_ID=3.20.3\n',
      [{ name: 'sample', version: '1.0-r1', origin: 'sample' }],
      [`${mirrored}/v3.20/main`, `@edge ${mirrored}/edge/community`, 'https://packages.example.org/apk'],
    )
    const { findings, gaps } = await scan(`rootfs:${root}`, options)
    expect(findings.map(({ fixedIn, why }) => [fixedIn, why.scope])).toEqual([['1.0-r2', 'alpine:3.20']])
    const codes = gaps.map(({ code, where }) => [code, where])
    expect(codes).toContainEqual(['distribution-approximate', 'edge/community'])
    expect(codes).toContainEqual(['vendor-unsupported', 'https://packages.example.org/apk'])
    expect(codes.filter(([, where]) => where?.includes('3.20/main'))).toEqual([])
  })
})

describe('Kernel headers in containers', () => {
  const version = '6.1.119-1'
  const packages: readonly DebianPackage[] = [
    { name: 'linux-headers-6.1.0-28-amd64', version, source: 'linux' },
    { name: 'linux-image-6.1.0-28-amd64', version, source: 'linux-signed-amd64 (6.1.119+1)' },
    { name: 'linux-kbuild-6.1', version, source: 'linux' },
    { name: 'linux-libc-dev', version, source: 'linux' },
  ]

  it('are found, and set aside with the reason; what has code of the kernel is not', async () => {
    const { findings, gaps } = await scanned('kernel', bookworm, packages)
    expect(gaps).toEqual([])
    expect(findings.map(({ package: name, setAside }) => [name, setAside?.slice(0, 40)])).toEqual([
      ['linux-headers-6.1.0-28-amd64', 'it has headers or documentation of the k'],
      ['linux-image-6.1.0-28-amd64', undefined],
      ['linux-kbuild-6.1', 'it has headers or documentation of the k'],
      ['linux-libc-dev', 'it has headers or documentation of the k'],
    ])
  })

  it('are hidden unless all are asked for, and counted', async () => {
    writeDebianRoot(join(folder, 'headers'), bookworm, packages)
    const args = [
      'scan',
      `rootfs:${join(folder, 'headers')}`,
      '--db',
      options.database,
      '--mirror',
      mirror,
      '--offline',
    ]
    const { stdout } = await chiaro([...args, '--no-enrich'])
    expect(stdout).toMatch(/CVE-2099-0001 +linux-image-6\.1\.0-28-amd64/)
    expect(stdout).toContain('1 finding: 1 vulnerability in 1 package')
    expect(stdout).toMatch(/3 findings of .* linux-libc-dev are set aside/)
    const all = await chiaro([...args, '--no-enrich', '--all'])
    expect(all.stdout).toContain('4 findings: 1 vulnerability in 4 packages')
  })
})

describe('Same vuln under GHSA, CVE and GO ids', () => {
  it('is one finding, by its CVE id, with the last of its fixes', async () => {
    const root = join(folder, 'aliases')
    writeAlpineRoot(root, 'ID=wolfi\n', [{ name: 'sample', version: '1.0-r0', origin: 'sample' }])
    const { findings, gaps } = await scan(`rootfs:${root}`, options)
    expect(gaps).toEqual([])
    expect(findings.map(({ id, aliases, fixedIn }) => [id, aliases, fixedIn])).toEqual([
      ['CVE-2099-0002', ['GHSA-aaaa-bbbb-cccc', 'GO-2099-0003'], '1.0-r2'],
    ])
  })
})

describe('Severity disagreement', () => {
  it("the distribution's goes first, then NVD's; the scores of all are there to choose by", async () => {
    const root = join(folder, 'severity')
    writeDebianRoot(root, bookworm, [
      { name: 'rated-low', version: '1.0' },
      { name: 'unrated', version: '1.0' },
    ])
    const { findings } = await scan(`rootfs:${root}`, { ...options, enrich: true })
    const all = ['nvd 3.1 9.8', 'secure@example.org 4.0 9.3', 'cisa-adp 3.1 8.1', 'nvd 2.0 7.5']
    expect(
      findings.map(({ package: name, severity, severitySource, cvss }) => [
        `${name}: ${severity} by ${severitySource}`,
        cvss.map(({ source, version, score }) => `${source} ${version} ${score}`),
      ]),
    ).toEqual([
      ['unrated: critical by nvd', all],
      ['rated-low: low by debian', all],
    ])
  })
})

describe('Unknown distro / EOL', () => {
  const packages: readonly DebianPackage[] = [{ name: 'nodejs', version: '18.0-1' }]
  const codesOf = ({ gaps }: VulnerabilityReport) => gaps.map(({ code }) => code)

  it.each([
    ['no release file', '', 'distribution-unknown'],
    ['a distribution without data', 'ID=sample\nVERSION_ID=1\nPRETTY_NAME="Sample 1"\n', 'distribution-unsupported'],
    ['a derivative of one that has data', 'ID=kali\nID_LIKE=debian\nVERSION_ID="2099.1"\n', 'distribution-unsupported'],
  ])('%s: nothing is assessed, and the report says so', async (name, osRelease, code) => {
    const report = await scanned(name, osRelease, packages)
    expect(report.findings).toEqual([])
    expect(codesOf(report)).toEqual([code])
    expect(report.gaps[0]!.detail).toContain('1 package was not assessed')
  })

  it('a release that the data says nothing of any more', async () => {
    const report = await scanned('jessie', 'ID=debian\nVERSION_ID="8"\nVERSION_CODENAME=jessie\n', packages)
    expect(codesOf(report)).toEqual(['distribution-end-of-life', 'release-without-data'])
  })

  it('no image like that passes a strict scan, or is called clean', async () => {
    writeDebianRoot(join(folder, 'unknown'), '', packages)
    const args = ['scan', `rootfs:${join(folder, 'unknown')}`, '--db', options.database, '--offline', '--strict']
    const { code, stdout } = await chiaro(args)
    expect(code).toBe(exitCodes.gaps)
    expect(stdout).toContain('not assessed')
    expect(stdout).toContain('found, but 1 gap: distribution-unknown.')
  })
})
