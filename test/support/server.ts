import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine, type Engine } from '../../src/compose.ts'
import { resolveClairConfig } from '../../src/config/clair/load.ts'
import type { Mode } from '../../src/config/clair/modes.ts'
import type { NotifierTimes } from '../../src/server/notifier.ts'
import { type RunningServer, startServer } from '../../src/server/serve.ts'
import type { ServerLimits } from '../../src/server/server-limits.ts'

const examples = join(import.meta.dirname, '..', '..', 'examples')

/** The bundled example: an OCI layout of a Debian image. */
export const exampleLayout = join(examples, 'image')

/** The mirror that belongs to it. */
export const exampleFeeds = join(examples, 'feeds')

/** A server on ports of its own, with what it wrote to its log. */
export interface TestServer extends AsyncDisposable {
  readonly urls: RunningServer['urls']
  readonly engine: Engine
  readonly log: readonly string[]
}

/** How to start it. */
export interface TestServerOptions {
  /** Members of the configuration beside those that make it a test's. */
  readonly config?: object
  /** Which services it is; default: all. */
  readonly mode?: Mode
  /** The database; default: one in memory. */
  readonly database?: string
  /** Debian's data is loaded before it starts; default true. */
  readonly data?: boolean
  /** The folder that feeds are fetched from; default: that of the example. */
  readonly mirror?: string
  /** As for `startServer`. */
  readonly limits?: Partial<ServerLimits>
  readonly notifierTimes?: NotifierTimes
}

/** Starts a server; nothing is updated, and layers may come from this machine. `logged` is told each line of its log. */
export async function startTestServer(
  {
    config = {},
    mode = 'combo',
    database = 'sqlite::memory:',
    data = true,
    mirror = exampleFeeds,
    ...more
  }: TestServerOptions = {},
  logged: (line: string) => void = () => {},
): Promise<TestServer> {
  const log: string[] = []
  const write = (line: string) => {
    log.push(line)
    logged(line)
  }
  const resources = new AsyncDisposableStack()
  const { config: resolved } = resolveClairConfig(
    {
      http_listen_addr: '127.0.0.1:0',
      introspection_addr: '127.0.0.1:0',
      matcher: { disable_updaters: true },
      ...config,
      chiaro: { health_addr: '127.0.0.1:0', allow_layer_addresses: ['127.0.0.1'], ...chiaroOf(config) },
    },
    'test',
    mode,
  )
  const engine = resources.use(
    await createEngine({
      database,
      mirror,
      offline: false,
      layerAddresses: { allowed: resolved.chiaro.allow_layer_addresses, onlyPrivate: false },
    }),
  )
  if (data) await loadDebian(engine)
  const server = resources.use(
    await startServer({
      config: resolved,
      mode,
      engine,
      log: { write },
      ...more,
    }),
  )
  return { urls: server.urls, engine, log, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

/** Loads the example's data of Debian. */
export async function loadDebian(engine: Engine): Promise<void> {
  const { signal } = new AbortController()
  await engine.update(['debian'], { force: false, signal, progress: () => {} })
}

function chiaroOf(config: object): object {
  return 'chiaro' in config ? (config.chiaro as object) : {}
}

/** An image in a layout, by what a client reads of it in a registry. */
export interface LayoutManifest {
  readonly digest: string
  readonly config: string
  readonly layers: readonly string[]
}

/** The first image of a layout, or the one with this tag. */
export function layoutManifest(layout: string, tag?: string): LayoutManifest {
  const read = (digest: string) => JSON.parse(readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8'))
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
  const named = (entry: { annotations?: Record<string, string> }) =>
    entry.annotations?.['org.opencontainers.image.ref.name'] === tag
  const { digest } = tag === undefined ? index.manifests[0] : index.manifests.find(named)
  const manifest = read(digest)
  return {
    digest,
    config: manifest.config.digest,
    layers: manifest.layers.map((layer: { digest: string }) => layer.digest),
  }
}
