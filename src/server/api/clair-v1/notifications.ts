import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { analyzersKey, type Engine } from '../../../compose.ts'
import { limits } from '../../../core/limits.ts'
import type { NotificationEntry } from '../../../core/notifications.ts'
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
import { failure, notFound, sendJson } from './errors.ts'
import type { V1Change, V1Vulnerability } from './schema.ts'

/** The routes of notifications, each about one vulnerability. */
export function addNotifications(scope: FastifyInstance, { engine }: ApiContext): void {
  const { notifications } = engine.store
  scope.get('/v1/notifications/:name', show)
  scope.delete('/v1/notifications/:name', remove)

  async function show(request: FastifyRequest, reply: FastifyReply) {
    const { limit, token, place } = pageOf(request)
    const notification = await shownNotification(notifications, nameOf(request))
    if (notification === undefined) throw notFound()
    const { id } = notification
    const { items, next } = await notifications.entries(id, place.after || undefined, limit)
    const sides = { Old: items.filter(isRemoved), New: items.filter((entry) => !isRemoved(entry)) }
    const changes: Partial<Record<keyof typeof sides, V1Change>> = {}
    let { index } = place
    for (const side of ['Old', 'New'] as const) {
      const [first] = sides[side]
      if (first === undefined) continue
      const layers = await layersOf(engine, sides[side])
      changes[side] = {
        Vulnerability: vulnerabilityOf(first, engine),
        OrderedLayersIntroducingVulnerability: layers.map((LayerName) => ({ Index: index++, LayerName })),
        LayersIntroducingVulnerability: layers,
      }
    }
    return sendJson(reply, 200, {
      Notification: {
        Name: id,
        Created: secondsOf(notification.createdAt),
        ...(notification.status === 'delivered' ? { Notified: secondsOf(notification.statusAt!) } : {}),
        Limit: limit,
        Page: token,
        ...(next === undefined ? {} : { NextPage: tokenOf({ after: next, index }) }),
        ...changes,
      },
    })
  }

  async function remove(request: FastifyRequest, reply: FastifyReply) {
    if (!(await removeNotification(notifications, nameOf(request)))) throw notFound()
    return reply.code(200).send()
  }
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { readonly name: string }).name
}

/** The layers that brought the vulnerable packages, by the names that they were submitted under, or their digests. */
async function layersOf({ store: { index } }: Engine, entries: readonly NotificationEntry[]): Promise<string[]> {
  const names = new Set<string>()
  for (const { manifest, finding } of entries) {
    const { source } = finding.package.package
    const report = await index.image(manifest, analyzersKey)
    const layers = (report?.packages ?? [])
      .filter((pkg) => pkg.source.name === source.name && pkg.source.version === source.version)
      .map((pkg) => report?.image.layers[pkg.layer])
    // Of an image that is gone meanwhile only the digest is left.
    if (layers.length === 0) names.add(manifest)
    for (const layer of layers) names.add(layer?.createdBy || layer?.digest || manifest)
  }
  return [...names]
}

function vulnerabilityOf(entry: NotificationEntry, { ecosystems }: Engine): V1Vulnerability {
  const { id, namespace, description, link, severity, name, fixedIn } = notifiedVulnerability(entry, ecosystems)
  return {
    Name: id,
    NamespaceName: namespace,
    ...(description === '' ? {} : { Description: description }),
    ...(link === '' ? {} : { Link: link }),
    Severity: severity,
    FixedIn: [{ Name: name, NamespaceName: namespace, Version: fixedIn }],
  }
}

function pageOf(request: FastifyRequest) {
  const { limit, page } = request.query as Readonly<Record<string, unknown>>
  if (limit === undefined) throw failure(400, 'must provide limit query parameter')
  if (typeof limit !== 'string' || !/^[1-9]\d{0,8}$/.test(limit)) throw failure(400, 'invalid limit format')
  const place: NotificationPlace | undefined = page === undefined ? firstPlace : placeOf(String(page))
  if (place === undefined) throw failure(400, 'invalid page format')
  return { limit: Math.min(Number(limit), limits.pageSize), token: tokenOf(place), place }
}
