import { type Static, Type } from 'typebox'
import { anyName, recordCheck } from '../../feeds/record-check.ts'

/** An update, as far as it is used: OSV (https://ossf.github.io/osv-schema/). */
const Update = Type.Object({
  id: Type.String({ minLength: 1 }),
  summary: Type.Optional(Type.String()),
  details: Type.Optional(Type.String()),
  published: Type.Optional(Type.String()),
  modified: Type.Optional(Type.String()),
  withdrawn: Type.Optional(Type.String()),
  related: Type.Optional(Type.Array(Type.String())),
  upstream: Type.Optional(Type.Array(Type.String())),
  affected: Type.Optional(
    Type.Array(
      Type.Object({
        package: Type.Object({ ecosystem: Type.String() }),
        ecosystem_specific: Type.Object({
          // binary packages, each with the version that it is fixed in
          binaries: Type.Array(Type.Record(anyName, Type.String({ minLength: 1 }))),
        }),
      }),
    ),
  ),
  references: Type.Optional(Type.Array(Type.Object({ type: Type.String(), url: Type.Optional(Type.String()) }))),
})

export type Update = Static<typeof Update>

export const checkUpdate = recordCheck(Update)
