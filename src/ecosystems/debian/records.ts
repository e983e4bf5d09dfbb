import type { FeedRecord, FixState, Statement } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { jsonElements } from '../../io/json-stream.ts'
import { scopeOfCodename } from './releases.ts'
import { checkIssue, type Issue, type ReleaseState } from './schema.ts'
import { ratingOf } from './severity.ts'

/** The document is `{ source package: { vulnerability: { description, releases: { codename: … } } } }`. */
export async function* readRecords(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<FeedRecord> {
  for await (const element of jsonElements(spool.read(documentName, signal), { path: [], where: url })) {
    const name = String(element.key)
    if ('bad' in element) {
      yield badRecord(name, element.bad)
    } else if (typeof element.value !== 'object' || element.value === null) {
      yield badRecord(name, 'it is not an object')
    } else {
      for (const [id, issue] of Object.entries(element.value)) {
        const checked = checkIssue(issue)
        if ('problem' in checked) yield badRecord(`${name} ${id}`, checked.problem)
        else yield advisoryOf(name, id, checked.value)
      }
    }
  }
}

function advisoryOf(name: string, id: string, { description, releases }: Issue): FeedRecord {
  const statements: Statement[] = []
  for (const codename in releases) statements.push(statementOf(name, codename, releases[codename]!))
  const links = [`https://security-tracker.debian.org/tracker/${encodeURIComponent(id.toWellFormed())}`]
  return { vulnerability: { id, aliases: [], description: description ?? '', ratings: [], links }, statements }
}

function statementOf(name: string, codename: string, state: ReleaseState): Statement {
  const fix = fixOf(state)
  const { urgency, nodsa } = state
  return {
    key: { scope: scopeOfCodename(codename), name },
    fix,
    ...(fix === 'fixed' ? { fixedIn: state.fixed_version! } : undefined),
    ...(urgency ? { rating: ratingOf(urgency) } : undefined),
    ...(nodsa ? { note: nodsa } : undefined),
  }
}

/**
 * What the tracker's words mean (its `bin/tracker_service.py` and `doc/security_tracker`). `resolved` in version 0: the
 * release never had it. `nodsa_reason` says why there will be no advisory: `ignored` is a decision against a fix,
 * `postponed` and an empty one (no-dsa) leave it to a point release. Words that are not known are taken for open.
 */
function fixOf({ status, fixed_version, urgency, nodsa, nodsa_reason }: ReleaseState): FixState {
  if (status === 'resolved' && fixed_version) return fixed_version === '0' ? 'not-affected' : 'fixed'
  if (status === 'undetermined') return 'undetermined'
  if (urgency === 'end-of-life') return 'end-of-life'
  if (nodsa_reason === 'ignored') return 'will-not-fix'
  if (typeof nodsa === 'string' || typeof nodsa_reason === 'string') return 'deferred'
  return 'open'
}
