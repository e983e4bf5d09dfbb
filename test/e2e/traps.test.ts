import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { scan, type VulnerabilityReport } from '../../src/index.ts'
import { debianFiles } from '../support/debian-mirror.ts'
import { mirrorOf } from '../support/feeds.ts'
import { type DebianPackage, writeDebianRoot } from '../support/roots.ts'

// Traps of matching that are the same for every distribution; those of one are in its folder.
const folder = mkdtempSync(join(tmpdir(), 'chiaro-traps-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fixed = { status: 'resolved', fixed_version: '18.19.0+dfsg-6', urgency: 'high', repositories: {} }
const tracker = { nodejs: { 'CVE-2099-0001': { releases: { bookworm: fixed } } } }
const mirror = mirrorOf(debianFiles(JSON.stringify(tracker)))

function scanned(name: string, osRelease: string, packages: readonly DebianPackage[]): Promise<VulnerabilityReport> {
  const root = join(folder, name)
  writeDebianRoot(root, osRelease, packages)
  return scan(`rootfs:${root}`, { database: join(folder, 'chiaro.db'), mirror, offline: true, enrich: false })
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
