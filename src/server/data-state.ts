import type { Engine } from '../compose.ts'
import type { ClairConfig } from '../config/clair/schema.ts'
import { selectedFamilies } from '../config/clair/selections.ts'
import type { FeedFamily } from '../core/feed.ts'
import type { VulnerabilityReport } from '../core/report.ts'

/** Which of the data that a server is to have is there. */
export interface DataState {
  readonly ready: boolean
  /** Feeds that were never loaded, with the code of the last attempt's error. */
  readonly missing: readonly { readonly feed: string; readonly error: string | null }[]
}

/** The ids of the enrichers that findings are enriched with, out of those an API has a place for: those selected, unless enrichment is turned off. */
export function enrichersOf(config: ClairConfig, served: readonly string[]): readonly string[] {
  const selected = selectedFamilies(config)
  return config.matcher.disable_enrichment ? [] : served.filter((id) => selected?.includes(id) ?? true)
}

/** The feeds that a server keeps up to date: those of the ecosystems selected, or all, and of what findings are enriched with. */
export function feedsOf(engine: Engine, config: ClairConfig): readonly string[] {
  const { enrichers } = engine
  const wanted = enrichersOf(
    config,
    enrichers.map(({ id }) => id),
  )
  return idsOf([...selectedEcosystems(engine, config), ...enrichers.filter(({ id }) => wanted.includes(id))])
}

/** What a process asks of the data. */
export interface DataWishes {
  /** Whether it judges images at all. */
  readonly wanted: boolean
  /** Whether a whole round of updates has been done. */
  readonly tried: boolean
}

/**
 * Whether the data is there that images are judged by. It is when every feed was loaded once; after a whole round of updates
 * (`tried`) it is enough that every ecosystem has some, as one source that fails for good must not keep all others from being
 * used. Throws `DATABASE_FAILED`.
 */
export async function dataState(engine: Engine, config: ClairConfig, wishes: DataWishes): Promise<DataState> {
  const statuses = new Map((await engine.store.advisories.status()).map((status) => [status.feed, status]))
  if (!wishes.wanted) return { ready: true, missing: [] }
  const isLoaded = (feed: string) => (statuses.get(feed)?.generation ?? 0) > 0
  const families = selectedEcosystems(engine, config)
  const missing = idsOf(families)
    .filter((feed) => !isLoaded(feed))
    .map((feed) => ({ feed, error: statuses.get(feed)?.lastError?.code ?? null }))
  const some = families.every((family) => family.feeds().some(({ id }) => isLoaded(id)))
  return { ready: missing.length === 0 || (wishes.tried && some), missing }
}

/** Which data a report had to be made without, in words; `undefined`: none. Without it, nothing found would look like nothing there. */
export function missingData({ gaps }: VulnerabilityReport, { matcher }: ClairConfig): string | undefined {
  const missing = gaps.filter(({ code }) => code === 'data-missing').map(({ where }) => where)
  if (missing.length === 0) return undefined
  return `vulnerability data is not loaded: ${missing.join(', ')}${matcher.disable_updaters ? '' : '; it is being fetched'}`
}

function selectedEcosystems(engine: Engine, config: ClairConfig): readonly FeedFamily[] {
  const selected = selectedFamilies(config)
  return engine.ecosystems.filter(({ id }) => selected?.includes(id) ?? true)
}

function idsOf(families: readonly FeedFamily[]): readonly string[] {
  return [...new Set(families.flatMap((family) => family.feeds().map(({ id }) => id)))]
}
