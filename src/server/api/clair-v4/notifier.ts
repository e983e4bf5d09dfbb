import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { limits } from '../../../core/limits.ts'
import { addResource } from '../../resource.ts'
import type { ApiContext } from '../contract.ts'
import { negotiated, queryOf, sendJson } from './answers.ts'
import { failure, refuseMethod } from './errors.ts'
import { isUuid } from './ids.ts'
import { clairNotification } from './notification.ts'

const pageTypes = ['application/vnd.clair.notification_page.v1+json', 'application/json']

/** Entries of a page, where none are asked for. */
const usualPage = 500

/** The routes of Clair's notifier. */
export function addNotifier(scope: FastifyInstance, { engine }: ApiContext): void {
  const { notifications } = engine.store
  addResource(scope, {
    path: '/notifier/api/v1/notification/:id',
    metrics: ['notificationv1', 'notifications'],
    handlers: { GET: getPage, DELETE: remove },
    refuse: refuseMethod,
  })

  /** Of what is not there, or not any more, there is an empty page. */
  async function getPage(request: FastifyRequest, reply: FastifyReply) {
    const id = idOf(request)
    const type = negotiated(request, pageTypes)
    const { page_size: size, next: after } = queryOf(request)
    const limit = size === undefined || size === '' ? usualPage : pageSize(size)
    if (after !== undefined && after !== '' && !isUuid(after)) throw failure(400, unreadable('next'))
    const { items, next } = await notifications.entries(id, after?.toLowerCase(), limit)
    const page = { size: limit, ...(next === undefined ? {} : { next }) }
    return sendJson(reply, type, { page, notifications: items.map(clairNotification) })
  }

  /** Clair answers 500 where there is no receipt. What is to be gone and is not there is gone. */
  async function remove(request: FastifyRequest, reply: FastifyReply) {
    await notifications.remove(idOf(request), new Date().toISOString())
    return reply.code(200).send()
  }
}

function idOf(request: FastifyRequest): string {
  const { id } = request.params as { readonly id: string }
  if (isUuid(id)) return id.toLowerCase()
  throw failure(400, `could not parse notification id: ${JSON.stringify(id.slice(0, 200))} is not a UUID`)
}

function pageSize(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw failure(400, unreadable('page_size'))
  return Math.min(Number(text), limits.pageSize)
}

function unreadable(name: string): string {
  return `could not parse ${JSON.stringify(name)} query param into integer`
}
