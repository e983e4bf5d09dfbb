import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'
import { createEngine, type EngineConfig } from '../../src/compose.ts'
import { databases } from '../support/databases.ts'
import { type ServeProcess, startServe } from '../support/serve-process.ts'
import { loadDebian } from '../support/server.ts'
import schema from './clair-v4.schema.json' with { type: 'json' }

/** One or more servers on one database, each request to the next of them, as behind a load balancer. */
export interface Deployment extends AsyncDisposable {
  readonly servers: readonly ServeProcess[]
  /** Where the servers have their data, for what works beside them. */
  readonly data: EngineConfig
  ask(path: string, init?: RequestInit): Promise<Response>
  /** The health port of Clair v1. */
  health(): Promise<Response>
}

const mirror = join(import.meta.dirname, '..', '..', 'examples', 'feeds')

/** The databases and numbers of processes that clients are tried with. */
export const deployments = databases.flatMap(({ name, create }) =>
  [1, 2].map((processes) => ({
    name: `${name}, ${processes === 1 ? 'one process' : 'two processes'}`,
    /** Starts them, with the example's data of Debian, if any. */
    async start(config: object, data = true): Promise<Deployment> {
      await using starting = new AsyncDisposableStack()
      const { location } = starting.use(await create())
      const beside = { database: location, mirror, offline: true }
      if (data) {
        await using engine = await createEngine(beside)
        await loadDebian(engine)
      }
      const chiaro = { database: location, mirror, allow_layer_addresses: ['127.0.0.1'] }
      const whole = { matcher: { disable_updaters: true }, ...config, chiaro }
      const started = Array.from({ length: processes }, () => startServe({ config: whole }))
      const servers = (await Promise.all(started)).map((server) => starting.use(server))
      let turn = 0
      const next = () => servers[turn++ % servers.length]!
      const running = starting.move()
      return {
        servers,
        data: beside,
        ask: (path, init) => fetch(`${next().urls.api}${path}`, init),
        health: () => fetch(`${next().urls.health}/health`),
        [Symbol.asyncDispose]: () => running.disposeAsync(),
      }
    },
  })),
)

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
ajv.addSchema(schema)

/** The body of an answer, if it is what Clair v4 answers: a definition of `clair-v4.schema.json`. */
export async function answered<T>(response: Response, kind: keyof typeof schema.$defs): Promise<T> {
  const body: unknown = await response.json()
  const validate = ajv.getSchema(`clair-v4#/$defs/${kind}`)!
  expect(validate(body), JSON.stringify(validate.errors)).toBe(true)
  return body as T
}
