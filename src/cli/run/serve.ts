import { createEngine } from '../../compose.ts'
import { loadClairConfig, resolveClairConfig } from '../../config/clair/load.ts'
import { databaseOf, type Mode } from '../../config/clair/modes.ts'
import { startServer } from '../../server/serve.ts'
import type { FeedOptions } from '../commands/options.ts'
import { exitCodes } from '../exit.ts'

/** What the options of `chiaro serve` come to. */
export interface ServeOptions extends FeedOptions {
  readonly config?: string
  readonly mode: Mode
}

/** `chiaro serve`: until a signal comes. What the configuration names goes before the options. */
export async function runServe(options: ServeOptions, signal: AbortSignal): Promise<number> {
  const { config: file, mode } = options
  const { config, notes } =
    file === undefined ? resolveClairConfig({}, 'no configuration', mode) : await loadClairConfig(file, mode)
  for (const note of notes) process.stderr.write(`${JSON.stringify({ level: 40, time: Date.now(), msg: note })}\n`)
  await using engine = await createEngine({
    database: databaseOf(config, mode) ?? options.db,
    mirror: config.chiaro.mirror || options.mirror,
    sources: options.source && Object.fromEntries(options.source),
    offline: options.offline === true,
    layerAddresses: { allowed: config.chiaro.allow_layer_addresses, onlyPrivate: config.indexer.airgap },
  })
  await using _ = await startServer({ config, mode, engine, log: process.stderr })
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return exitCodes.passed
}
