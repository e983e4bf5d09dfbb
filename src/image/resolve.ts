import type { Digest } from '../core/digest.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Image, ImageOptions, Layer, LayerBlob, Platform } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import type { IndexReport } from '../core/report.ts'
import { invalidDocument } from './document.ts'
import {
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  isForeignType,
  isIndexType,
  parseConfig,
  parseManifest,
} from './manifest.ts'
import { choosePlatform, defaultPlatform, showPlatform } from './platform.ts'

/** A place that holds documents and blobs by their digest. */
export interface Content {
  /** What it is in errors: a path, or a registry and repository. */
  readonly where: string
  /**
   * A manifest, index or configuration, of at most `limits.manifestBytes`; the caller verifies it. Throws
   * `IMAGE_NOT_FOUND` if it is not there, `LIMIT_EXCEEDED`.
   */
  document(descriptor: Pick<Descriptor, 'digest' | 'mediaType'>, kind: 'manifest' | 'config'): Promise<Uint8Array>
  /** Where a layer's bytes are. Throws `IMAGE_NOT_FOUND` or `DIGEST_MISMATCH` if that can be told without reading them. */
  layer(descriptor: Descriptor): Promise<LayerBlob>
}

/** An image's manifest and configuration, both verified, or what was known of it before. */
export type ResolvedImage = ReadImage | KnownImage

interface KnownImage {
  readonly digest: Digest
  readonly platform: Platform
  readonly known: IndexReport
}

interface ReadImage {
  readonly digest: Digest
  readonly platform: Platform
  readonly manifest: ImageManifest
  readonly config: ImageConfig
  /** For each layer the place of its diffID and history in the configuration; `undefined` for one that has none there. */
  readonly places: readonly (number | undefined)[]
}

/** A manifest or index to begin with. */
export interface Root {
  readonly digest: Digest
  /** Empty where it is not known. */
  readonly mediaType: string
  readonly size?: number
  readonly platform?: Platform | undefined
  readonly attestation?: boolean
}

/**
 * Follows manifests or indexes, and indexes in them, to the image for a platform. Every document is verified before it is
 * read. `platform` `undefined`: this machine's, but an image that there is only one of is taken as it is. An image that is
 * `known` is not read; that it is for the platform is checked all the same.
 * Throws `IMAGE_NOT_FOUND` naming the platforms there are, `MANIFEST_INVALID`, `DIGEST_MISMATCH`, `LIMIT_EXCEEDED`.
 */
export async function resolveImage(
  content: Content,
  roots: readonly Root[],
  options: Pick<ImageOptions, 'platform' | 'known'>,
): Promise<ResolvedImage> {
  const { platform } = options
  const reader = new Reader(content, options.known)
  const candidates = await reader.imagesOf(roots, 0)
  if (candidates.length === 1 && (platform === undefined || candidates[0]!.platform === undefined)) {
    return checkPlatform(content, await reader.image(candidates[0]!), platform)
  }
  const wanted = platform ?? defaultPlatform()
  const named = choosePlatform(candidates.filter(hasPlatform), wanted)
  if (named !== undefined) return reader.image(named)
  const described = await reader.withPlatforms(candidates)
  const chosen = choosePlatform(described, wanted)
  if (chosen === undefined)
    throw noSuchPlatform(
      content.where,
      wanted,
      described.map((image) => image.platform),
    )
  return reader.image(chosen)
}

/** The image for verified documents, its layers' blobs from `content`, or the image that is known. */
export async function assembleImage(
  content: Content,
  image: ResolvedImage,
  names: Pick<Image, 'reference' | 'tags'>,
  close: () => Promise<void> = async () => {},
): Promise<Image> {
  const { digest, platform } = image
  if ('known' in image) {
    const { known } = image
    const { configDigest } = known.image
    return { ...names, digest, configDigest, platform, layers: [], known, [Symbol.asyncDispose]: close }
  }
  const { manifest, config, places } = image
  const layers: Layer[] = []
  for (const [index, descriptor] of manifest.layers.entries()) {
    const place = places[index] ?? -1
    layers.push({
      digest: descriptor.digest,
      diffId: config.diffIds[place],
      mediaType: descriptor.mediaType,
      createdBy: config.createdBy[place] ?? '',
      blob: unreadable(descriptor) ?? (await content.layer(descriptor)),
    })
  }
  return { ...names, digest, configDigest: manifest.config.digest, platform, layers, [Symbol.asyncDispose]: close }
}

/** The gap for a layer that may not be distributed. The URLs beside it are never fetched. */
export function foreignLayer(where: string): LayerBlob {
  const detail = 'The layer is not distributed with the image (a foreign layer): packages in it are not known.'
  return { kind: 'absent', gap: { code: 'layer-skipped', where, detail } }
}

/** A layer that is not to be had, as its media type says. */
function unreadable({ mediaType, digest }: Descriptor): LayerBlob | undefined {
  if (isForeignType(mediaType)) return foreignLayer(digest)
  if (!mediaType.endsWith('+encrypted')) return undefined
  const detail = 'The layer is encrypted: packages in it are not known.'
  return { kind: 'absent', gap: { code: 'layer-skipped', where: digest, detail } }
}

/** A manifest that is, or may be, an image's. `document` where it has been read already. */
interface Candidate {
  readonly root: Root
  readonly platform: Platform | undefined
  readonly document: ImageManifest | undefined
}

function hasPlatform(candidate: Candidate): candidate is Candidate & { readonly platform: Platform } {
  return candidate.platform !== undefined
}

/** Reads and verifies documents, and not too many of them. */
class Reader {
  readonly #content: Content
  readonly #known: ImageOptions['known']
  readonly #indexes = new Set<Digest>()
  #documents = 0

  constructor(content: Content, known: ImageOptions['known']) {
    this.#content = content
    this.#known = known
  }

  /** The images that descriptors lead to, through indexes in indexes, in order. */
  async imagesOf(roots: readonly Root[], depth: number): Promise<readonly Candidate[]> {
    if (depth > limits.indexDepth) this.#exceed(`it has indexes in indexes, more than ${limits.indexDepth} deep`)
    const images: Candidate[] = []
    for (const root of roots) {
      if (root.attestation) continue
      if (root.mediaType !== '' && !isIndexType(root.mediaType)) {
        images.push({ root, platform: root.platform, document: undefined })
        continue
      }
      if (this.#indexes.has(root.digest)) continue
      this.#indexes.add(root.digest)
      const document = await this.#manifest(root)
      if (document.kind === 'manifest') images.push({ root, platform: root.platform, document })
      else images.push(...(await this.imagesOf(document.manifests, depth + 1)))
    }
    return images
  }

  /** The candidates with their platforms: where the index does not say it, the configuration does. */
  async withPlatforms(candidates: readonly Candidate[]): Promise<readonly (Candidate & { platform: Platform })[]> {
    const described: (Candidate & { platform: Platform })[] = []
    for (const candidate of candidates) {
      const platform = candidate.platform ?? (await this.image(candidate)).platform
      described.push({ ...candidate, platform })
    }
    return described
  }

  /** The image that a candidate is: as it is known, else as its documents describe it. */
  async image({ root, document }: Candidate): Promise<ResolvedImage> {
    const known = await this.#known?.(root.digest)
    if (known !== undefined) return { digest: root.digest, platform: known.image.platform, known }
    const manifest = document ?? (await this.#manifest(root))
    if (manifest.kind === 'manifest') return this.#withConfig(root.digest, manifest)
    const where = `${this.#content.where}, manifest ${root.digest}`
    throw invalidDocument(where, 'it is an index, and its descriptor says that it is an image manifest')
  }

  async #manifest(root: Root): Promise<ImageManifest | ImageIndex> {
    if (++this.#documents > limits.indexDocuments) {
      this.#exceed(`its index leads to more than ${limits.indexDocuments} documents`)
    }
    const where = `${this.#content.where}, manifest ${root.digest}`
    const bytes = await this.#document(root, 'manifest', where)
    return parseManifest(bytes, where)
  }

  async #withConfig(digest: Digest, manifest: ImageManifest): Promise<ResolvedImage> {
    const { config: descriptor, layers } = manifest
    const where = `${this.#content.where}, configuration ${descriptor.digest}`
    const bytes = await this.#document(descriptor, 'config', where)
    const config = parseConfig(bytes, where)
    const places = placesOf(layers, config.diffIds.length)
    if (places === undefined) {
      throw invalidDocument(where, `it has ${config.diffIds.length} diff_ids for ${layers.length} layers`)
    }
    return { digest, platform: config.platform, manifest, config, places }
  }

  async #document(root: Root, kind: 'manifest' | 'config', where: string): Promise<Uint8Array> {
    const bytes = await this.#content.document(root, kind)
    const { verify } = await import('./verify.ts')
    verify(bytes, root.digest, root.size, where)
    return bytes
  }

  #exceed(message: string): never {
    throw new ChiaroError('LIMIT_EXCEEDED', message, { where: this.#content.where })
  }
}

/**
 * For each layer the place of its diffID in the configuration. Some writers leave out those of layers that are not to be
 * had. `undefined` if the numbers do not fit.
 */
function placesOf(layers: readonly Descriptor[], diffIds: number): readonly (number | undefined)[] | undefined {
  if (layers.length === diffIds) return layers.map((_, index) => index)
  let next = 0
  const places = layers.map((layer) => (unreadable(layer) === undefined ? next++ : undefined))
  return next === diffIds ? places : undefined
}

/** An image that is there for one platform only is not another platform's. */
function checkPlatform(content: Content, image: ResolvedImage, platform: Platform | undefined): ResolvedImage {
  if (platform === undefined || choosePlatform([image], platform) !== undefined) return image
  throw noSuchPlatform(content.where, platform, [image.platform])
}

/** The error for an image that is not there for a platform. */
export function noSuchPlatform(where: string, wanted: Platform, there: readonly Platform[]): ChiaroError {
  const names = [...new Set(there.map(showPlatform))]
  const shown = names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '')
  return new ChiaroError('IMAGE_NOT_FOUND', `there is no image for ${showPlatform(wanted)}`, {
    where,
    advice: names.length === 0 ? 'The index names no image at all.' : `Choose another --platform. There are: ${shown}.`,
  })
}
