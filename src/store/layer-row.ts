import type { LayerIndex } from '../core/layer-index.ts'
import { PathSet } from '../core/path-set.ts'

type LayerContent = Pick<LayerIndex, 'files' | 'whiteouts' | 'opaques' | 'gaps'>

/** What was read out of a layer, as the table `layer` has it: zstd of JSON, and sorted 64-bit floats, little-endian. */
export interface LayerRow {
  readonly content: Uint8Array
  readonly paths: Uint8Array
}

export async function encodeLayer(index: LayerIndex): Promise<LayerRow> {
  const { files, whiteouts, opaques, gaps, nonDirectories } = index
  const { constants, zstdCompressSync } = await import('node:zlib')
  const content = zstdCompressSync(JSON.stringify({ files, whiteouts, opaques, gaps } satisfies LayerContent), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  })
  const { buffer, byteOffset, byteLength } = nonDirectories.hashes
  return { content, paths: new Uint8Array(buffer, byteOffset, byteLength) }
}

/** Throws when it is not what `encodeLayer` gave. */
export async function decodeLayer({ content, paths }: LayerRow): Promise<Omit<LayerIndex, 'digest' | 'diffId'>> {
  const { zstdDecompressSync } = await import('node:zlib')
  const decoded = JSON.parse(zstdDecompressSync(content).toString()) as LayerContent
  return { ...decoded, nonDirectories: new PathSet(toFloats(paths)) }
}

/** The bytes as numbers; copied where they do not start at a multiple of eight. */
function toFloats(bytes: Uint8Array): Float64Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  return new Float64Array(buffer, byteOffset, byteLength / 8)
}
