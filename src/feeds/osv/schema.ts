import { type Static, Type } from 'typebox'
import { recordCheck } from '../record-check.ts'

const version = Type.String({ minLength: 1 })

const event = Type.Object({
  introduced: Type.Optional(version),
  fixed: Type.Optional(version),
  last_affected: Type.Optional(version),
  limit: Type.Optional(version),
})

const severities = Type.Optional(
  Type.Union([Type.Array(Type.Object({ type: Type.String(), score: Type.String() })), Type.Null()]),
)

const affected = Type.Object({
  package: Type.Optional(
    Type.Union([
      Type.Object({ ecosystem: Type.String(), name: Type.String(), purl: Type.Optional(Type.String()) }),
      Type.Null(),
    ]),
  ),
  severity: severities,
  ranges: Type.Optional(
    Type.Union([Type.Array(Type.Object({ type: Type.String(), events: Type.Array(event) })), Type.Null()]),
  ),
  versions: Type.Optional(Type.Union([Type.Array(version), Type.Null()])),
  database_specific: Type.Optional(Type.Unknown()),
})

const texts = Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()]))

/** What is used of a record. Go, which writes many of them, writes an empty list as null. */
const record = Type.Object({
  id: Type.String({ minLength: 1 }),
  withdrawn: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  published: Type.Optional(Type.String()),
  modified: Type.Optional(Type.String()),
  aliases: texts,
  related: texts,
  upstream: texts,
  summary: Type.Optional(Type.String()),
  details: Type.Optional(Type.String()),
  severity: severities,
  affected: Type.Optional(Type.Union([Type.Array(affected), Type.Null()])),
  references: Type.Optional(Type.Union([Type.Array(Type.Object({ url: Type.String() })), Type.Null()])),
  database_specific: Type.Optional(Type.Unknown()),
})

/** A record of OSV (https://ossf.github.io/osv-schema/, version 1.7). */
export type OsvRecord = Static<typeof record>

/** What a record says of one package. */
export type OsvAffected = Static<typeof affected>

export const checkRecord = recordCheck(record)
