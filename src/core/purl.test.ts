import { expect, it } from 'vitest'
import type { Release } from './package.ts'
import { packageUrl } from './purl.ts'

const release = (id: string, versionId: string): Release => ({
  id,
  versionId,
  codename: '',
  prettyName: '',
  idLike: [],
  cpe: '',
})
const source = (name: string, version: string) => ({ name, version })

it.each([
  [
    { type: 'deb', name: 'openssl', version: '3.0.9-1', arch: 'amd64', source: source('openssl', '3.0.9-1') },
    release('debian', '12'),
    'pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12',
  ],
  [
    { type: 'deb', name: 'libssl3', version: '1:3+b1', arch: 'amd64', source: source('openssl', '1:3') },
    release('debian', '12'),
    'pkg:deb/debian/libssl3@1:3%2Bb1?arch=amd64&distro=debian-12&upstream=openssl%401:3',
  ],
  [
    {
      type: 'rpm',
      name: 'bind-libs',
      version: '32:9.16-1.el9',
      arch: 'x86_64',
      source: source('bind', '32:9.16-1.el9'),
    },
    release('rhel', '9.2'),
    'pkg:rpm/redhat/bind-libs@9.16-1.el9?arch=x86_64&distro=rhel-9.2&epoch=32&upstream=bind',
  ],
  [
    { type: 'apk', name: 'musl', version: '1.2.4-r0', arch: '', source: source('musl', '1.2.4-r0') },
    undefined,
    'pkg:apk/musl@1.2.4-r0',
  ],
  [
    {
      type: 'oci',
      name: 'devspaces/udi-rhel8',
      version: '3.8-5',
      arch: 'x86_64',
      source: source('udi-container', '3.8-5'),
    },
    release('rhel', '8.9'),
    'pkg:oci/udi-rhel8?arch=x86_64&repository_url=devspaces/udi-rhel8&tag=3.8-5',
  ],
] as const)('%#', (pkg, from, expected) => {
  expect(packageUrl(pkg, from)).toBe(expected)
})
