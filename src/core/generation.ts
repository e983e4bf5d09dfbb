import { ChiaroError } from './errors.ts'
import type { Generation } from './store.ts'

/**
 * The generation of a feed that has a number, or was current at a time (ISO 8601); `undefined` for number 0, and where there
 * was none yet. Throws `CONFIG_INVALID` for a number that is not among `generations`, which come from the store.
 */
export function findGeneration(
  feed: string,
  state: string | number,
  generations: readonly Generation[],
): Generation | undefined {
  if (typeof state === 'string') {
    return generations.findLast(({ importedAt }) => Date.parse(importedAt) <= Date.parse(state))
  }
  const found = generations.find(({ number }) => number === state)
  if (found !== undefined || state === 0) return found
  throw new ChiaroError('CONFIG_INVALID', `${feed} has no generation ${state}`, {
    where: feed,
    advice: `It has ${generations.map(({ number }) => number).join(', ')}.`,
  })
}
