import type { Digest } from './digest.ts'
import type { Gap } from './gap.ts'
import type { IndexReport } from './report.ts'

/** What an image runs on (OCI image-spec, image-index.md, "platform"). */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/**
 * Where the bytes of a layer blob are. Files are read by the worker itself; streams are handed to it in chunks. The size of a
 * stream is `undefined` where nobody says it beforehand.
 */
export type LayerBlob =
  | { readonly kind: 'file'; readonly path: string; readonly offset: number; readonly size: number }
  | { readonly kind: 'stream'; readonly size: number | undefined; open(signal: AbortSignal): AsyncIterable<Uint8Array> }
  /** A directory that stands for an unpacked layer: nothing to verify, nothing to cache. */
  | { readonly kind: 'directory'; readonly path: string }
  /** A layer that cannot be had, such as a foreign layer. */
  | { readonly kind: 'absent'; readonly gap: Gap }

/** One layer of an image, lowest first. */
export interface Layer {
  /**
   * The digest of the blob as it is stored; equal to `diffId` for an uncompressed one. `undefined` for a directory, and where it
   * is not known before the blob has been read.
   */
  readonly digest: Digest | undefined
  /**
   * The digest of the tar archive, from the image's configuration. `undefined` for a directory, and where the image comes
   * without its configuration.
   */
  readonly diffId: Digest | undefined
  readonly mediaType: string
  /** The history entry that made it, `created_by`; empty where the image has no history. */
  readonly createdBy: string
  readonly blob: LayerBlob
}

/**
 * An image that has been found. Its manifest and configuration have been verified, and its layers are not read yet; of one
 * that is known already, neither was looked at.
 */
export interface Image extends AsyncDisposable {
  /** The reference as the user gave it. */
  readonly reference: string
  /** The repository tags known for it, such as `docker.io/library/debian:12`. */
  readonly tags: readonly string[]
  /** The digest of the manifest, or of the configuration where the source has no manifest. `undefined` for a directory. */
  readonly digest: Digest | undefined
  /** The digest of the configuration, which is Docker's image id. `undefined` for a directory. */
  readonly configDigest: Digest | undefined
  readonly platform: Platform
  /** Lowest first; none where the image is `known`. */
  readonly layers: readonly Layer[]
  /** What is in it, if `ImageOptions.known` could tell. */
  readonly known?: IndexReport
}

/** How images are to be opened. */
export interface ImageOptions {
  /** `undefined`: linux on this machine's architecture. */
  readonly platform: Platform | undefined
  /** No network. Sources that need it throw `OFFLINE`. */
  readonly offline: boolean
  readonly registry: RegistryOptions
  /**
   * What is in the image with a manifest of this digest, if that was read before. A source that asks leaves alone whatever
   * the digest names: blobs that have been lost or damaged since are not noticed, as their content is not needed. What leads
   * to the digest, a tag or an index, is always read, and an image for another platform than `platform` is never taken.
   */
  readonly known?: (digest: Digest) => Promise<IndexReport | undefined>
}

/** How registries are to be talked to. */
export interface RegistryOptions {
  /** Credentials for the registry of the reference; `undefined`: look into Docker's configuration. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined
  /** Hosts (`host:port`) that are spoken to without TLS. Loopback hosts try TLS first, then fall back. */
  readonly plainHttp: boolean
  /** Accept any certificate. */
  readonly insecure: boolean
  /** PEM file with certificate authorities to trust beside the system's. */
  readonly caFile: string | undefined
}

/** A kind of place that images come from. */
export interface ImageSource {
  /** The prefix that chooses it: `docker-archive`, `oci-layout`, `registry` … */
  readonly scheme: string
  /** One line for the help text: the form of the reference. */
  readonly help: string
  /**
   * Finds an image and verifies its manifest and configuration. `reference` comes without the scheme.
   * Throws `IMAGE_NOT_FOUND`, `MANIFEST_INVALID`, `ARCHIVE_INVALID`, `DIGEST_MISMATCH`, `AUTH_FAILED`, `NETWORK_FAILED` …
   */
  open(reference: string, options: ImageOptions, signal: AbortSignal): Promise<Image>
}
