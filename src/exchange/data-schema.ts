import { Type } from 'typebox'
import { gapCodes } from '../core/gap.ts'
import { severities } from '../core/severity.ts'
import { anyName, recordCheck } from '../feeds/record-check.ts'

/** What data files may hold, strictly: what is not expected is damage, as the writer is a Chiaro too. */

const text = Type.String()
const words = <const T extends string>(list: readonly T[]) => Type.Union(list.map((word) => Type.Literal(word)))
const strict = { additionalProperties: false }

const time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]{8,16}Z$' })

const feed = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,99}$' }),
    url: text,
    version: Type.Integer({ minimum: 1 }),
    keepsHistory: Type.Optional(Type.Literal(false)),
    mayBeEmpty: Type.Optional(Type.Literal(true)),
    fingerprint: text,
    dataTime: Type.Optional(time),
    checkedAt: Type.Optional(time),
    since: Type.Optional(Type.Object({ fingerprint: text, version: Type.Integer() }, strict)),
  },
  strict,
)

const version = Type.Integer({ minimum: 1 })

/** Whether the first line is one of a data file, of whatever version. */
export const checkVersion = recordCheck(Type.Object({ chiaroData: version }))

/** The first line of this version. */
export const checkHeader = recordCheck(
  Type.Object({ chiaroData: version, feeds: Type.Array(feed, { maxItems: 10_000 }) }, strict),
)

const rating = Type.Object(
  {
    severity: words(severities),
    source: text,
    original: Type.Optional(text),
    vector: Type.Optional(text),
    score: Type.Optional(Type.Number({ minimum: 0, maximum: 10 })),
  },
  strict,
)

const range = Type.Object(
  { introduced: Type.Optional(text), fixed: Type.Optional(text), lastAffected: Type.Optional(text) },
  strict,
)

const fixStates = ['fixed', 'open', 'deferred', 'will-not-fix', 'end-of-life', 'undetermined', 'not-affected'] as const

const statement = Type.Object(
  {
    key: Type.Object({ scope: text, name: text }, strict),
    fix: words(fixStates),
    fixedIn: Type.Optional(text),
    ranges: Type.Optional(Type.Array(range)),
    rating: Type.Optional(rating),
    note: Type.Optional(text),
    advisory: Type.Optional(text),
  },
  strict,
)

const vulnerability = Type.Object(
  {
    id: text,
    covers: Type.Optional(Type.Array(text)),
    aliases: Type.Array(text),
    description: text,
    ratings: Type.Array(rating),
    links: Type.Array(text),
    weaknesses: Type.Optional(Type.Array(text)),
    published: Type.Optional(text),
    modified: Type.Optional(text),
    cpes: Type.Optional(Type.Array(text)),
  },
  strict,
)

const json = Type.Cyclic(
  {
    Json: Type.Union([
      text,
      Type.Number(),
      Type.Boolean(),
      Type.Null(),
      Type.Array(Type.Ref('Json')),
      Type.Record(anyName, Type.Ref('Json')),
    ]),
  },
  'Json',
)

const gap = Type.Object({ code: words(Object.keys(gapCodes) as (keyof typeof gapCodes)[]), where: text, detail: text })

/** A line of a feed's records. */
export const checkRecord = recordCheck(
  Type.Union([
    Type.Object({ vulnerability, statements: Type.Array(statement) }, strict),
    Type.Object({ fact: text, value: json }, strict),
    Type.Object({ removed: text }, strict),
    Type.Object({ gap }, strict),
  ]),
)
