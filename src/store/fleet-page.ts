import { ChiaroError } from '../core/errors.ts'
import type { Cursor, ImagesRequest, PageRequest } from '../core/fleet.ts'
import { limits } from '../core/limits.ts'

/** The largest number that PostgreSQL can be asked about: its numbers of images are 32-bit integers. */
const maxNumber = 2 ** 31 - 1

/** The number that a list of images goes on after. Throws `CONFIG_INVALID` for a request that cannot be answered. */
export function numberAfter({ after, limit }: PageRequest): number {
  checkLimit(limit)
  if (after === undefined) return 0
  if (/^\d{1,15}$/.test(after) && Number(after) <= maxNumber) return Number(after)
  throw badCursor()
}

/** The numbers that a list of images is of, both ends left out, whichever way it goes. */
export function numbersBetween(request: ImagesRequest): readonly [above: number, below: number] {
  const after = numberAfter(request)
  if (request.newestFirst !== true) return [after, maxNumber]
  return [0, request.after === undefined ? maxNumber : after]
}

/** Where a timeline goes on: what is before this, as it goes back in time. */
export interface EventPlace {
  readonly at: string
  readonly operation: number
  readonly finding: number
  readonly closed: number
}

/** The place that a timeline goes on after. Throws `CONFIG_INVALID` for a request that cannot be answered. */
export function eventAfter({ after, limit }: PageRequest): EventPlace {
  checkLimit(limit)
  // Later than any event: a character after all digits.
  if (after === undefined) return { at: '~', operation: 0, finding: 0, closed: 0 }
  const [, at, operation, finding, closed] = /^([\d:TZ.-]{1,40}) (\d{1,9}) (\d{1,15}) ([01])$/.exec(after) ?? []
  if (at === undefined) throw badCursor()
  return { at, operation: Number(operation), finding: Number(finding), closed: Number(closed) }
}

export function eventCursor({ at, operation, finding, closed }: EventPlace): Cursor {
  return `${at} ${operation} ${finding} ${closed}`
}

function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= limits.pageSize) return
  throw new ChiaroError('CONFIG_INVALID', `a page cannot have ${limit} entries`, {
    advice: `Ask for 1 to ${limits.pageSize}.`,
  })
}

function badCursor(): ChiaroError {
  return new ChiaroError('CONFIG_INVALID', 'a list cannot go on from there', {
    advice: 'Give the cursor of the page before as it is, or none.',
  })
}

/** A set that an image has. */
export type ImageOfSet = readonly [packageSet: number, image: number]

/** How many images of each set are to be read at first, for the first `count` of all: no more than are needed, about. */
export function imagesOfEach(sets: readonly number[], count: number): number {
  return Math.min(count, Math.ceil((3 * count) / Math.max(1, sets.length)) + 2)
}

/**
 * The first `count` images of all sets, in order, out of the first `each` of each set; `undefined` where more have to be read to
 * know them.
 */
export function mergeImages(rows: readonly ImageOfSet[], each: number, count: number): readonly number[] | undefined {
  const images = new Set<number>()
  let end = Number.POSITIVE_INFINITY
  for (const own of Map.groupBy(rows, ([packageSet]) => packageSet).values()) {
    const last = own.reduce((most, [, image]) => Math.max(most, image), 0)
    // There may be more of this one than were read.
    if (own.length >= each) end = Math.min(end, last)
    for (const [, image] of own) images.add(image)
  }
  const certain = [...images].filter((image) => image <= end).sort((left, right) => left - right)
  return certain.length >= count || end === Number.POSITIVE_INFINITY ? certain.slice(0, count) : undefined
}
