import type { AdvisoryKey, NarrowedKey } from './advisory.ts'

/** A text that two keys have in common if and only if they are one. */
export function keyText({ scope, name }: AdvisoryKey): string {
  return `${scope.length} ${scope}${name}`
}

/** A key with all vulnerabilities that are meant of it; `undefined` for all that there are. */
export interface DistinctKey {
  readonly key: AdvisoryKey
  readonly vulnerabilities: ReadonlySet<string> | undefined
}

/** Keys by their texts, each once: of one that comes several times all is meant that one of them means. */
export function distinctKeys(keys: Iterable<NarrowedKey>): ReadonlyMap<string, DistinctKey> {
  const distinct = new Map<string, { readonly key: AdvisoryKey; vulnerabilities: Set<string> | undefined }>()
  for (const { scope, name, vulnerabilities } of keys) {
    const key = { scope, name }
    const text = keyText(key)
    const known = distinct.get(text)
    if (known === undefined) distinct.set(text, { key, vulnerabilities: vulnerabilities && new Set(vulnerabilities) })
    else if (vulnerabilities === undefined) known.vulnerabilities = undefined
    else for (const id of vulnerabilities) known.vulnerabilities?.add(id)
  }
  return distinct
}
