import { describe, expect, it } from 'vitest'
import { notifierSettings } from '../../test/support/notifier-settings.ts'
import { type Received, startWebhook } from '../../test/support/webhook.ts'
import { isAuthorized } from '../server/token.ts'
import { createNotifier } from './registry.ts'

const id = '269886f3-0146-4f08-9bf7-cb1138d48643'
const batch = { notification: id, async *entries() {} }
const never = new AbortController().signal

describe('the webhook', () => {
  const key = Buffer.from('secret')
  const settings = (url: string) =>
    notifierSettings({
      webhook: { target: url, callback: 'https://chiaro.example/n/', headers: { 'X-Own': ['a', 'b'] } },
      key,
    })

  it('is told where the notification can be read, signed and with the headers configured', async () => {
    await using other = await startWebhook()
    await using notifier = createNotifier(settings(other.url))!
    await notifier.deliver(batch, never)
    expect(other.received).toHaveLength(1)
    const [{ method, headers, body }] = other.received as [Received]
    expect([method, body]).toEqual(['POST', { notification_id: id, callback: `https://chiaro.example/n/${id}` }])
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-own': 'a, b' })
    const now = Date.now() / 1000
    expect(isAuthorized(headers.authorization, { key, issuers: ['clair-notifier'] }, now)).toBe(true)
    expect(isAuthorized(headers.authorization, { key, issuers: ['other'] }, now)).toBe(false)
    const [, payload] = headers.authorization!.split('.')
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString())
    expect(claims).toEqual({ iss: 'clair-notifier', iat: claims.iat, nbf: claims.iat - 60, exp: claims.iat + 60 })
  })

  it('is not signed without a key', async () => {
    await using other = await startWebhook()
    await using notifier = createNotifier({ ...settings(other.url), key: undefined })!
    await notifier.deliver(batch, never)
    expect(other.received[0]?.headers.authorization).toBeUndefined()
  })

  it.each([201, 204, 302, 307, 400, 500, 503])('has not taken it with status %i', async (status) => {
    await using other = await startWebhook(
      (_, response) => void response.writeHead(status, { location: '/other' }).end(),
    )
    await using notifier = createNotifier(settings(other.url))!
    await expect(notifier.deliver(batch, never)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' })
    expect(other.received).toHaveLength(1)
  })

  it('may be unreachable, and is given up at a signal', async () => {
    await using none = createNotifier(settings('http://127.0.0.1:1/hook'))!
    await expect(none.deliver(batch, never)).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
    await using silent = await startWebhook(() => {})
    await using notifier = createNotifier(settings(silent.url))!
    await expect(notifier.deliver(batch, AbortSignal.timeout(100))).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('has to be a URL', () => {
    expect(() => createNotifier(settings('chiaro.example/hook'))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', where: 'notifier.webhook.target' }),
    )
  })
})

describe('the webhook of Clair v1', () => {
  it.each([
    [200, true],
    [201, true],
    [204, false],
    [500, false],
  ])('has taken a name with status %i: %s', async (status, taken) => {
    await using other = await startWebhook((_, response) => void response.writeHead(status).end())
    await using notifier = createNotifier(
      notifierSettings({ webhookV1: { endpoint: other.url, renotifyInterval: 1000 }, key: Buffer.from('k') }),
    )!
    const delivered = notifier.deliver(batch, never)
    if (taken) await delivered
    else await expect(delivered).rejects.toMatchObject({ code: 'DELIVERY_FAILED' })
    expect(other.received[0]?.body).toEqual({ Notification: { Name: id } })
    expect(other.received[0]?.headers.authorization).toBeUndefined()
    expect(notifier).toMatchObject({ repeat: 1000, byVulnerability: true })
  })
})

describe('notifiers', () => {
  it('are none without settings, and the first of several', () => {
    expect(createNotifier(notifierSettings())).toBeUndefined()
    const { amqp, stomp } = notifierSettings()
    const all = {
      webhook: { target: 'http://a/', callback: '', headers: {} },
      amqp: { ...amqp, uris: ['amqp://a'] },
      stomp: { ...stomp, uris: ['a:61613'] },
      webhookV1: { endpoint: 'http://a/', renotifyInterval: 1 },
    }
    const order = ['webhook', 'amqp', 'stomp', 'webhookV1'] as const
    const ids = order.map(
      (_, index) =>
        createNotifier(notifierSettings(Object.fromEntries(order.slice(index).map((name) => [name, all[name]]))))?.id,
    )
    expect(ids).toEqual(['webhook', 'amqp', 'stomp', 'webhook-v1'])
  })

  it.each(['a', 'a:b', 'http://a:1', 'a:1/x', ':1', ''])('%j is not the address of a STOMP broker', (uri) => {
    const settings = notifierSettings({ stomp: { ...notifierSettings().stomp, uris: [uri] } })
    expect(() => createNotifier(settings)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  it.each(['a:1', '10.0.0.1:61613', '[::1]:61613'])('%s is one', (uri) => {
    expect(createNotifier(notifierSettings({ stomp: { ...notifierSettings().stomp, uris: [uri] } }))?.id).toBe('stomp')
  })

  it.each(['a', 'http://a', 'a:5672'])('%j is not the address of an AMQP broker', (uri) => {
    const settings = notifierSettings({ amqp: { ...notifierSettings().amqp, uris: [uri] } })
    expect(() => createNotifier(settings)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  it('say which certificate cannot be read', () => {
    const tls = { cert: '', key: '', root_ca: '/nowhere' }
    const settings = notifierSettings({ amqp: { ...notifierSettings().amqp, uris: ['amqp://a'], tls } })
    expect(() => createNotifier(settings)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', where: 'notifier.amqp.tls' }),
    )
  })
})
