import { expect, it } from 'vitest'
import { noFacts } from '../core/ecosystem.ts'
import type { Release } from '../core/package.ts'
import { ecosystems } from '../ecosystems/registry.ts'
import { namespaceOfRelease } from './namespaces.ts'

const rows = [
  ['debian', '12', 'debian:12', 'dpkg'],
  ['ubuntu', '22.04', 'ubuntu:22.04', 'dpkg'],
  ['alpine', '3.18.4', 'alpine:v3.18', 'dpkg'],
  ['rhel', '9.4', 'centos:9', 'rpm'],
  ['centos', '7', 'centos:7', 'rpm'],
  ['ol', '8.9', 'oracle:8', 'rpm'],
  ['amzn', '2', 'amzn:2', 'rpm'],
  ['rocky', '9.3', 'rocky:9', 'rpm'],
  ['almalinux', '9.3', 'alma:9', 'rpm'],
] as const

function releaseOf(id: string, versionId: string): Release {
  return { id, versionId, codename: '', prettyName: '', idLike: [], cpe: '' }
}

it.each(rows)('%s %s is the namespace %s', (id, versionId, name, format) => {
  expect(namespaceOfRelease(releaseOf(id, versionId), ecosystems)).toMatchObject({ name, format })
})

it.each(rows)('what is said of a package in the scope of %s %s is found by its name', (id, versionId) => {
  const release = releaseOf(id, versionId)
  const namespace = namespaceOfRelease(release, ecosystems)!
  const ecosystem = ecosystems.find((one) => one.coverage(release) !== undefined)!
  const pkg = {
    type: ecosystem.packageTypes[0]!,
    name: 'curl',
    version: '1-1',
    arch: 'x86_64',
    source: { name: 'curl', version: '1-1' },
  }
  const keys = ecosystem.keys(pkg, ecosystem.coverage(release)!, noFacts)
  expect(keys).toContainEqual({ scope: namespace.scope, name: 'curl' })
})
