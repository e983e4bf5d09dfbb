import type { Digest } from '../core/digest.ts'
import { ChiaroError, printable } from '../core/errors.ts'
import type { Platform } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { invalidDocument, JsonValue } from './document.ts'

/** What one document says of another or of a blob (OCI image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly platform: Platform | undefined
  /** BuildKit's description of another manifest (provenance, SBOM): no image. */
  readonly attestation: boolean
  /** `org.opencontainers.image.ref.name`, a tag in an OCI layout. */
  readonly refName: string | undefined
  /** `io.containerd.image.name`, the full name that Docker and containerd write beside it. */
  readonly imageName: string | undefined
}

/** An image manifest, checked. */
export interface ImageManifest {
  readonly kind: 'manifest'
  readonly config: Descriptor
  /** Lowest first. */
  readonly layers: readonly Descriptor[]
}

/** An image index (Docker: manifest list), checked. */
export interface ImageIndex {
  readonly kind: 'index'
  readonly manifests: readonly Descriptor[]
}

/** What an image configuration says that matters here. */
export interface ImageConfig {
  readonly platform: Platform
  readonly diffIds: readonly Digest[]
  /** `created_by` of the history entries that made a layer; empty where the history does not fit the layers. */
  readonly createdBy: readonly string[]
}

const manifestTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
])
const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
])
/** `application/octet-stream` was written by early versions of Docker. */
const configTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
  'application/octet-stream',
])

/** What to send as `Accept` for a manifest. */
export const acceptedManifests: string = [...manifestTypes, ...indexTypes].join(', ')

/** Whether a descriptor of this media type points to an index. */
export function isIndexType(mediaType: string): boolean {
  return indexTypes.has(mediaType)
}

/** Whether layers of this media type are not distributed with their image. */
export function isForeignType(mediaType: string): boolean {
  return /nondistributable|foreign/.test(mediaType)
}

/**
 * Reads a manifest or index, OCI or Docker (v2, schema 2). Throws `MANIFEST_INVALID` for anything else, a document that
 * could be read as both (CVE-2021-41190) among them, `DIGEST_INVALID`, and `LIMIT_EXCEEDED` for too many entries.
 */
export function parseManifest(bytes: Uint8Array, where: string): ImageManifest | ImageIndex {
  const document = JsonValue.parse(bytes, where).object()
  const mediaType = document.get('mediaType').optionalString()
  if (document.get('schemaVersion').is(1)) {
    const advice = 'Push the image again with a current tool: schema 1 has been given up by Docker and by registries.'
    throw invalidDocument(where, 'it is an image manifest of the outdated schema 1', advice)
  }
  if (!document.get('schemaVersion').is(2))
    throw invalidDocument(where, 'schemaVersion must be 2: it is no image manifest')
  const isIndex = document.get('manifests').present
  if (isIndex && (document.get('layers').present || document.get('config').present)) {
    throw invalidDocument(where, 'it has both layers and manifests, so it could be taken for two different images')
  }
  if (mediaType !== undefined && (isIndex ? manifestTypes : indexTypes).has(mediaType)) {
    throw invalidDocument(where, `it says that it is ${mediaType}, and its content says otherwise`)
  }
  return isIndex ? readIndex(document) : readManifest(document, where)
}

/** Reads an image configuration. Throws `MANIFEST_INVALID`, `DIGEST_INVALID`, `LIMIT_EXCEEDED`. */
export function parseConfig(bytes: Uint8Array, where: string): ImageConfig {
  const document = JsonValue.parse(bytes, where).object()
  const rootfs = document.get('rootfs').object()
  const diffIds = rootfs
    .get('diff_ids')
    .list(limits.layers)
    .map((entry) => entry.digest())
  const variant = document.get('variant').optionalString()
  const platform = {
    os: printable(document.get('os').optionalString() || 'unknown'),
    architecture: printable(document.get('architecture').optionalString() || 'unknown'),
    ...(variant ? { variant: printable(variant) } : {}),
  }
  return { platform, diffIds, createdBy: readHistory(document, diffIds.length) }
}

/** The error for content of another size than a descriptor says; `found` is `undefined` where it is just more. */
export function sizeMismatch(found: number | undefined, size: number, where: string): ChiaroError {
  return new ChiaroError('DIGEST_MISMATCH', `it has ${found ?? 'more'} bytes, and its descriptor says ${size}`, {
    where,
    advice: 'It is damaged or was tampered with. Do not use the image.',
  })
}

function readIndex(document: JsonValue): ImageIndex {
  return { kind: 'index', manifests: document.get('manifests').list(limits.indexEntries).map(readDescriptor) }
}

function readManifest(document: JsonValue, where: string): ImageManifest {
  const config = readDescriptor(document.get('config').object())
  if (!configTypes.has(config.mediaType)) {
    const type = document.get('artifactType').optionalString() ?? config.mediaType
    throw invalidDocument(where, `it is not a container image but an artifact of type ${printable(type)}`)
  }
  const layers = document.get('layers').list(limits.layers).map(readDescriptor)
  for (const { mediaType } of layers) {
    if (isLayerType(mediaType)) continue
    const type = printable(mediaType)
    throw invalidDocument(where, `it is not a container image: it has a layer of type ${type}, which is no file system`)
  }
  return { kind: 'manifest', config, layers }
}

/** Layers are tar archives; what compresses them is seen from their bytes, whatever the media type says. */
function isLayerType(mediaType: string): boolean {
  return /\btar\b/.test(mediaType) || mediaType === 'application/octet-stream'
}

function readDescriptor(value: JsonValue): Descriptor {
  value.object()
  const annotations = value.get('annotations')
  const platform = readPlatform(value.get('platform'))
  return {
    mediaType: value.get('mediaType').string(),
    digest: value.get('digest').digest(),
    size: value.get('size').size(),
    platform: platform?.os === 'unknown' ? undefined : platform,
    attestation: annotations.get('vnd.docker.reference.type').present || isUnknown(platform),
    refName: annotations.get('org.opencontainers.image.ref.name').optionalString(),
    imageName: annotations.get('io.containerd.image.name').optionalString(),
  }
}

function isUnknown(platform: Platform | undefined): boolean {
  return platform?.os === 'unknown' && platform.architecture === 'unknown'
}

function readPlatform(value: JsonValue): Platform | undefined {
  if (!value.present) return undefined
  const os = value.get('os').optionalString()
  const architecture = value.get('architecture').optionalString()
  if (!os || !architecture) return undefined
  const variant = value.get('variant').optionalString()
  const named = { os: printable(os), architecture: printable(architecture) }
  return variant ? { ...named, variant: printable(variant) } : named
}

/** History is for people: one that does not fit the layers is left out, so that no layer gets another one's command. */
function readHistory(document: JsonValue, layers: number): readonly string[] {
  const commands = document
    .get('history')
    .list(limits.layers * 2)
    .filter((entry) => entry.get('empty_layer').optionalBoolean() !== true)
    .map((entry) => entry.get('created_by').optionalString() ?? '')
  return commands.length === layers ? commands : new Array<string>(layers).fill('')
}
