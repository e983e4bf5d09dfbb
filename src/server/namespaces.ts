import type { Ecosystem } from '../core/ecosystem.ts'
import type { Release } from '../core/package.ts'

/** A release as Clair called it before v4: `debian:12`, `alpine:v3.18`. */
export interface Namespace {
  readonly name: string
  /** The scope of statements that it stands for. */
  readonly scope: string
  /** `dpkg` or `rpm`: Clair took apk's versions for dpkg's. */
  readonly format: string
}

/** The scope of a release of Red Hat's, which is a CPE name. */
const redHat = /^(rhel):cpe:\/o:redhat:enterprise_linux:(\d+)$/

/** The namespace of a scope of statements, where it is a whole release and not a part of one. */
export function namespaceOfScope(scope: string, ecosystem: Ecosystem): Namespace | undefined {
  const [id, version, ...rest] = (redHat.exec(scope)?.slice(1).join(':') ?? scope).split(':')
  if (version === undefined || rest.length > 0 || !/^[\w.-]+$/.test(version)) return undefined
  return { name: nameOf(id!, version), scope, format: formatOf(ecosystem.packageTypes[0]) }
}

/** The namespace of an image; `undefined` where its release is not known to any ecosystem. */
export function namespaceOfRelease(
  release: Release | undefined,
  ecosystems: readonly Ecosystem[],
): Namespace | undefined {
  if (release === undefined) return undefined
  const ecosystem = ecosystems.find((candidate) => candidate.coverage(release) !== undefined)
  if (ecosystem === undefined) return undefined
  const [scope = ''] = ecosystem.coverage(release)?.scopes ?? []
  const known = namespaceOfScope(scope, ecosystem)
  const format = formatOf(ecosystem.packageTypes[0])
  return known ?? { name: nameOf(release.id, release.versionId), scope, format }
}

/** The format of the versions of a type of package. */
export function formatOf(type: string | undefined): string {
  return type === 'rpm' ? 'rpm' : 'dpkg'
}

const ids: Readonly<Record<string, string>> = { rhel: 'centos', amazon: 'amzn', ol: 'oracle' }

function nameOf(id: string, version: string): string {
  const known = ids[id] ?? id
  return known === 'alpine' && /^\d/.test(version) ? `alpine:v${version}` : `${known}:${version}`
}
