import type { Json } from '../core/advisory.ts'
import type { Coverage, Ecosystem } from '../core/ecosystem.ts'
import type { Match } from '../core/match.ts'
import type { IndexedPackage } from '../core/report.ts'
import type { AdvisoryStore } from '../core/store.ts'

/**
 * The matches, with the advisories named that bring their fixes, where the statements do not name them and the facts of
 * `Coverage.advisories` do.
 */
export async function nameAdvisories(
  matches: readonly Match[],
  packages: readonly IndexedPackage[],
  { ecosystem, coverage }: { readonly ecosystem: Ecosystem; readonly coverage: Coverage },
  { advisories, asOf }: { readonly advisories: AdvisoryStore; readonly asOf: string | undefined },
): Promise<readonly Match[]> {
  const feeds = coverage.advisories ?? []
  const nameOf = ({ pkg, candidate, verdict }: Match): string | undefined => {
    const { statement, vulnerability } = candidate
    const isNamed = statement.advisory !== undefined || vulnerability.covers !== undefined
    if (verdict.state !== 'affected' || verdict.fix !== 'fixed' || isNamed) return undefined
    return ecosystem.advisoryFact?.(packages[pkg]!, statement.key)
  }
  const names = new Set(matches.map(nameOf).filter((name) => name !== undefined))
  if (feeds.length === 0 || names.size === 0) return matches
  const facts = await Promise.all(feeds.map(({ id }) => advisories.facts(id, [...names], asOf)))
  return matches.map((match) => {
    const name = nameOf(match)
    if (name === undefined) return match
    const { statement, vulnerability } = match.candidate
    const advisory = facts.map((known) => advisoryOf(known.get(name), vulnerability.id)).find((id) => id !== undefined)
    if (advisory === undefined) return match
    return { ...match, candidate: { ...match.candidate, statement: { ...statement, advisory } } }
  })
}

/** The first advisory of a fact, `[advisory, …vulnerabilities][]`, that has the vulnerability. */
function advisoryOf(fact: Json | undefined, vulnerability: string): string | undefined {
  if (!Array.isArray(fact)) return undefined
  const lists = fact as readonly (readonly string[])[]
  return lists.find(([, ...vulnerabilities]) => vulnerabilities.includes(vulnerability))?.[0]
}
