/** One choice of an Accept or Accept-Encoding header (RFC 9110, 12.5), with its weight, 0 to 1. */
interface Choice {
  readonly value: string
  readonly weight: number
}

/** The choices of a header in their order; `undefined` if it cannot be read. Parameters other than `q` do not matter here. */
function parseChoices(header: string, pattern: RegExp): readonly Choice[] | undefined {
  const choices: Choice[] = []
  for (const part of header.split(',')) {
    if (part.trim() === '') continue
    const [value = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    if (!pattern.test(value)) return undefined
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    if (weight !== undefined && !/^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight)) return undefined
    choices.push({ value, weight: Number(weight ?? 1) })
  }
  return choices
}

const mediaRange = /^(?:\*\/\*|[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+))$/
const coding = /^(?:\*|[\w!#$&^.+-]+)$/

/**
 * The offered media type that an Accept header likes best, the first of those that it likes alike; without a header the first.
 * `undefined`: none of them. `malformed`: the header cannot be read.
 */
export function negotiateType(header: string | undefined, offers: readonly string[]): string | 'malformed' | undefined {
  if (header === undefined || header.trim() === '') return offers[0]
  const choices = parseChoices(header, mediaRange)
  if (choices === undefined) return 'malformed'
  return best(offers, (offer) => {
    const ranges = [offer, `${offer.split('/')[0]}/*`, '*/*']
    return ranges.map((range) => choices.find(({ value }) => value === range)).find((choice) => choice !== undefined)
  })
}

/** The content coding to use, as `negotiateType`; what cannot be read counts for nothing. */
export function negotiateCoding(header: string | undefined, offers: readonly string[]): string | undefined {
  if (header === undefined || header.trim() === '') return 'identity'
  const choices = parseChoices(header, coding) ?? []
  const any = choices.find(({ value }) => value === '*')
  const chosen = best(offers, (offer) => choices.find(({ value }) => value === offer) ?? any)
  if (chosen !== undefined) return chosen
  // Nothing that is offered was asked for: as it is, unless that was refused (RFC 9110, 12.5.3).
  const identity = choices.find(({ value }) => value === 'identity') ?? any
  return identity?.weight === 0 ? undefined : 'identity'
}

function best(offers: readonly string[], choose: (offer: string) => Choice | undefined): string | undefined {
  let found: string | undefined
  let most = 0
  for (const offer of offers) {
    const weight = choose(offer)?.weight ?? 0
    if (weight <= most) continue
    most = weight
    found = offer
  }
  return found
}
