// Writes an image twice as large as another: its layers, and once more the same layers with some padding behind the archive,
// so that they have other digests and must be read too.
import { createHash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, gzipSync } from 'node:zlib'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const padding = gzipSync(Buffer.alloc(10_240))

/** Writes the OCI layout `target` with each gzip layer of the layout `source` twice. */
export async function doubleImage(source: string, target: string): Promise<void> {
  const blob = (layout: string, digest: string) => join(layout, 'blobs', 'sha256', digest.slice('sha256:'.length))
  const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T
  const index = read<{ manifests: Descriptor[] }>(join(source, 'index.json'))
  const manifest = read<{ config: Descriptor; layers: Descriptor[] }>(blob(source, index.manifests[0]!.digest))
  const config = read<{ rootfs: { diff_ids: string[] } }>(blob(source, manifest.config.digest))
  mkdirSync(join(target, 'blobs', 'sha256'), { recursive: true })
  const layers = [...manifest.layers]
  const diffIds = [...config.rootfs.diff_ids]
  for (const layer of manifest.layers) {
    linkSync(blob(source, layer.digest), blob(target, layer.digest))
    const copy = join(target, 'copy')
    await pipeline(createReadStream(blob(source, layer.digest)), createWriteStream(copy))
    writeFileSync(copy, padding, { flag: 'a' })
    const digest = await hash(createReadStream(copy))
    renameSync(copy, blob(target, digest))
    layers.push({ ...layer, digest, size: layer.size + padding.length })
    diffIds.push(await hash(createReadStream(blob(target, digest)).pipe(createGunzip())))
  }
  const put = (value: object): { digest: string; size: number } => {
    const bytes = Buffer.from(JSON.stringify(value))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    writeFileSync(blob(target, digest), bytes)
    return { digest, size: bytes.length }
  }
  const newConfig = put({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } })
  const newManifest = put({ ...manifest, config: { ...manifest.config, ...newConfig }, layers })
  writeFileSync(join(target, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  writeFileSync(
    join(target, 'index.json'),
    JSON.stringify({ ...index, manifests: [{ ...index.manifests[0], ...newManifest }] }),
  )
}

async function hash(stream: AsyncIterable<Buffer>): Promise<string> {
  const sum = createHash('sha256')
  for await (const chunk of stream) sum.update(chunk)
  return `sha256:${sum.digest('hex')}`
}
