import { type AdvisoryKey, qualifiedName, type Statement, type VersionRange } from '../core/advisory.ts'
import type { VersionScheme } from '../core/versions.ts'

/** Vulnerable versions of what a key names; on some architectures only, if there are any. */
export interface VulnerableRange {
  readonly key: AdvisoryKey
  readonly arches: readonly string[]
  readonly range: VersionRange
}

/**
 * The statements that the vulnerable ranges of one advisory come to, one a key. Ranges of one key are joined: what is in any of
 * them is vulnerable. An architecture gets a key of its own only if versions differ between architectures, or if the
 * advisory is about one architecture of the release alone.
 */
export function statementsOf(ranges: readonly VulnerableRange[], versions: VersionScheme): readonly Statement[] {
  const byKey = new Map<string, { key: AdvisoryKey; byArch: Map<string, VersionRange[]> }>()
  const archesOfScope = new Map<string, Set<string>>()
  for (const { key, arches, range } of ranges) {
    const { scope, name } = key
    const known = byKey.get(`${scope}\0${name}`) ?? { key, byArch: new Map<string, VersionRange[]>() }
    byKey.set(`${scope}\0${name}`, known)
    for (const arch of arches.length === 0 ? [''] : arches) {
      known.byArch.set(arch, [...(known.byArch.get(arch) ?? []), range])
      if (arch !== '') archesOfScope.set(scope, (archesOfScope.get(scope) ?? new Set()).add(arch))
    }
  }
  return [...byKey.values()].flatMap(({ key, byArch }) => {
    const limited = [...byArch].map(([arch, own]) => ({ arch, says: join(own, versions) }))
    const [first] = limited
    const same = limited.every(({ says }) => JSON.stringify(says) === JSON.stringify(first!.says))
    if (first!.arch === '' && limited.length === 1) return [{ key, ...first!.says }]
    if (same && (archesOfScope.get(key.scope)?.size ?? 0) > 1) return [{ key, ...first!.says }]
    return limited.map(({ arch, says }) => ({
      key: arch === '' ? key : { scope: key.scope, name: qualifiedName(key.name, { arch }) },
      ...says,
    }))
  })
}

/** What ranges say together. Of those with the same beginning the one that goes furthest counts. */
function join(ranges: readonly VersionRange[], versions: VersionScheme): Omit<Statement, 'key'> {
  const byStart = new Map<string | undefined, VersionRange>()
  for (const range of ranges) {
    const other = byStart.get(range.introduced)
    if (other === undefined || goesFurther(range, other, versions)) byStart.set(range.introduced, range)
  }
  const joined = [...byStart.values()]
  const [only] = joined
  if (joined.length === 1 && only!.introduced === undefined && only!.fixed !== undefined) {
    return { fix: 'fixed', fixedIn: only!.fixed }
  }
  return { fix: joined.some(({ fixed }) => fixed !== undefined) ? 'fixed' : 'open', ranges: joined }
}

function goesFurther(range: VersionRange, other: VersionRange, versions: VersionScheme): boolean {
  const order = versions.compare(endOf(range), endOf(other))
  return order === 1 || (order === 0 && range.lastAffected !== undefined)
}

function endOf({ fixed, lastAffected }: VersionRange): string {
  return fixed ?? lastAffected ?? ''
}
