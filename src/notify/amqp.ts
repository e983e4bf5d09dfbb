import type { ChannelModel, ConfirmChannel } from 'amqplib'
import { ChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { showUrl } from '../io/http.ts'
import { firstOf, readTls, type TlsMaterial, unlessAborted } from './broker.ts'
import { type Message, messagesOf } from './messages.ts'
import type { AmqpSettings, NotifierKind } from './settings.ts'

/** Messages that may be on their way at a time. */
const unconfirmedAtOnce = 100

/** A broker that speaks AMQP 0-9-1. What it has confirmed, and put into at least one queue, is delivered. */
export const amqp: NotifierKind = {
  id: 'amqp',
  create({ amqp: settings, form }) {
    if (settings.uris.length === 0) return undefined
    for (const uri of settings.uris) {
      if (/^amqps?:$/.test(URL.parse(uri)?.protocol ?? '')) continue
      throw new ChiaroError('CONFIG_INVALID', 'the address of a broker is no amqp or amqps URL', {
        where: 'notifier.amqp.uris',
        advice: 'Write amqp://USER:PASSWORD@HOST:PORT/VHOST.',
      })
    }
    const tls = readTls(settings.tls, 'notifier.amqp.tls')
    return {
      id: 'amqp',
      deliver: async (batch, signal) => {
        const model = await connect(settings, tls, signal)
        const cut = () => cutOff(model)
        signal.addEventListener('abort', cut, { once: true })
        try {
          const channel = await unlessAborted(openChannel(model, settings), signal)
          await unlessAborted(publish(channel, settings, messagesOf(batch, settings, form)), signal)
        } catch (error) {
          throw failureOf(error, settings)
        } finally {
          signal.removeEventListener('abort', cut)
          const patience = AbortSignal.any([signal, AbortSignal.timeout(limits.idleTimeout)])
          await unlessAborted(model.close(), patience).catch(cut)
        }
      },
      [Symbol.asyncDispose]: async () => {},
    }
  },
}

async function connect(
  settings: AmqpSettings,
  tls: TlsMaterial | undefined,
  signal: AbortSignal,
): Promise<ChannelModel> {
  const library = await import('amqplib')
  const model = await firstOf(settings.uris, showUrl, signal, (uri) =>
    unlessAborted(library.connect(uri, { ...tls, timeout: limits.idleTimeout }), signal, cutOff),
  )
  // What is being done on it fails, and says so.
  model.on('error', () => {})
  return model
}

/** Drops a connection at once. */
function cutOff(model: ChannelModel): void {
  const { stream } = model.connection as unknown as { readonly stream: { destroy(): void } }
  stream.destroy()
}

/** A channel, once its exchange is there: made, if it is not and the settings say what kind it is of. */
async function openChannel(model: ChannelModel, { exchange }: AmqpSettings): Promise<ConfirmChannel> {
  const open = async () => {
    const channel = await model.createConfirmChannel()
    channel.on('error', () => {})
    return channel
  }
  const channel = await open()
  // The default exchange has no name, is always there, and cannot be declared.
  if (exchange.name === '') return channel
  try {
    await channel.checkExchange(exchange.name)
    return channel
  } catch (error) {
    if (exchange.type === '') throw error
    const second = await open()
    const { durability: durable, auto_delete: autoDelete } = exchange
    await second.assertExchange(exchange.name, exchange.type, { durable, autoDelete })
    return second
  }
}

async function publish(
  channel: ConfirmChannel,
  { exchange, routing_key: routingKey }: AmqpSettings,
  messages: AsyncIterable<Message>,
): Promise<void> {
  let returned = false
  channel.on('return', () => {
    returned = true
  })
  let pending: Promise<void>[] = []
  const settle = async () => {
    await Promise.all(pending)
    pending = []
    if (returned) throw new Error('no queue takes what is sent with this routing key')
  }
  for await (const { id, body } of messages) {
    const options = {
      contentType: 'application/json',
      appId: 'clairV4-notifier',
      messageId: id,
      persistent: true,
      mandatory: true,
    }
    pending.push(
      new Promise((resolve, reject) => {
        channel.publish(exchange.name, routingKey, Buffer.from(body), options, (error: unknown) =>
          error == null ? resolve() : reject(error),
        )
      }),
    )
    if (pending.length === unconfirmedAtOnce) await settle()
  }
  await settle()
}

function failureOf(error: unknown, { exchange, routing_key: key }: AmqpSettings): unknown {
  if (error instanceof ChiaroError) return error
  return new ChiaroError('DELIVERY_FAILED', `the broker did not take it: ${messageOf(error)}`, {
    where: `exchange ${JSON.stringify(exchange.name)}, routing key ${JSON.stringify(key)}`,
    cause: error,
  })
}
