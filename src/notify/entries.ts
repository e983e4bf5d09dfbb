import { createHash } from 'node:crypto'
import type { Digest } from '../core/digest.ts'
import type { FindingEvent } from '../core/fleet.ts'
import type { NotificationEntry, NotifiedFinding } from '../core/notifications.ts'
import { severityRank } from '../core/severity.ts'

/** What became of one vulnerability in one package of an image. */
export interface Change {
  readonly reason: 'added' | 'removed'
  readonly finding: NotifiedFinding
}

/**
 * What events of one operation come to in an image: each vulnerability of a package that advisories name is one change. If it is
 * open now it was added, as it is now, also where it was there before in another way; where it differs in nothing that is told,
 * it is no change.
 */
export function changesOf(events: readonly FindingEvent[]): readonly Change[] {
  const groups = new Map<string, { readonly opened: FindingEvent[]; readonly closed: FindingEvent[] }>()
  for (const event of events) {
    const { id, why } = event.finding
    const key = JSON.stringify([id, why.feed, why.scope, why.name])
    const group = groups.get(key) ?? { opened: [], closed: [] }
    groups.set(key, group)
    group[event.change].push(event)
  }
  return [...groups.values()].flatMap(({ opened, closed }) => {
    if (toldText(opened) === toldText(closed)) return []
    const reason = opened.length > 0 ? 'added' : 'removed'
    return [{ reason, finding: mostSevere((reason === 'added' ? opened : closed).map(notifiedFinding)) } as const]
  })
}

/** The one change that tells most of an image: the most severe that was added, or else that was removed. */
export function summaryOf(changes: readonly Change[]): readonly Change[] {
  const added = changes.filter(({ reason }) => reason === 'added')
  const [first, ...others] = added.length > 0 ? added : changes
  if (first === undefined) return []
  return [others.reduce((best, one) => (isMoreSevere(one.finding, best.finding) ? one : best), first)]
}

/** What a notification says of changes in an image. The ids are the same whenever the same is said in it. */
export function entriesOf(notification: string, manifest: Digest, changes: readonly Change[]): NotificationEntry[] {
  return changes.map(({ reason, finding }) => {
    const { id, feed, scope, name } = finding
    return { id: entryId(notification, manifest, id, feed, scope, name), manifest, reason, finding }
  })
}

/** A UUID (RFC 9562, version 8). */
function entryId(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function notifiedFinding({ finding, package: pkg }: FindingEvent): NotifiedFinding {
  const { id, description, links, severity, fixedIn, why } = finding
  const { feed, scope, name } = why
  return { id, description, links, severity, fixedIn, feed, scope, name, package: pkg }
}

/** All that makes a difference to who is notified. */
function toldText(events: readonly FindingEvent[]): string {
  const told = events.map(({ finding, package: { package: pkg } }) =>
    JSON.stringify([pkg.name, pkg.version, pkg.arch, finding.severity, finding.fixedIn, finding.state]),
  )
  return JSON.stringify(told.sort())
}

function mostSevere([first, ...others]: readonly NotifiedFinding[]): NotifiedFinding {
  return others.reduce((best, one) => (isMoreSevere(one, best) ? one : best), first!)
}

/** Of what is as severe, the first by name, so that it is always the same. */
function isMoreSevere(one: NotifiedFinding, other: NotifiedFinding): boolean {
  const ranks = severityRank(one.severity) - severityRank(other.severity)
  if (ranks !== 0) return ranks < 0
  return orderText(one) < orderText(other)
}

function orderText({ id, name, package: { package: pkg } }: NotifiedFinding): string {
  return JSON.stringify([id, name, pkg.name, pkg.version, pkg.arch])
}
