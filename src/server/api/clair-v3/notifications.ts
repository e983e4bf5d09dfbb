import { create } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import type { Engine } from '../../../compose.ts'
import { printable } from '../../../core/errors.ts'
import type { Page } from '../../../core/fleet.ts'
import { limits } from '../../../core/limits.ts'
import type { NotificationEntry } from '../../../core/notifications.ts'
import { featureNames } from '../../features.ts'
import { formatOf } from '../../namespaces.ts'
import {
  firstPlace,
  isRemoved,
  type NotificationPlace,
  notifiedVulnerability,
  placeOf,
  removeNotification,
  secondsOf,
  shownNotification,
  tokenOf,
} from '../../notified.ts'
import type { ApiContext } from '../contract.ts'
import {
  type GetNotificationRequest,
  type GetNotificationResponse_Notification,
  GetNotificationResponse_NotificationSchema,
  type MarkNotificationAsReadRequest,
  type PagedVulnerableAncestries,
  PagedVulnerableAncestriesSchema,
  type Vulnerability,
  VulnerabilitySchema,
} from './clair_pb.ts'
import { failure } from './errors.ts'

/** Notifications, each about one vulnerability. Methods throw `ConnectError`. */
export interface Notifications {
  get(request: GetNotificationRequest): Promise<GetNotificationResponse_Notification>
  markAsRead(request: MarkNotificationAsReadRequest): Promise<void>
}

/** Some entries of a notification, of either kind. */
interface Slice extends Page<NotificationEntry> {
  readonly place: NotificationPlace
  readonly limit: number
}

export function createNotifications({ engine, notifications: kind }: ApiContext): Notifications {
  const { notifications } = engine.store
  const isKept = kind === 'by-vulnerability'

  async function get(request: GetNotificationRequest): Promise<GetNotificationResponse_Notification> {
    const { name, oldVulnerabilityPage, newVulnerabilityPage } = request
    if (name === '') throw unknown(name)
    if (request.limit <= 0) {
      throw failure(Code.InvalidArgument, 'notification page limit should not be empty or less than 1')
    }
    const found = isKept ? await shownNotification(notifications, name) : undefined
    if (found === undefined) throw unknown(name)
    const limit = Math.min(request.limit, limits.pageSize)
    const old = await sliceOf(name, oldVulnerabilityPage, limit)
    const current =
      newVulnerabilityPage === oldVulnerabilityPage ? old : await sliceOf(name, newVulnerabilityPage, limit)
    const sides = {
      old: await sideOf(engine, old, isRemoved),
      new: await sideOf(engine, current, (entry) => !isRemoved(entry)),
    }
    return create(GetNotificationResponse_NotificationSchema, {
      name,
      created: secondsOf(found.createdAt),
      ...(found.status === 'delivered' ? { notified: secondsOf(found.statusAt!) } : {}),
      ...(sides.old === undefined ? {} : { old: sides.old }),
      ...(sides.new === undefined ? {} : { new: sides.new }),
    })
  }

  async function sliceOf(id: string, token: string, limit: number): Promise<Slice> {
    const place = token === '' ? firstPlace : placeOf(token)
    if (place === undefined) throw failure(Code.InvalidArgument, 'notification page is none that was given')
    return { ...(await notifications.entries(id, place.after || undefined, limit)), place, limit }
  }

  async function markAsRead({ name }: MarkNotificationAsReadRequest): Promise<void> {
    if (name === '' || !isKept || !(await removeNotification(notifications, name))) throw unknown(name)
  }

  return { get, markAsRead }
}

function unknown(name: string) {
  if (name === '') return failure(Code.InvalidArgument, 'notification name should not be empty')
  return failure(Code.NotFound, `requested notification '${printable(name.slice(0, 200))}' is not found`)
}

/**
 * One side of a change: what of a slice belongs to it. As both sides go through the same entries, one may have nothing on a page and
 * more on the next; `undefined`: it has nothing, and there are no more.
 */
async function sideOf(
  engine: Engine,
  { items, next, place, limit }: Slice,
  belongs: (entry: NotificationEntry) => boolean,
): Promise<PagedVulnerableAncestries | undefined> {
  const entries = items.filter(belongs)
  const [any] = items
  if (any === undefined || (entries.length === 0 && next === undefined)) return undefined
  const places = new Map<NotificationEntry['manifest'], number>()
  for (const [position, entry] of items.entries()) {
    if (belongs(entry) && !places.has(entry.manifest)) places.set(entry.manifest, place.index + position)
  }
  const ancestries: { readonly index: number; readonly name: string }[] = []
  for (const [manifest, index] of places) {
    const names = (await engine.store.fleet.image(manifest))?.names ?? []
    // What was not submitted under a name, or has none any more, is named by its digest.
    for (const name of names.length === 0 ? [manifest] : names) ancestries.push({ index, name })
  }
  return create(PagedVulnerableAncestriesSchema, {
    currentPage: tokenOf(place),
    nextPage: next === undefined ? '' : tokenOf({ after: next, index: place.index + items.length }),
    limit,
    vulnerability: vulnerabilityOf(entries[0] ?? any, entries, engine),
    ancestries,
  })
}

function vulnerabilityOf(
  entry: NotificationEntry,
  entries: readonly NotificationEntry[],
  { ecosystems }: Engine,
): Vulnerability {
  const { id: name, namespace: namespaceName, description, link, severity } = notifiedVulnerability(entry, ecosystems)
  const affected = new Map(
    entries.map(({ finding }) => {
      const pkg = finding.package.package
      const feature = { ...featureNames(pkg), namespaceName, versionFormat: formatOf(pkg.type) }
      return [`${feature.name}\0${feature.version}`, feature] as const
    }),
  )
  const affectedVersions = [...affected.values()]
  return create(VulnerabilitySchema, { name, namespaceName, description, link, severity, affectedVersions })
}
