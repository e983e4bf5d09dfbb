import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Digest, parseDigest } from '../../src/core/digest.ts'
import type { Image, Layer } from '../../src/core/image.ts'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: { readonly architecture: string }
}

/** The image of an OCI layout, taken as it is: nothing is verified, so that layers get to be read that no source would let through. */
export function layoutImage(layout: string): Image {
  const read = (digest: string) => JSON.parse(readFileSync(blobPath(layout, digest), 'utf8'))
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
  let descriptor: Descriptor = index.manifests[0]
  let manifest = read(descriptor.digest)
  while (manifest.manifests !== undefined && manifest.layers === undefined) {
    const descriptors: readonly Descriptor[] = manifest.manifests
    descriptor = descriptors.find(({ platform }) => platform?.architecture === 'amd64') ?? descriptors[0]!
    manifest = read(descriptor.digest)
  }
  const config = read(manifest.config.digest)
  const descriptors: readonly Descriptor[] = manifest.layers
  const layers = descriptors.map(({ mediaType, digest, size }, place): Layer => {
    const path = blobPath(layout, parseDigest(digest, layout))
    const gap = { code: 'layer-skipped', where: digest, detail: 'is not in the layout' } as const
    return {
      digest: digest as Digest,
      diffId: config.rootfs.diff_ids[place],
      mediaType,
      createdBy: '',
      blob:
        /foreign/.test(mediaType) && !existsSync(path)
          ? { kind: 'absent', gap }
          : { kind: 'file', path, offset: 0, size },
    }
  })
  return imageOf(layers, { digest: descriptor.digest as Digest, configDigest: manifest.config.digest })
}

/** An image of layers made by a test. */
export function imageOf(
  layers: readonly Layer[],
  { digest, configDigest }: { digest?: Digest; configDigest?: Digest } = {},
): Image {
  return {
    reference: 'test',
    tags: [],
    digest,
    configDigest,
    platform: { os: 'linux', architecture: 'amd64' },
    layers,
    [Symbol.asyncDispose]: async () => {},
  }
}

function blobPath(layout: string, digest: string): string {
  return join(layout, 'blobs', ...digest.split(':'))
}
