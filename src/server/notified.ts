import type { Ecosystem } from '../core/ecosystem.ts'
import type { Notification, NotificationEntry, NotificationStore } from '../core/notifications.ts'
import { type ClairSeverity, severityName } from './features.ts'
import { namespaceOfScope } from './namespaces.ts'

/** Where a page of a notification begins: after which entry, and the number of the first thing that is counted in it. */
export interface NotificationPlace {
  readonly after: string
  readonly index: number
}

/** Where the first page begins. */
export const firstPlace: NotificationPlace = { after: '', index: 1 }

/** The vulnerability that a notification is about, as Clair told of it before v4. Texts are empty where nothing is known. */
export interface NotifiedVulnerability {
  readonly id: string
  readonly namespace: string
  readonly description: string
  readonly link: string
  readonly severity: ClairSeverity
  /** What it is said of, and the first version without it; `None`: there is none. */
  readonly name: string
  readonly fixedIn: string
}

/** The notification of this name, if it is about one vulnerability and may be shown. */
export async function shownNotification(
  notifications: NotificationStore,
  name: string,
): Promise<Notification | undefined> {
  const notification = isId(name) ? await notifications.get(name) : undefined
  if (notification === undefined || notification.about === '') return undefined
  return notification.status === undefined || notification.status === 'deleted' ? undefined : notification
}

/** Deletes a notification: whether there was one. */
export async function removeNotification(notifications: NotificationStore, name: string): Promise<boolean> {
  return isId(name) && (await notifications.remove(name, new Date().toISOString()))
}

/** Names of clients' are anything; those of notifications are UUIDs in lower case. */
function isId(name: string): boolean {
  return /^[0-9a-f-]{36}$/.test(name)
}

export function isRemoved({ reason }: NotificationEntry): boolean {
  return reason === 'removed'
}

export function notifiedVulnerability(
  { finding }: NotificationEntry,
  ecosystems: readonly Ecosystem[],
): NotifiedVulnerability {
  const { id, scope, name, description, links, severity, fixedIn } = finding
  const ecosystem = ecosystems.find((one) => scope === one.id || scope.startsWith(`${one.id}:`))
  return {
    id,
    namespace: (ecosystem && namespaceOfScope(scope, ecosystem))?.name ?? scope,
    description,
    link: links[0] ?? '',
    severity: severityName(severity),
    name: name.split(' ')[0]!,
    fixedIn: fixedIn ?? 'None',
  }
}

/** The token for a page. */
export function tokenOf(place: NotificationPlace): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** The place that a token is for; `undefined`: it is none of `tokenOf`. */
export function placeOf(token: string): NotificationPlace | undefined {
  try {
    const { after, index } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Partial<NotificationPlace>
    const sound = typeof after === 'string' && /^[0-9a-f-]{0,36}$/.test(after) && Number.isSafeInteger(index)
    return sound ? { after, index: index! } : undefined
  } catch {
    return undefined
  }
}

/** Seconds since 1970, as Clair wrote them. */
export function secondsOf(time: string): string {
  return String(Math.floor(Date.parse(time) / 1000))
}
