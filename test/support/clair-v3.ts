import { join } from 'node:path'
import { type ChannelCredentials, Client, credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

/** The definition of the API, which the client of the tests reads by itself: nothing of the server's code for it is used. */
export const definition = loadSync(join(import.meta.dirname, '../../src/server/api/clair-v3/clair.proto'), {
  keepCase: true,
  longs: Number,
})

/** What a call gave, or how it failed. */
export interface Outcome {
  /** gRPC's status: 0 for success. */
  readonly code: number
  readonly message: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the definition says
  readonly answer: any
}

/** How to call. */
export interface CallOptions {
  readonly deadline?: number
  readonly metadata?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** A client of Clair 3, over one connection. */
export interface V3Client extends Disposable {
  /** Calls `Service.Method`. */
  call(method: string, request: object, options?: CallOptions): Promise<Outcome>
  /** Calls whatever is at a path, with an empty message. */
  callPath(path: string): Promise<Outcome>
}

type Unary = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: { code: number; details: string } | null, answer: unknown) => void,
) => { cancel(): void }

/** Connects to `host:port`. `options` are those of a channel. */
export function v3Client(
  host: string,
  options: object = {},
  security: ChannelCredentials = credentials.createInsecure(),
): V3Client {
  // biome-ignore lint/suspicious/noExplicitAny: its members are those of the definition
  const { clair } = loadPackageDefinition(definition).coreos as any
  const clients = new Map<string, Client>()
  return {
    call(path, request, { deadline, metadata = {}, signal } = {}) {
      const [service, method] = path.split('.') as [string, string]
      const client = clients.get(service) ?? (new clair[service](host, security, options) as Client)
      clients.set(service, client)
      const headers = new Metadata()
      for (const [name, value] of Object.entries(metadata)) headers.set(name, value)
      const call = (client as unknown as Record<string, Unary>)[method]!.bind(client)
      return new Promise((resolve) => {
        const running = call(request, headers, deadline === undefined ? {} : { deadline }, (error, answer) =>
          resolve({ code: error?.code ?? 0, message: error?.details ?? '', answer }),
        )
        signal?.addEventListener('abort', () => running.cancel(), { once: true })
      })
    },
    callPath(path) {
      const client = new Client(host, security, options)
      clients.set(path, client)
      const bytes = (value: Buffer) => value
      return new Promise((resolve) => {
        client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), (error, answer) =>
          resolve({ code: error?.code ?? 0, message: error?.details ?? '', answer }),
        )
      })
    },
    [Symbol.dispose]() {
      for (const client of clients.values()) client.close()
    },
  }
}
