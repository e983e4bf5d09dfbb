import { Type } from 'typebox'
import { anyName, recordCheck } from '../record-check.ts'

/** One element of `packages`. Without fixes, `secfixes` can be null or an empty array. */
export const checkPackage = recordCheck(
  Type.Object({
    pkg: Type.Object({
      name: Type.String({ minLength: 1 }),
      secfixes: Type.Union([
        Type.Record(anyName, Type.Union([Type.Array(Type.String()), Type.Null()])),
        Type.Array(Type.Never()),
        Type.Null(),
      ]),
    }),
  }),
)
