import type { Statement } from '../../core/advisory.ts'
import { judge } from '../../core/judge.ts'
import type { Package } from '../../core/package.ts'
import type { Verdict } from '../../core/verdict.ts'
import { rpm } from '../../versions/rpm.ts'
import { isCentosBuild, isModular, lineOf, majorOf, tagLine } from './lines.ts'

/** How the advisories of several fixes stand in a statement: in the order of its ranges. */
export const advisorySeparator = ', '

/** Judges by the rule of `judgeBuild`, and names the advisory that brings the fix of the package's own line. */
export function judgePackage(pkg: Package, statement: Statement): Verdict {
  const verdict = judgeBuild(pkg, statement)
  if (verdict.state !== 'affected') return verdict
  const { advisory: text = '', ranges = [] } = statement
  const advisories = text.split(advisorySeparator)
  const place = ranges.findIndex(({ fixed }) => fixed === verdict.fixedIn)
  const advisory = advisories.length === ranges.length ? advisories[place] : undefined
  return advisory === undefined ? verdict : { ...verdict, advisory }
}

/**
 * The standard rule, and where something is fixed in several lines (`lineOf`): a package is judged by the fix of its own
 * line. Where that has none, every fix counts: it is affected if it is older than the last of them.
 */
function judgeBuild(pkg: Package, statement: Statement): Verdict {
  const fixes =
    statement.ranges?.map(({ fixed }) => fixed!) ?? (statement.fixedIn === undefined ? [] : [statement.fixedIn])
  if (pkg.type === 'oci') return judgeLine(pkg.version, statement, fixes, tagLine)
  if (statement.key.name.includes(' module=')) return judgeLine(pkg.version, statement, fixes, lineOf)
  const modular = fixes.filter(isModular)
  if (pkg.module === undefined && !isModular(pkg.version)) {
    if (fixes.length > 0 && modular.length === fixes.length)
      return { state: 'clear', because: 'the fix is in a module, which it is not from' }
    return judgeLine(
      pkg.version,
      statement,
      modular.length === 0 ? fixes : fixes.filter((fix) => !isModular(fix)),
      lineOf,
    )
  }
  if (modular.length > 0) return judgeLine(pkg.version, statement, modular, majorOf)
  return {
    state: 'clear',
    because: `what is said is not about packages of modules, as that of ${pkg.module ?? 'one'} is`,
  }
}

function judgeLine(
  version: string,
  statement: Statement,
  fixes: readonly string[],
  lineFrom: (version: string) => string | undefined,
): Verdict {
  if (fixes.length === 0) return judge(version, statement, rpm)
  const line = lineFrom(version)
  const own = line === undefined ? undefined : fixes.findLast((fix) => lineFrom(fix) === line)
  if (own !== undefined) return judgeFix(version, statement, own)
  const last = judgeFix(version, statement, fixes.at(-1)!)
  if (last.state !== 'affected') return last
  const next = fixes.find((fix) => judgeFix(version, statement, fix).state === 'affected')
  return next === undefined ? last : judgeFix(version, statement, next)
}

function judgeFix(version: string, { key }: Statement, fixedIn: string): Verdict {
  if (isCentosBuild(version, fixedIn))
    return { state: 'clear', because: `${version} is what CentOS built of ${fixedIn}` }
  return judge(version, { key, fix: 'fixed', fixedIn }, rpm)
}
