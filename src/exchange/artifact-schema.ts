import { type Static, Type } from 'typebox'
import { anyName, recordCheck } from '../feeds/record-check.ts'

const manifest = Type.Object({
  artifactType: Type.Optional(Type.String()),
  layers: Type.Array(
    Type.Object({
      mediaType: Type.String(),
      digest: Type.String(),
      size: Type.Integer({ minimum: 0 }),
      annotations: Type.Record(anyName, Type.String()),
    }),
    { maxItems: 10_000 },
  ),
})

/** The manifest of an artifact of vulnerability data, as far as it is used. */
export type DataManifest = Static<typeof manifest>

export const checkManifest = recordCheck(manifest)
