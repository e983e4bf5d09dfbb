import { createEngine } from '../../compose.ts'
import { databaseOf } from '../../config/clair/database.ts'
import { loadClairConfig, resolveClairConfig } from '../../config/clair/load.ts'
import { startServer } from '../../server/serve.ts'
import type { FeedOptions } from '../commands/options.ts'
import { exitCodes } from '../exit.ts'

/** What the options of `chiaro serve` come to. */
export interface ServeOptions extends FeedOptions {
  readonly config?: string
}

/** `chiaro serve`: until a signal comes. What the configuration names goes before the options. */
export async function runServe(options: ServeOptions, signal: AbortSignal): Promise<number> {
  const { config, notes } =
    options.config === undefined ? resolveClairConfig({}, 'no configuration') : await loadClairConfig(options.config)
  for (const note of notes) process.stderr.write(`${JSON.stringify({ level: 40, time: Date.now(), msg: note })}\n`)
  await using engine = await createEngine({
    database: databaseOf(config) ?? options.db,
    mirror: config.chiaro.mirror || options.mirror,
    sources: options.source && Object.fromEntries(options.source),
    offline: options.offline === true,
    layerAddresses: { allowed: config.chiaro.allow_layer_addresses, onlyPrivate: config.indexer.airgap },
  })
  await using _ = await startServer({ config, engine, log: process.stderr })
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return exitCodes.passed
}
