import type { FeedRecord } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import { jsonElements } from '../../io/json-stream.ts'
import { documentName } from '../document.ts'
import { badRecord } from '../gaps.ts'
import { checkPackage } from './schema.ts'
import { SecurityFixes, type SecurityFixesOptions } from './security-fixes.ts'

/**
 * The records of a security database of apk packages, as Alpine invented it (https://gitlab.alpinelinux.org/alpine/infra/alpine-secdb):
 * `{ packages: [{ pkg: { name, secfixes: { version: [ids] } } }] }`.
 */
export async function* readSecdb(
  spool: Spool,
  signal: AbortSignal,
  options: SecurityFixesOptions & { readonly scope: string },
): AsyncGenerator<FeedRecord> {
  const { where: url, scope } = options
  const fixes = new SecurityFixes(options)
  const elements = jsonElements(spool.read(documentName, signal), { path: ['packages'], where: url })
  for await (const element of elements) {
    const checked = 'bad' in element ? { problem: element.bad } : checkPackage(element.value)
    if ('problem' in checked) {
      const name = 'bad' in element ? undefined : (element.value as { pkg?: { name?: unknown } } | null)?.pkg?.name
      yield badRecord(typeof name === 'string' && name !== '' ? name : `package ${element.key}`, checked.problem)
      continue
    }
    const { name, secfixes } = checked.value.pkg
    for (const [version, entries] of Object.entries(secfixes ?? {})) {
      if (version === '') {
        yield badRecord(name, 'its fixes have no version')
        continue
      }
      for (const entry of entries ?? []) {
        if (!fixes.add(name, version, entry)) yield badRecord(`${name} ${version}`, `${JSON.stringify(entry)} is no id`)
      }
    }
  }
  for (const advisory of fixes.advisories(scope)) yield advisory
}
