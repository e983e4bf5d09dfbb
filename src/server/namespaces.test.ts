import { expect, it } from 'vitest'
import type { Release } from '../core/package.ts'
import { ecosystems } from '../ecosystems/registry.ts'
import { namespaceOfRelease } from './namespaces.ts'

const release = (id: string, versionId: string): Release => ({
  id,
  versionId,
  codename: '',
  prettyName: '',
  idLike: [],
  cpe: '',
})

it.each([
  ['debian', '12', 'debian:12', 'dpkg'],
  ['ubuntu', '22.04', 'ubuntu:22.04', 'dpkg'],
  ['alpine', '3.18.4', 'alpine:v3.18', 'dpkg'],
  ['rhel', '9.4', 'centos:9', 'rpm'],
  ['centos', '7', 'centos:7', 'rpm'],
  ['ol', '8.9', 'oracle:8', 'rpm'],
  ['amzn', '2', 'amzn:2', 'rpm'],
])('%s %s is the namespace %s', (id, versionId, name, format) => {
  expect(namespaceOfRelease(release(id, versionId), ecosystems)).toMatchObject({ name, format })
})
