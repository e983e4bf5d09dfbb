import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { entry } from '../../../../test/contract/notification-store.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { startWebhook, type TestWebhook } from '../../../../test/support/webhook.ts'
import { limits } from '../../../core/limits.ts'
import { notificationPageSchema } from './schema.ts'

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
const isPage = ajv.compile(notificationPageSchema)

const path = '/notifier/api/v1/notification'
const unknown = '269886f3-0146-4f08-9bf7-cb1138d48643'

interface Body {
  readonly page: { readonly size: number; readonly next?: string }
  readonly notifications: readonly { readonly id: string; readonly vulnerability: object }[]
}

let webhook: TestWebhook
let server: TestServer

beforeAll(async () => {
  webhook = await startWebhook()
  server = await startTestServer({ data: false, config: { notifier: { webhook: { target: webhook.url } } } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await webhook[Symbol.asyncDispose]()
})

const get = (id: string, query = '', headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${server.urls.api}${path}/${id}${query}`, { headers })

async function page(id: string, query = ''): Promise<Body> {
  const response = await get(id, query)
  expect(response.status).toBe(200)
  const body = (await response.json()) as Body
  expect(isPage(body), JSON.stringify(isPage.errors)).toBe(true)
  return body
}

let operation = 0
async function create(count: number): Promise<string> {
  const { notifications } = server.engine.store
  const now = new Date().toISOString()
  const id = (await notifications.begin(++operation, '', now))!
  await notifications.add(
    id,
    Array.from({ length: count }, (_, number) => entry(number + 1)),
  )
  await notifications.finish(id, now)
  return id
}

describe('notifications of Clair v4', () => {
  it('are read in pages', async () => {
    const id = await create(3)
    const first = await page(id, '?page_size=1')
    expect(first.page).toEqual({ size: 1, next: entry(1).id })
    expect(first.notifications.map((one) => one.id)).toEqual([entry(1).id])
    const second = await page(id.toUpperCase(), `?page_size=2&next=${first.page.next!.toUpperCase()}`)
    expect(second).toMatchObject({ page: { size: 2 }, notifications: [{ id: entry(2).id }, { id: entry(3).id }] })
    expect(second.page).not.toHaveProperty('next')
    expect((await page(id)).page).toEqual({ size: 500 })
    expect((await page(id, '?page_size=&next=')).notifications).toHaveLength(3)
  })

  it(`have ${limits.pageSize} entries a page at most`, async () => {
    const id = await create(limits.pageSize + 1)
    const { page: shown, notifications } = await page(id, '?page_size=999999999')
    expect([shown.size, notifications.length]).toEqual([limits.pageSize, limits.pageSize])
    expect((await page(id, `?page_size=5000&next=${shown.next}`)).notifications).toHaveLength(1)
  })

  it('say what changed, under the names of Clair’s server and of its schema', async () => {
    const id = await create(1)
    const { notifications } = await page(id)
    expect(notifications).toMatchObject([
      {
        id: entry(1).id,
        manifest: entry(1).manifest,
        reason: 'added',
        vulnerability: {
          name: 'CVE-2099-1',
          package: { name: 'libssl3', version: '1', kind: 'binary', arch: 'amd64', source: { name: 'openssl' } },
          distribution: { did: 'debian', version_id: '12' },
          severity: 'High',
          normalized_severity: 'High',
          fixed_in_version: '',
          links: 'https://example.org/',
        },
      },
    ])
  })

  it('are deleted, and then empty, like those that never were', async () => {
    const id = await create(2)
    const remove = (one: string) => fetch(`${server.urls.api}${path}/${one}`, { method: 'DELETE' })
    for (const one of [id, id, unknown]) {
      const response = await remove(one)
      expect([response.status, await response.text()]).toEqual([200, ''])
      expect(await page(one)).toEqual({ page: { size: 500 }, notifications: [] })
    }
  })

  it.each([
    ['/x', 400, 'could not parse notification id: '],
    [`/${unknown}?page_size=x`, 400, 'could not parse "page_size" query param into integer'],
    [`/${unknown}?page_size=0`, 400, 'could not parse "page_size" query param into integer'],
    [`/${unknown}?page_size=-1`, 400, 'could not parse "page_size" query param into integer'],
    [`/${unknown}?next=x`, 400, 'could not parse "next" query param into integer'],
  ])('GET %s is %i %s', async (rest, status, message) => {
    const response = await fetch(`${server.urls.api}${path}${rest}`)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code: 'bad-request', message: expect.stringContaining(message) })
  })

  it('are negotiated, and refuse other methods', async () => {
    const vendor = 'application/vnd.clair.notification_page.v1+json'
    expect((await get(unknown)).headers.get('content-type')).toBe(vendor)
    expect((await get(unknown, '', { accept: 'application/json' })).headers.get('content-type')).toBe(
      'application/json',
    )
    expect((await get(unknown, '', { accept: 'text/html' })).status).toBe(415)
    const post = await fetch(`${server.urls.api}${path}/${unknown}`, { method: 'POST' })
    expect([post.status, await post.json()]).toEqual([
      405,
      { code: 'method-not-allowed', message: 'method disallowed: POST' },
    ])
    expect((await fetch(`${server.urls.api}${path}/x`, { method: 'DELETE' })).status).toBe(400)
  })

  it('are not there where nobody is notified, or each vulnerability is', async () => {
    for (const config of [{}, { chiaro: { webhook_v1: { endpoint: webhook.url } } }]) {
      await using other = await startTestServer({ data: false, config })
      const response = await fetch(`${other.urls.api}${path}/${unknown}`)
      expect([response.status, await response.json()]).toEqual([404, { code: 'not-found', message: 'not found' }])
      expect((await fetch(`${other.urls.api}${path}/${unknown}`, { method: 'DELETE' })).status).toBe(404)
    }
  })
})
