import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { analyzersKey, type Engine } from '../../../compose.ts'
import { limits } from '../../../core/limits.ts'
import type { Notification, NotificationEntry } from '../../../core/notifications.ts'
import { severityName } from '../../features.ts'
import { namespaceOfScope } from '../../namespaces.ts'
import type { ApiContext } from '../contract.ts'
import { failure, notFound, sendJson } from './errors.ts'
import type { V1Change, V1Vulnerability } from './schema.ts'

/** Where a page begins: after which entry, and the number of the first layer in it. */
interface Place {
  readonly after: string
  readonly index: number
}

const start: Place = { after: '', index: 1 }

/** The routes of notifications, each about one vulnerability. */
export function addNotifications(scope: FastifyInstance, { engine }: ApiContext): void {
  const { notifications } = engine.store
  scope.get('/v1/notifications/:name', show)
  scope.delete('/v1/notifications/:name', remove)

  async function show(request: FastifyRequest, reply: FastifyReply) {
    const { limit, token, place } = pageOf(request)
    const notification = await notifications.get(nameOf(request))
    if (notification === undefined || !isShown(notification)) throw notFound()
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
        Created: seconds(notification.createdAt),
        ...(notification.status === 'delivered' ? { Notified: seconds(notification.statusAt!) } : {}),
        Limit: limit,
        Page: token,
        ...(next === undefined ? {} : { NextPage: tokenOf({ after: next, index }) }),
        ...changes,
      },
    })
  }

  async function remove(request: FastifyRequest, reply: FastifyReply) {
    if (!(await notifications.remove(nameOf(request), new Date().toISOString()))) throw notFound()
    return reply.code(200).send()
  }
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { readonly name: string }).name
}

function isShown({ about, status }: Notification): boolean {
  return about !== '' && status !== undefined && status !== 'deleted'
}

function isRemoved({ reason }: NotificationEntry): boolean {
  return reason === 'removed'
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

function vulnerabilityOf({ finding }: NotificationEntry, { ecosystems }: Engine): V1Vulnerability {
  const { id, scope, name, description, links, severity, fixedIn } = finding
  const ecosystem = ecosystems.find((one) => scope === one.id || scope.startsWith(`${one.id}:`))
  const namespace = (ecosystem && namespaceOfScope(scope, ecosystem))?.name ?? scope
  return {
    Name: id,
    NamespaceName: namespace,
    ...(description === '' ? {} : { Description: description }),
    ...(links[0] === undefined ? {} : { Link: links[0] }),
    Severity: severityName(severity),
    FixedIn: [{ Name: name.split(' ')[0]!, NamespaceName: namespace, Version: fixedIn ?? 'None' }],
  }
}

function pageOf(request: FastifyRequest): { readonly limit: number; readonly token: string; readonly place: Place } {
  const { limit, page } = request.query as Readonly<Record<string, unknown>>
  if (limit === undefined) throw failure(400, 'must provide limit query parameter')
  if (typeof limit !== 'string' || !/^[1-9]\d{0,8}$/.test(limit)) throw failure(400, 'invalid limit format')
  const place = page === undefined ? start : placeOf(page)
  return { limit: Math.min(Number(limit), limits.pageSize), token: tokenOf(place), place }
}

function tokenOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

function placeOf(token: unknown): Place {
  try {
    const { after, index } = JSON.parse(Buffer.from(String(token), 'base64url').toString('utf8')) as Partial<Place>
    if (typeof after === 'string' && after.length <= 36 && Number.isSafeInteger(index)) return { after, index: index! }
  } catch {
    // It is told below.
  }
  throw failure(400, 'invalid page format')
}

/** Seconds since 1970, as Clair writes them. */
function seconds(time: string): string {
  return String(Math.floor(Date.parse(time) / 1000))
}
