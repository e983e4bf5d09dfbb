import type { Statement } from '../../core/advisory.ts'
import { judge } from '../../core/judge.ts'
import type { Package } from '../../core/package.ts'
import type { Verdict } from '../../core/verdict.ts'
import { otherFlavour } from '../../feeds/rpm-flavours.ts'
import { rpm } from '../../versions/rpm.ts'

/**
 * The rule for statements about source packages whose versions have an epoch. Most packages are in the version of their
 * source, epoch and all. Those that are not (`perl-Errno` 1.28 of `perl` 4:5.26.3) name the source's version, which has no epoch
 * in the name of a source rpm: the epochs of both are left out then.
 */
export function judgeSource(pkg: Package, statement: Statement): Verdict {
  const stray = otherFlavour(pkg, statement)
  if (stray !== undefined) return stray
  const { fixedIn } = statement
  const built = withoutEpoch(pkg.source.version)
  if (fixedIn === undefined || withoutEpoch(pkg.version) === built) return judge(pkg.version, statement, rpm)
  const verdict = judge(built, { ...statement, fixedIn: withoutEpoch(fixedIn) }, rpm)
  return verdict.state === 'affected' ? { ...verdict, fixedIn } : verdict
}

function withoutEpoch(version: string): string {
  return version.replace(/^\d+:/, '')
}
