import { ChiaroError } from '../core/errors.ts'

/** A feed by its row, and two of its generations. */
export interface GenerationRange {
  readonly feed: number
  readonly from: number
  readonly to: number
}

/** The row of a feed that is asked for its generations. */
export interface GenerationsRow {
  readonly id: number
  /** The current one, and the oldest that is kept. */
  readonly generation: number
  readonly oldest: number
}

/** Checks what two generations of a feed are asked for. Throws `FEED_UNKNOWN` where there is no row, and `CONFIG_INVALID`. */
export function rangeOf(
  name: string,
  row: GenerationsRow | undefined,
  from: number,
  to: number | undefined,
): GenerationRange {
  if (row === undefined) {
    throw new ChiaroError('FEED_UNKNOWN', `${name} was never loaded`, {
      where: name,
      advice: '"chiaro data" shows what is loaded.',
    })
  }
  const { id, generation, oldest } = row
  const first = oldest === 1 ? 0 : oldest
  for (const number of [from, to ?? generation]) {
    if (Number.isInteger(number) && number >= first && number <= generation) continue
    throw new ChiaroError('CONFIG_INVALID', `${name} has no generation ${number}`, {
      where: name,
      advice: `It has ${oldest} to ${generation}; older ones were removed by "chiaro data gc", or never were.`,
    })
  }
  return { feed: id, from, to: to ?? generation }
}
