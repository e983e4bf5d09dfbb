import { createConnection } from 'node:net'
import { type ChannelModel, connect } from 'amqplib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { entry } from '../../test/contract/notification-store.ts'
import { notifierSettings } from '../../test/support/notifier-settings.ts'
import { hasRabbitMq, type RabbitMq, startRabbitMq } from '../../test/support/rabbitmq.ts'
import type { NotificationBatch, Notifier } from '../core/notifier.ts'
import { createNotifier } from './registry.ts'
import type { AmqpSettings, StompSettings } from './settings.ts'

const id = '269886f3-0146-4f08-9bf7-cb1138d48643'
const callback = 'https://chiaro.example/notifier/api/v1/notification/'
const told = { notification_id: id, callback: `${callback}${id}` }
const never = new AbortController().signal

const batch = (count: number): NotificationBatch => ({
  notification: id,
  async *entries() {
    for (let number = 1; number <= count; number++) yield entry(number, `CVE-${number}`)
  },
})
const names = (...numbers: number[]) => numbers.map((number) => ({ name: `CVE-${number}` }))

describe.skipIf(!hasRabbitMq)(
  'notifiers with a real RabbitMQ (skipped where Debian’s rabbitmq-server is missing)',
  () => {
    let broker: RabbitMq
    let admin: ChannelModel
    let queue: string

    beforeAll(async () => {
      broker = await startRabbitMq()
      admin = await connect(`amqp://127.0.0.1:${broker.ports.amqp}`)
    })
    afterAll(async () => {
      await admin?.close()
      await broker?.[Symbol.asyncDispose]()
    })
    beforeEach(async () => {
      const channel = await admin.createChannel()
      queue = (await channel.assertQueue('', { autoDelete: false, exclusive: false })).queue
      await channel.close()
    })

    /** Takes what is in the queue. */
    async function received() {
      const channel = await admin.createChannel()
      const messages: { body: unknown; properties: Record<string, unknown> }[] = []
      for (;;) {
        const message = await channel.get(queue, { noAck: true })
        if (message === false) break
        const { contentType, appId, deliveryMode, messageId } = message.properties
        messages.push({
          body: JSON.parse(message.content.toString()),
          properties: { contentType, appId, deliveryMode, messageId },
        })
      }
      await channel.close()
      return messages
    }

    const amqp = (settings: Partial<AmqpSettings> = {}): Notifier =>
      createNotifier(
        notifierSettings({
          amqp: {
            ...notifierSettings().amqp,
            uris: [`amqp://127.0.0.1:${broker.ports.amqp}`],
            callback,
            routing_key: queue,
            ...settings,
          },
        }),
      )!

    describe('AMQP', () => {
      it('tells of a notification through the default exchange', async () => {
        await amqp().deliver(batch(1), never)
        expect(await received()).toEqual([
          {
            body: told,
            properties: {
              contentType: 'application/json',
              appId: 'clairV4-notifier',
              deliveryMode: 2,
              messageId: id,
            },
          },
        ])
      })

      it.each([
        [0, [names(1), names(2), names(3)]],
        [1, [names(1), names(2), names(3)]],
        [2, [names(1, 2), names(3)]],
        [5, [names(1, 2, 3)]],
      ])('sends the entries themselves, %i in a message', async (rollup, bodies) => {
        await amqp({ direct: true, rollup }).deliver(batch(3), never)
        expect((await received()).map(({ body }) => body)).toEqual(bodies)
      })

      it('sends more than are on their way at a time', async () => {
        await amqp({ direct: true }).deliver(batch(250), never)
        expect(await received()).toHaveLength(250)
      })

      it('uses an exchange that is there, whatever it is', async () => {
        const channel = await admin.createChannel()
        await channel.assertExchange('there', 'topic', { durable: false, autoDelete: false })
        await channel.bindQueue(queue, 'there', 'a.*')
        const exchange = { name: 'there', type: 'direct', durability: true, auto_delete: true }
        await amqp({ exchange, routing_key: 'a.b' }).deliver(batch(1), never)
        expect(await received()).toHaveLength(1)
      })

      it('makes one that is not there, if it is told of what type', async () => {
        const exchange = { name: 'made', type: 'fanout', durability: true, auto_delete: false }
        await expect(amqp({ exchange }).deliver(batch(1), never)).rejects.toMatchObject({
          code: 'DELIVERY_FAILED',
          message: expect.stringContaining('no queue takes'),
        })
        const channel = await admin.createChannel()
        await channel.bindQueue(queue, 'made', '')
        await amqp({ exchange }).deliver(batch(1), never)
        expect(await received()).toHaveLength(1)
        const missing = { ...exchange, name: 'missing', type: '' }
        await expect(amqp({ exchange: missing }).deliver(batch(1), never)).rejects.toMatchObject({
          code: 'DELIVERY_FAILED',
          message: expect.stringContaining('NOT_FOUND'),
        })
      })

      it('tries brokers in their order, and names them without passwords', async () => {
        const uris = ['amqp://a:secret@127.0.0.1:1', `amqp://127.0.0.1:${broker.ports.amqp}`]
        await amqp({ uris }).deliver(batch(1), never)
        expect(await received()).toHaveLength(1)
        const refused = await amqp({ uris: [uris[0]!, `amqp://a:secret@127.0.0.1:${broker.ports.amqp}`] })
          .deliver(batch(1), never)
          .catch((error: unknown) => error)
        expect(refused).toMatchObject({
          code: 'NETWORK_FAILED',
          message: expect.stringMatching(/ECONNREFUSED.*ACCESS.REFUSED/),
        })
        expect(JSON.stringify([refused, (refused as Error).message])).not.toContain('secret')
      })

      it('speaks TLS, and trusts nobody else', async () => {
        const uris = [`amqps://localhost:${broker.ports.amqps}`]
        const tls = { cert: '', key: '', root_ca: broker.caFile }
        await amqp({ uris, tls }).deliver(batch(1), never)
        expect(await received()).toHaveLength(1)
        await expect(amqp({ uris }).deliver(batch(1), never)).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
      })

      it('ends at a signal', async () => {
        const endless: NotificationBatch = {
          notification: id,
          async *entries() {
            for (;;) yield entry(1)
          },
        }
        const signal = AbortSignal.timeout(500)
        await expect(amqp({ direct: true }).deliver(endless, signal)).rejects.toMatchObject({ code: 'ABORTED' })
        await expect(amqp().deliver(batch(1), AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
      })
    })

    describe('STOMP', () => {
      const stomp = (settings: Partial<StompSettings> = {}): Notifier =>
        createNotifier(
          notifierSettings({
            stomp: {
              ...notifierSettings().stomp,
              uris: [`127.0.0.1:${broker.ports.stomp}`],
              user: { login: 'guest', passcode: 'guest' },
              destination: `/amq/queue/${queue}`,
              callback,
              ...settings,
            },
          }),
        )!

      it('tells of a notification', async () => {
        await stomp().deliver(batch(1), never)
        expect(await received()).toMatchObject([
          { body: told, properties: { contentType: 'application/json', deliveryMode: 2 } },
        ])
      })

      it.each([
        [0, [names(1), names(2), names(3)]],
        [2, [names(1, 2), names(3)]],
      ])('sends the entries themselves, %i in a message', async (rollup, bodies) => {
        await stomp({ direct: true, rollup }).deliver(batch(3), never)
        expect((await received()).map(({ body }) => body)).toEqual(bodies)
      })

      it('sends more than are on their way at a time', async () => {
        await stomp({ direct: true }).deliver(batch(250), never)
        expect(await received()).toHaveLength(250)
      })

      it('tries brokers in their order, and says what each said', async () => {
        await stomp({ uris: ['127.0.0.1:1', `127.0.0.1:${broker.ports.stomp}`] }).deliver(batch(1), never)
        expect(await received()).toHaveLength(1)
        const user = { login: 'guest', passcode: 'secret' }
        const refused = await stomp({ user })
          .deliver(batch(1), never)
          .catch((error: unknown) => error)
        expect(refused).toMatchObject({ code: 'NETWORK_FAILED', message: expect.stringContaining('Bad CONNECT') })
        expect((refused as Error).message).not.toContain('secret')
      })

      it('says what a broker refuses', async () => {
        await expect(stomp({ destination: '/nowhere' }).deliver(batch(1), never)).rejects.toMatchObject({
          code: 'DELIVERY_FAILED',
          where: '/nowhere',
        })
      })

      it('speaks TLS, and trusts nobody else', async () => {
        const uris = [`localhost:${broker.ports.stomps}`]
        const tls = { cert: '', key: '', root_ca: broker.caFile }
        await stomp({ uris, tls }).deliver(batch(1), never)
        expect(await received()).toHaveLength(1)
        const client = { cert: broker.caFile, key: '', root_ca: '' }
        await expect(stomp({ uris, tls: client }).deliver(batch(1), never)).rejects.toMatchObject({
          code: 'NETWORK_FAILED',
        })
      })

      it('ends at a signal', async () => {
        const silent: NotificationBatch = {
          notification: id,
          async *entries() {
            await new Promise(() => {})
            yield entry(1)
          },
        }
        const signal = AbortSignal.timeout(500)
        await expect(stomp({ direct: true }).deliver(silent, signal)).rejects.toMatchObject({ code: 'ABORTED' })
      })

      it('is read by a subscriber', async () => {
        const socket = createConnection(broker.ports.stomp, '127.0.0.1')
        let text = ''
        socket.on('data', (chunk) => {
          text += chunk.toString()
        })
        socket.write('CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\n\n\0')
        socket.write(`SUBSCRIBE\nid:0\ndestination:/amq/queue/${queue}\nack:auto\n\n\0`)
        await stomp().deliver(batch(1), never)
        await expect.poll(() => text, { timeout: 5000 }).toContain(JSON.stringify(told))
        socket.destroy()
      })
    })
  },
)
