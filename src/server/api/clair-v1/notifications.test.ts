import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { entry } from '../../../../test/contract/notification-store.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { smallImage } from '../../../../test/support/small-image.ts'
import { startWebhook, type TestWebhook } from '../../../../test/support/webhook.ts'
import { analyzersKey } from '../../../compose.ts'
import type { Digest } from '../../../core/digest.ts'
import type { NotificationEntry } from '../../../core/notifications.ts'
import { notificationSchema } from './schema.ts'

const isNotification = new Ajv2020({ strict: false }).compile(notificationSchema)

interface Change {
  readonly Vulnerability: object
  readonly OrderedLayersIntroducingVulnerability: readonly object[]
  readonly LayersIntroducingVulnerability: readonly string[]
}
interface Body {
  readonly Notification: {
    readonly Page: string
    readonly NextPage?: string
    readonly Old?: Change
    readonly New?: Change
  }
}

let webhook: TestWebhook
let server: TestServer

beforeAll(async () => {
  webhook = await startWebhook()
  server = await startTestServer({ data: false, config: { chiaro: { webhook_v1: { endpoint: webhook.url } } } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await webhook[Symbol.asyncDispose]()
})

const path = (id: string, query = '') => `${server.urls.api}/v1/notifications/${id}${query}`

async function show(id: string, query: string): Promise<Body['Notification']> {
  const response = await fetch(path(id, query))
  expect(response.status).toBe(200)
  const body = (await response.json()) as Body
  expect(isNotification(body), JSON.stringify(isNotification.errors)).toBe(true)
  return body.Notification
}

let operation = 0
async function create(entries: readonly NotificationEntry[], about = 'debian:12 CVE-2099-1'): Promise<string> {
  const { notifications } = server.engine.store
  const now = new Date().toISOString()
  const id = (await notifications.begin(++operation, about, now))!
  await notifications.add(id, entries)
  await notifications.finish(id, now)
  return id
}

/** Entries of images that have this layer on top of another. */
async function imageOf(number: number, layer: string): Promise<Digest> {
  const digest: Digest = `sha256:${String(number).padStart(64, '0')}`
  const [below] = smallImage.image.layers
  const image = { ...smallImage.image, digest, layers: [below!, { ...below!, createdBy: layer }] }
  const packages = smallImage.packages.map((pkg) => ({ ...pkg, layer: 1, source: { name: 'openssl', version: '1' } }))
  await server.engine.store.index.putImage({ ...smallImage, image, packages }, analyzersKey, true)
  return digest
}

describe('notifications of Clair v1', () => {
  it('name the vulnerability before and after, and the layers that bring it, in pages', async () => {
    const manifests = [await imageOf(1, 'layer-a'), await imageOf(2, 'layer-b'), await imageOf(3, 'layer-c')]
    const id = await create([
      { ...entry(1), manifest: manifests[0]! },
      { ...entry(2), manifest: manifests[1]!, reason: 'removed' },
      { ...entry(3), manifest: manifests[2]! },
    ])
    const first = await show(id, '?limit=2')
    const vulnerability = {
      Name: 'CVE-2099-1',
      NamespaceName: 'debian:12',
      Severity: 'High',
      Link: 'https://example.org/',
      FixedIn: [{ Name: 'openssl', NamespaceName: 'debian:12', Version: 'None' }],
    }
    expect(first).toMatchObject({
      Name: id,
      Created: expect.stringMatching(/^\d{10}$/),
      Limit: 2,
      Old: {
        Vulnerability: vulnerability,
        OrderedLayersIntroducingVulnerability: [{ Index: 1, LayerName: 'layer-b' }],
        LayersIntroducingVulnerability: ['layer-b'],
      },
      New: {
        Vulnerability: vulnerability,
        OrderedLayersIntroducingVulnerability: [{ Index: 2, LayerName: 'layer-a' }],
        LayersIntroducingVulnerability: ['layer-a'],
      },
    })
    const second = await show(id, `?limit=2&page=${first.NextPage}`)
    expect(second).toMatchObject({
      Page: first.NextPage,
      New: { OrderedLayersIntroducingVulnerability: [{ Index: 3, LayerName: 'layer-c' }] },
    })
    expect(second).not.toHaveProperty('Old')
    expect(second).not.toHaveProperty('NextPage')
  })

  it('name the image where its layers are not known any more', async () => {
    const id = await create([entry(1)])
    expect((await show(id, '?limit=1')).New?.LayersIntroducingVulnerability).toEqual([entry(1).manifest])
  })

  it('are deleted once', async () => {
    const id = await create([entry(1)])
    const statuses: number[] = []
    for (let time = 0; time < 2; time++) statuses.push((await fetch(path(id), { method: 'DELETE' })).status)
    statuses.push((await fetch(path(id, '?limit=1'))).status)
    expect(statuses).toEqual([200, 404, 404])
  })

  it.each([
    ['', 400, 'must provide limit query parameter'],
    ['?limit=0', 400, 'invalid limit format'],
    ['?limit=x', 400, 'invalid limit format'],
    ['?limit=1&page=x', 400, 'invalid page format'],
    ['?limit=1', 404, 'the resource cannot be found'],
  ])('%s of one that is not there is %i %s', async (query, status, message) => {
    const response = await fetch(path('unknown', query))
    expect([response.status, await response.json()]).toEqual([status, { Error: { Message: message } }])
  })

  it('are not there where nobody is notified, or of whole updates', async () => {
    const id = await create([entry(1)], '')
    expect((await fetch(path(id, '?limit=1'))).status).toBe(404)
    await using other = await startTestServer({
      data: false,
      config: { notifier: { webhook: { target: webhook.url } } },
    })
    expect((await fetch(`${other.urls.api}/v1/notifications/x?limit=1`)).status).toBe(404)
  })
})
