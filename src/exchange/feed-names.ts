import { ChiaroError } from '../core/errors.ts'

/**
 * The feeds among `ids` that `names` mean, or all of them: a feed's own id, the beginning of several (`alpine` of
 * `alpine-3.22-main`), or a pattern with `*`. Throws `FEED_UNKNOWN` for a name that means none of them.
 */
export function chooseFeeds(
  names: readonly string[],
  ids: readonly string[],
  error: { readonly where?: string; readonly advice: string },
): readonly string[] {
  if (names.length === 0) return ids
  const chosen = new Set<string>()
  for (const name of names) {
    const meant = ids.filter((id) => means(name, id))
    if (meant.length === 0) throw new ChiaroError('FEED_UNKNOWN', `${JSON.stringify(name)} is not there`, error)
    for (const id of meant) chosen.add(id)
  }
  return ids.filter((id) => chosen.has(id))
}

function means(name: string, id: string): boolean {
  const [start, end, ...rest] = name.split('*')
  if (end === undefined) return id === name || id.startsWith(`${name}-`)
  return rest.length === 0 && id.length >= start!.length + end.length && id.startsWith(start!) && id.endsWith(end)
}
