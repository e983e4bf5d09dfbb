import { expect, it } from 'vitest'
import { setAsideReason } from './set-aside.ts'

const packageOf = (type: string, name: string, source: string) => ({
  ...{ type, name, version: '1', arch: '' },
  source: { name: source, version: '1' },
})

// The trap "Kernel headers in containers", by name; with whole images it is in test/e2e/traps.test.ts.
it.each([
  ['deb', 'linux-libc-dev', 'linux'],
  ['deb', 'linux-headers-6.1.0-28-amd64', 'linux'],
  ['deb', 'linux-headers-5.4.0-200-generic', 'linux'],
  ['deb', 'linux-kbuild-6.1', 'linux'],
  ['deb', 'linux-libc-dev', 'linux-6.1'],
  ['rpm', 'kernel-headers', 'kernel'],
  ['rpm', 'kernel-devel', 'kernel'],
  ['rpm', 'kernel-uek-devel', 'kernel-uek'],
  ['rpm', 'kernel-64k-devel-matched', 'kernel'],
  ['rpm', 'kernel-default-devel', 'kernel-default'],
  ['apk', 'linux-lts-dev', 'linux-lts'],
])('%s %s of %s is set aside', (type, name, source) => {
  expect(setAsideReason(packageOf(type, name, source))).toContain('headers')
})

it.each([
  ['deb', 'linux-image-6.1.0-28-amd64', 'linux-signed-amd64'],
  ['deb', 'linux-perf', 'linux'],
  ['deb', 'linux-doc-tools', 'linuxdoc-tools'],
  ['deb', 'util-linux', 'util-linux'],
  ['rpm', 'kernel', 'kernel'],
  ['rpm', 'kernel-core', 'kernel'],
  ['rpm', 'kernel-tools-libs', 'kernel'],
  ['rpm', 'kernel-srpm-macros', 'kernel-srpm-macros'],
  ['apk', 'linux-lts', 'linux-lts'],
  ['npm', 'linux-headers-x', 'linux'],
  ['constructor', 'linux-libc-dev', 'linux'],
])('%s %s of %s is not', (type, name, source) => {
  expect(setAsideReason(packageOf(type, name, source))).toBeNull()
})
