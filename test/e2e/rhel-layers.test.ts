import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { scan } from '../../src/index.ts'
import { Blobs, tagged } from '../support/layout.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-rhel-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const manifest = 'var/lib/rpmmanifest/container-manifest-2'
const line = (name: string, version: string, epoch: number, source: string) =>
  `${[name, version, 1, 1, 'Red Hat', '(none)', 1, 'x86_64', epoch, source].join('\t')}\n`
const libs = line('sample-libs', '3.0.7-6.el9_2.3', 1, 'sample-3.0.7-6.el9_2.3.src.rpm')
const tool = line('sample-tool', '2-2.el9_2', 0, 'sample-tool-2-2.el9_2.src.rpm')
const contentSets = (...names: string[]) => JSON.stringify({ metadata: { icm_version: 1 }, content_sets: names })

/** The bundled documents, with maps of repositories that a test can import. */
function mirror(): string {
  const directory = join(folder, 'mirror')
  cpSync(join(import.meta.dirname, '../../src/ecosystems/rhel/testdata'), directory, { recursive: true })
  const data = {
    'rhel-9-for-x86_64-baseos-rpms': { cpes: ['cpe:/o:redhat:enterprise_linux:9::baseos'] },
    'rhel-9-for-x86_64-appstream-rpms': { cpes: ['cpe:/a:redhat:enterprise_linux:9::appstream'] },
  }
  const map = join(directory, 'security.access.redhat.com/data/metrics/repository-to-cpe.json')
  writeFileSync(map, JSON.stringify({ data }))
  return directory
}

it('judges a package by the repositories of the layer that brought it, and the image by its labels', async () => {
  const blobs = new Blobs()
  const image = await blobs.image({
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [
      {
        'etc/os-release': 'ID="rhel"\nVERSION_ID="9.2"\nPRETTY_NAME="Red Hat Enterprise Linux 9.2 (Plow)"\n',
        [manifest]: libs,
        'root/buildinfo/content_manifests/ubi9-container-9.2-1.json': contentSets('rhel-9-for-x86_64-baseos-rpms'),
        'root/buildinfo/Dockerfile-ubi9-9.2-1':
          'FROM scratch\nLABEL name="ubi9" com.redhat.component="ubi9-container"\n',
      },
      {
        [manifest]: libs + tool,
        'root/buildinfo/content_manifests/sample-container-4.12-1.json': contentSets(
          'rhel-9-for-x86_64-appstream-rpms',
        ),
        'root/buildinfo/Dockerfile-openshift-sample-v4.12.0-209900': 'FROM ubi9\nLABEL name="openshift/sample"\n',
      },
    ],
  })
  const layout = join(folder, 'layout')
  blobs.writeLayout(layout, [tagged(image, 'sample')])
  const options = { database: join(folder, 'chiaro.db'), mirror: mirror(), offline: true, enrich: false }
  const { findings, packages, gaps } = await scan(`oci-layout:${layout}`, options)

  expect(gaps).toEqual([])
  expect(packages.map(({ type, name, layer, repositories }) => [type, name, layer, repositories?.join()])).toEqual([
    ['oci', 'openshift/sample', 1, 'rhel-9-for-x86_64-appstream-rpms'],
    ['rpm', 'sample-libs', 0, 'rhel-9-for-x86_64-baseos-rpms'],
    ['rpm', 'sample-tool', 1, 'rhel-9-for-x86_64-appstream-rpms'],
  ])
  // The tool is fixed in BaseOS only, by 2-3.el9_3, and its layer has AppStream.
  expect(findings.map(({ id, package: name, fixedIn, advisory }) => [id, name, fixedIn, advisory])).toEqual([
    ['CVE-2099-0001', 'openshift/sample', 'v4.12.0-209901', 'RHSA-2099:0007'],
    ['CVE-2099-0001', 'sample-libs', '1:3.0.7-6.el9_2.4', 'RHSA-2099:0002'],
  ])
})
