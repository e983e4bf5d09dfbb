import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** A small image for a test. */
export interface SmallImage {
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string }
  /** The files of each layer, lowest first: path to content. */
  readonly layers: readonly Readonly<Record<string, string>>[]
}

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** Blobs by digest, as they are put together. */
export class Blobs {
  readonly all = new Map<string, Buffer>()

  put(mediaType: string, content: Buffer | object): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const digest = digestOf(bytes)
    this.all.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }

  /** Puts an image's layers (gzip), configuration and manifest. */
  async image({ platform, layers }: SmallImage): Promise<Descriptor & { readonly platform: SmallImage['platform'] }> {
    const tars = await Promise.all(layers.map(tarOf))
    const history = tars.map((_, index) => ({ created_by: `RUN step ${index}` }))
    const config = this.put('application/vnd.oci.image.config.v1+json', {
      ...platform,
      rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
      history,
    })
    const blobs = tars.map((tar) => this.put('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar)))
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    return { ...this.put(mediaType, { schemaVersion: 2, mediaType, config, layers: blobs }), platform }
  }

  index(manifests: readonly object[]): Descriptor {
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    return this.put(mediaType, { schemaVersion: 2, mediaType, manifests })
  }

  /** Writes an OCI layout whose index.json has these entries. */
  writeLayout(directory: string, entries: readonly object[]): void {
    for (const [digest, bytes] of this.all) {
      const [algorithm, hex] = digest.split(':') as [string, string]
      mkdirSync(join(directory, 'blobs', algorithm), { recursive: true })
      writeFileSync(join(directory, 'blobs', algorithm, hex), bytes)
    }
    writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: entries }))
  }
}

/** An entry of index.json with a tag. */
export function tagged(descriptor: object, tag: string): object {
  return { ...descriptor, annotations: { 'org.opencontainers.image.ref.name': tag } }
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** A tar archive of files; a value that begins with `-> ` makes a symbolic link. */
export async function tarOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const archive = pack()
  for (const [name, content] of Object.entries(files)) {
    const link = typeof content === 'string' && content.startsWith('-> ') ? content.slice(3) : undefined
    if (link === undefined) archive.entry({ name, mtime: new Date(0) }, content)
    else archive.entry({ name, type: 'symlink', linkname: link, mtime: new Date(0) })
  }
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
