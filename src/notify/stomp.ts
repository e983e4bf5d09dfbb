import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Client, IStompSocket } from '@stomp/stompjs'
import { ChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { firstOf, readTls, type TlsMaterial, unlessAborted } from './broker.ts'
import { type Message, messagesOf } from './messages.ts'
import type { NotifierKind, StompSettings } from './settings.ts'

/** Messages that may be on their way at a time. */
const unconfirmedAtOnce = 100

/** The virtual host that RabbitMQ has by default; other brokers do not look at it. */
const virtualHost = '/'

/** A connection to a broker. */
interface Session {
  readonly client: Client
  /** Rejects when the broker reports an error or the connection ends. */
  readonly broken: Promise<never>
}

/** A broker that speaks STOMP 1.0 to 1.2. What it has given receipts for is delivered. */
export const stomp: NotifierKind = {
  id: 'stomp',
  create({ stomp: settings, form }) {
    if (settings.uris.length === 0) return undefined
    for (const uri of settings.uris) {
      if (addressOf(uri) !== undefined) continue
      const where = 'notifier.stomp.uris'
      throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(uri)} is not the address of a broker`, {
        where,
        advice: 'Write HOST:PORT.',
      })
    }
    const tls = readTls(settings.tls, 'notifier.stomp.tls')
    return {
      id: 'stomp',
      deliver: async (batch, signal) => {
        const session = await firstOf(
          settings.uris,
          (uri) => uri,
          signal,
          (uri) => open(uri, settings, tls, signal),
        )
        try {
          const sent = send(session.client, settings.destination, messagesOf(batch, settings, form))
          await unlessAborted(Promise.race([sent, session.broken]), signal)
        } catch (error) {
          throw failureOf(error, settings)
        } finally {
          const patience = AbortSignal.any([signal, AbortSignal.timeout(limits.idleTimeout)])
          const cut = () => session.client.deactivate({ force: true })
          await unlessAborted(session.client.deactivate(), patience).catch(cut)
        }
      },
      [Symbol.asyncDispose]: async () => {},
    }
  },
}

async function open(
  uri: string,
  { user }: StompSettings,
  tls: TlsMaterial | undefined,
  signal: AbortSignal,
): Promise<Session> {
  const { Client } = await import('@stomp/stompjs')
  const client = new Client({
    webSocketFactory: () => openSocket(uri, tls),
    connectHeaders: {
      host: virtualHost,
      ...(user.login === '' ? {} : { login: user.login, passcode: user.passcode }),
    },
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
  })
  const broken = new Promise<never>((_, reject) => {
    client.onStompError = ({ headers, body }) => reject(new Error([headers.message, body].filter(Boolean).join(': ')))
    client.onWebSocketError = (error: unknown) => reject(error)
    client.onWebSocketClose = () => reject(new Error('the connection ended'))
  })
  broken.catch(() => {})
  const connected = new Promise<void>((resolve) => {
    client.onConnect = () => resolve()
  })
  const late = AbortSignal.any([signal, AbortSignal.timeout(limits.idleTimeout)])
  client.activate()
  try {
    await unlessAborted(Promise.race([connected, broken]), late)
    return { client, broken }
  } catch (error) {
    await client.deactivate({ force: true })
    throw error
  }
}

async function send(client: Client, destination: string, messages: AsyncIterable<Message>): Promise<void> {
  let pending: Promise<void>[] = []
  for await (const { id, body } of messages) {
    pending.push(
      new Promise((resolve) => {
        client.watchForReceipt(id, () => resolve())
        client.publish({
          destination,
          body,
          headers: { receipt: id, 'content-type': 'application/json', 'chiaro-message-id': id, persistent: 'true' },
        })
      }),
    )
    if (pending.length === unconfirmedAtOnce) {
      await Promise.all(pending)
      pending = []
    }
  }
  await Promise.all(pending)
}

/** The parts of `HOST:PORT`; `undefined` if it is none. */
function addressOf(uri: string): { readonly host: string; readonly port: number } | undefined {
  const [, literal, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/i.exec(uri) ?? []
  const host = literal ?? name
  return host === undefined ? undefined : { host, port: Number(port) }
}

/** A TCP or TLS connection in the form of a WebSocket, which is what the library speaks through. */
function openSocket(uri: string, tls: TlsMaterial | undefined): IStompSocket {
  const address = addressOf(uri)!
  const name = isIP(address.host) === 0 ? { servername: address.host } : {}
  const socket = tls === undefined ? connectTcp(address) : connectTls({ ...tls, ...address, ...name })
  let state = 0
  const wrapped: IStompSocket = {
    url: uri,
    binaryType: 'arraybuffer',
    onopen: undefined,
    onmessage: undefined,
    onerror: undefined,
    onclose: undefined,
    get readyState() {
      return state
    },
    send: (data) => void socket.write(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer)),
    close: () => void socket.end(),
    terminate: () => void socket.destroy(),
  }
  socket.on(tls === undefined ? 'connect' : 'secureConnect', () => {
    state = 1
    wrapped.onopen?.()
  })
  socket.on('data', (chunk: Buffer) => wrapped.onmessage?.({ data: new Uint8Array(chunk).buffer }))
  socket.on('error', (error) => wrapped.onerror?.(error))
  socket.on('close', () => {
    state = 3
    wrapped.onclose?.({})
  })
  return wrapped
}

function failureOf(error: unknown, { destination }: StompSettings): unknown {
  if (error instanceof ChiaroError) return error
  return new ChiaroError('DELIVERY_FAILED', `the broker did not take it: ${messageOf(error)}`, {
    where: destination,
    cause: error,
  })
}
