import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { scan } from '../../src/index.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options = { database: join(folder, 'chiaro.db'), mirror: join(root, 'examples', 'feeds'), offline: true }

const nothing = { cvss: [], epss: null, kev: null, risk: null }

describe('the bundled example', () => {
  it('debian: finds what is there, not what was fixed, removed or never affected', async () => {
    const report = await scan(`oci-layout:${join(root, 'examples/image')}:debian`, options)
    expect(
      report.findings.map(
        (finding) => `${finding.severity} ${finding.id} ${finding.package} ${finding.fixedIn ?? finding.state}`,
      ),
    ).toEqual([
      'high CVE-2099-1002 curl 8.14.1-2+deb13u3',
      'high CVE-2099-1002 libcurl4t64 8.14.1-2+deb13u3',
      'high CVE-2099-1004 libssl3t64 3.5.1-1+deb13u1',
      'high CVE-2099-1004 openssl 3.5.1-1+deb13u1',
      'low CVE-2099-1005 libssl3t64 deferred',
      'low CVE-2099-1005 openssl deferred',
      'negligible CVE-2099-1003 libc-bin open',
      'negligible CVE-2099-1003 libc6 open',
    ])
    expect(report.gaps).toEqual([])
    const [curl] = report.findings
    expect(curl).toMatchObject({
      severitySource: 'debian',
      cvss: [{ source: 'nvd', version: '3.1', score: 9.1 }],
      weaknesses: ['CWE-59'],
      epss: { score: 0.7315, percentile: 0.987, date: '2099-01-01' },
      kev: { dateAdded: '2099-01-01', dueDate: '2099-01-22', ransomware: false },
      risk: 80,
    })
    const layers = new Map(report.findings.map((finding) => [finding.package, finding.why.layer]))
    expect(layers.get('curl')).toBe(1)
    expect(layers.get('openssl')).toBe(0)
  })

  it('alpine: finds what is there, not what was fixed or never affected', async () => {
    const report = await scan(`oci-layout:${join(root, 'examples/image')}:alpine`, options)
    const shown = report.findings.map(
      ({ severity, severitySource, id, package: name, fixedIn }) =>
        `${severity} (${severitySource}) ${id} ${name} ${fixedIn}`,
    )
    expect(shown).toEqual([
      'high (nvd) CVE-2099-2001 busybox 1.37.0-r19',
      'medium (nvd) CVE-2099-2004 libcrypto3 3.5.5-r0',
      'medium (nvd) CVE-2099-2004 libssl3 3.5.5-r0',
    ])
    expect(report.findings[0]!.description).toBe('Sample data: there is no such vulnerability.')
    expect(report.gaps).toEqual([])
  })

  it('is not enriched where that is not wanted, and misses nothing then', async () => {
    const image = `oci-layout:${join(root, 'examples/image')}:debian`
    const plain = { ...options, database: join(folder, 'plain.db'), enrich: false }
    const { findings, enrichment, gaps } = await scan(image, plain)
    expect({ enrichment, gaps }).toEqual({ enrichment: [], gaps: [] })
    for (const { cvss, epss, kev, risk } of findings) expect({ cvss, epss, kev, risk }).toEqual(nothing)
  })

  it('is what its script writes, and is small', () => {
    const copy = join(folder, 'example')
    const made = spawnSync(process.execPath, [join(root, 'scripts', 'make-example.ts'), copy])
    expect(made.status, String(made.stderr)).toBe(0)
    // compressed bytes may differ between builds of zlib; what they contain may not
    expect(facts(copy)).toEqual(facts(join(root, 'examples')))
    expect(files(join(root, 'examples')).reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(300_000)
  })
})

function files(top: string): readonly string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** The feeds, and the configurations of the images with their diffIDs. */
function facts(top: string): readonly unknown[] {
  return files(top)
    .filter((file) => !file.endsWith('index.json'))
    .flatMap((file) => {
      const bytes = readFileSync(file)
      const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
      return file.includes('feeds') || text.includes('diff_ids') ? [text] : []
    })
    .sort()
}
