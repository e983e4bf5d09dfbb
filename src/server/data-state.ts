import type { Engine } from '../compose.ts'

/** Which of the data that a server is to have is there. */
export interface DataState {
  readonly ready: boolean
  /** Feeds that were never loaded, with the code of the last attempt's error. */
  readonly missing: readonly { readonly feed: string; readonly error: string | null }[]
}

/** The feeds that a server keeps up to date: those of the ecosystems selected, or all. */
export function feedsOf(engine: Engine, selected: readonly string[] | undefined): readonly string[] {
  const families = engine.ecosystems.filter(({ id }) => selected?.includes(id) ?? true)
  return [...new Set(families.flatMap((family) => family.feeds().map(({ id }) => id)))]
}

/**
 * Whether the data is there. It is when every feed was loaded once; after a whole round of updates (`tried`) it is enough that
 * every ecosystem has some, as one source that fails for good must not keep all others from being used.
 */
export async function dataState(
  engine: Engine,
  selected: readonly string[] | undefined,
  tried: boolean,
): Promise<DataState> {
  const statuses = new Map((await engine.store.advisories.status()).map((status) => [status.feed, status]))
  const isLoaded = (feed: string) => (statuses.get(feed)?.generation ?? 0) > 0
  const missing = feedsOf(engine, selected)
    .filter((feed) => !isLoaded(feed))
    .map((feed) => ({ feed, error: statuses.get(feed)?.lastError?.code ?? null }))
  const families = engine.ecosystems.filter(({ id }) => selected?.includes(id) ?? true)
  const some = families.every((family) => family.feeds().some(({ id }) => isLoaded(id)))
  return { ready: missing.length === 0 || (tried && some), missing }
}
