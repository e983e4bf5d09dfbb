import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { entry } from '../../../../test/contract/notification-store.ts'
import { type V3Client, v3Client } from '../../../../test/support/clair-v3.ts'
import { databases } from '../../../../test/support/databases.ts'
import { startRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, layoutManifest, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { startWebhook } from '../../../../test/support/webhook.ts'
import type { Digest } from '../../../core/digest.ts'
import type { NotificationEntry } from '../../../core/notifications.ts'

const getMethod = 'NotificationService.GetNotification'
const readMethod = 'NotificationService.MarkNotificationAsRead'
const image = layoutManifest(exampleLayout, 'debian')

describe.each(databases)('notifications of Clair v3 on $name', ({ create: createDatabase }) => {
  const resources = new AsyncDisposableStack()
  let server: TestServer
  let client: V3Client
  let operation = 0

  beforeAll(async () => {
    const { location: database } = resources.use(await createDatabase())
    const { url: endpoint } = resources.use(await startWebhook())
    const registry = resources.use(await startRegistry(exampleLayout))
    server = resources.use(await startTestServer({ database, config: { chiaro: { webhook_v1: { endpoint } } } }))
    client = resources.use(v3Client(new URL(server.urls.api).host))
    for (const ancestry_name of ['library/debian', 'a\0b 🦀']) {
      const layers = image.layers.map((digest) => ({
        hash: digest,
        path: `http://${registry.host}/v2/test/image/blobs/${digest}`,
      }))
      const request = { ancestry_name, format: 'Docker', layers }
      expect(await client.call('AncestryService.PostAncestry', request)).toMatchObject({ code: 0 })
    }
  })
  afterAll(() => resources.disposeAsync())

  async function create(entries: readonly NotificationEntry[], about = 'debian:12 CVE-2099-1'): Promise<string> {
    const { notifications } = server.engine.store
    const now = new Date().toISOString()
    const id = (await notifications.begin(++operation, about, now))!
    await notifications.add(id, entries)
    await notifications.finish(id, now)
    return id
  }

  async function get(name: string, request: object) {
    const { code, message, answer } = await client.call(getMethod, { name, ...request })
    expect([code, message]).toEqual([0, ''])
    return answer.notification
  }

  /** The digest that the images posted above have in common. */
  async function manifest(): Promise<Digest> {
    const { items } = await server.engine.store.fleet.images({ after: undefined, limit: 10, name: 'library/debian' })
    return items[0]!.digest
  }

  it('name the ancestries before and after, in pages of both', async () => {
    const other = (digit: string): Digest => `sha256:${digit.repeat(64)}`
    const id = await create([
      { ...entry(1), manifest: await manifest() },
      { ...entry(2), manifest: other('b'), reason: 'removed' },
      { ...entry(3), manifest: other('c') },
      { ...entry(4), manifest: other('d') },
    ])
    const first = await get(id, { limit: 3 })
    const vulnerability = {
      name: 'CVE-2099-1',
      namespace_name: 'debian:12',
      severity: 'High',
      link: 'https://example.org/',
      affected_versions: [{ name: 'openssl', namespace_name: 'debian:12', version: '1', version_format: 'dpkg' }],
    }
    expect(first).toMatchObject({
      name: id,
      created: expect.stringMatching(/^\d{10}$/),
      old: { limit: 3, vulnerability, ancestries: [{ index: 2, name: other('b') }] },
      new: { limit: 3, vulnerability },
    })
    expect(first.new.ancestries).toEqual([
      { index: 1, name: 'a\0b 🦀' },
      { index: 1, name: 'library/debian' },
      { index: 3, name: other('c') },
    ])
    expect(first.old.next_page).toBe(first.new.next_page)
    const second = await get(id, {
      limit: 3,
      old_vulnerability_page: first.old.next_page,
      new_vulnerability_page: first.new.next_page,
    })
    expect(second).toMatchObject({
      new: { current_page: first.new.next_page, ancestries: [{ index: 4, name: other('d') }] },
    })
    expect([second.old, second.new.next_page]).toEqual([undefined, undefined])
    // One side may be read on without the other.
    const mixed = await get(id, { limit: 3, new_vulnerability_page: first.new.next_page })
    expect(mixed.old.ancestries).toEqual([{ index: 2, name: other('b') }])
    expect(mixed.new.ancestries).toEqual([{ index: 4, name: other('d') }])
  })

  it('go on where one side has nothing yet', async () => {
    const id = await create([entry(1), { ...entry(2), reason: 'removed' }])
    const first = await get(id, { limit: 1 })
    expect(first.old).toMatchObject({ vulnerability: { name: 'CVE-2099-1' }, next_page: expect.any(String) })
    expect(first.old).not.toHaveProperty('ancestries')
    const second = await get(id, { limit: 1, old_vulnerability_page: first.old.next_page })
    expect(second.old.ancestries).toEqual([{ index: 2, name: entry(2).manifest }])
  })

  it('are marked as read once, in gRPC and in REST', async () => {
    const [id, other] = [await create([entry(1)]), await create([entry(1)])]
    const codes = [
      (await client.call(readMethod, { name: id })).code,
      (await client.call(readMethod, { name: id })).code,
    ]
    expect(codes).toEqual([0, 5])
    expect((await client.call(getMethod, { name: id, limit: 1 })).code).toBe(5)
    const path = `${server.urls.api}/notifications/${other}`
    const shown = await fetch(`${path}?limit=1`)
    expect(await shown.json()).toMatchObject({ notification: { name: other, new: { ancestries: [{ index: 1 }] } } })
    const read = await fetch(path, { method: 'DELETE' })
    expect([read.status, await read.json()]).toEqual([200, {}])
    expect((await fetch(path, { method: 'DELETE' })).status).toBe(404)
  })

  it.each(['unknown', 'a\0b', '🦀', `${'0'.repeat(35)}x`])('%j is none', async (name) => {
    expect((await client.call(getMethod, { name, limit: 1 })).code).toBe(5)
    expect((await client.call(readMethod, { name })).code).toBe(5)
    const v1 = `${server.urls.api}/v1/notifications/${encodeURIComponent(name)}`
    expect((await fetch(`${v1}?limit=1`)).status).toBe(404)
    expect((await fetch(v1, { method: 'DELETE' })).status).toBe(404)
  })

  it('have no pages but their own', async () => {
    const id = await create([entry(1)])
    for (const page of ['x', Buffer.from('{"after":"\\u0000","index":1}').toString('base64url')]) {
      expect((await client.call(getMethod, { name: id, limit: 1, old_vulnerability_page: page })).code).toBe(3)
    }
  })

  it('are not there where nobody is notified, or of whole updates', async () => {
    const id = await create([entry(1)], '')
    expect((await client.call(getMethod, { name: id, limit: 1 })).code).toBe(5)
    await using quiet = await startTestServer({ data: false })
    using own = v3Client(new URL(quiet.urls.api).host)
    expect((await own.call(getMethod, { name: id, limit: 1 })).code).toBe(5)
  })
})
