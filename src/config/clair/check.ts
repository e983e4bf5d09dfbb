import type { Json } from '../../core/advisory.ts'
import { parseGoDuration } from './durations.ts'
import { nearest } from './nearest.ts'

/** The parts of JSON Schema that the configuration's schema uses. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly string[]
  readonly format?: string
  readonly default?: Json
}

/** Something that is wrong: where (`indexer.airgap`), and what. */
export interface Problem {
  readonly place: string
  readonly message: string
  readonly advice?: string
}

/**
 * `value` with the defaults of `schema` where it says nothing, and everything that is wrong with it: members that the schema
 * does not have, values of another type. What is not an object in a place of one, or wrong, is replaced by the default.
 */
export function checkConfig(value: unknown, schema: object): { readonly config: Json; readonly problems: Problem[] } {
  const problems: Problem[] = []
  return { config: check(value, schema as Schema, '', problems), problems }
}

function check(value: unknown, schema: Schema, place: string, problems: Problem[]): Json {
  // Go leaves a member as it is where JSON says null.
  if (value === undefined || value === null) return defaultOf(schema, place, problems)
  const { anyOf, type } = schema
  if (anyOf !== undefined) return check(value, anyOf.find((option) => option.type !== 'null')!, place, problems)
  if (schema.properties !== undefined) return checkObject(value, schema, place, problems)
  if (type === 'object') return checkMap(value, schema, place, problems)
  if (type === 'array' && Array.isArray(value)) {
    return value.map((item, index) => check(item, schema.items!, `${place}[${index}]`, problems))
  }
  const wrong = wrongWith(value, schema)
  if (wrong === undefined) return value as Json
  problems.push({ place, message: wrong })
  return defaultOf(schema, place, [])
}

function checkObject(value: unknown, schema: Schema, place: string, problems: Problem[]): Json {
  const properties = schema.properties!
  if (!isObject(value)) {
    problems.push({ place, message: 'must have members' })
    return defaultOf(schema, place, [])
  }
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(properties, name)) problems.push(unknownMember(name, place, Object.keys(properties)))
  }
  const own = (name: string) => (Object.hasOwn(value, name) ? value[name] : undefined)
  return Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, check(own(name), member, inside(place, name), problems)]),
  )
}

function checkMap(value: unknown, schema: Schema, place: string, problems: Problem[]): Json {
  if (!isObject(value)) {
    problems.push({ place, message: 'must have members' })
    return {}
  }
  const [member = {}] = Object.values(schema.patternProperties ?? {})
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, check(item, member, inside(place, name), problems)]),
  )
}

function unknownMember(name: string, place: string, known: readonly string[]): Problem {
  const meant = nearest(name, known)
  const advice = meant === undefined ? `There are: ${known.join(', ')}.` : `Did you mean ${inside(place, meant)}?`
  return { place: inside(place, name), message: 'is not known', advice }
}

function defaultOf(schema: Schema, place: string, problems: Problem[]): Json {
  if (schema.properties !== undefined) return checkObject({}, schema, place, problems)
  return schema.default ?? null
}

function wrongWith(value: unknown, { type, format, enum: words }: Schema): string | undefined {
  if (words !== undefined) return words.includes(value as string) ? undefined : `must be one of ${words.join(', ')}`
  if (type === undefined) return undefined
  if (type === 'integer') return Number.isSafeInteger(value) ? undefined : 'must be a whole number'
  if (type === 'array') return 'must be a list'
  if (typeof value !== type) return `must be ${type === 'boolean' ? 'true or false' : `a ${type}`}`
  if (format === 'go-duration' && value !== '' && parseGoDuration(value as string) === undefined) {
    return 'must be a length of time such as 6h or 1h30m'
  }
  if (format === 'base64' && !/^(?:[\w+/-]{4})*(?:[\w+/-]{2}==|[\w+/-]{3}=)?$/.test(value as string)) {
    return 'must be base64'
  }
  return undefined
}

function inside(place: string, name: string): string {
  return place === '' ? name : `${place}.${name}`
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
