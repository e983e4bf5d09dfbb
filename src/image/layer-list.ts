import type { Digest } from '../core/digest.ts'
import type { Image, Layer } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { download } from '../io/download.ts'
import { type HttpClient, showUrl } from '../io/http.ts'

/** A layer and where its blob is. */
export interface ListedLayer {
  /** `undefined`: not known before the blob has been read. */
  readonly digest: Digest | undefined
  readonly uri: string
  /** Sent to the host of `uri` and to no other; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** What made it, for people. */
  readonly createdBy: string
}

/** An image as somebody describes it who has read its manifest: where its layers are, and nothing of its configuration. */
export interface LayerList {
  /** What the image is called in errors and reports. */
  readonly reference: string
  readonly digest: Digest
  /** Lowest first. */
  readonly layers: readonly ListedLayer[]
}

/** The image. Nothing is fetched before a layer is read; a broken transfer is resumed. */
export function listedImage({ reference, digest, layers }: LayerList, http: HttpClient): Image {
  return {
    reference,
    tags: [],
    digest,
    configDigest: undefined,
    platform: { os: 'linux', architecture: '' },
    layers: layers.map((layer) => layerOf(layer, http)),
    async [Symbol.asyncDispose]() {},
  }
}

function layerOf({ digest, uri, headers: originHeaders, createdBy }: ListedLayer, http: HttpClient): Layer {
  const open = (signal: AbortSignal) =>
    download((headers, stop) => http.request(uri, { headers, originHeaders, signal: stop }), showUrl(uri), {
      signal,
      immutable: digest !== undefined,
      maxBytes: limits.layerBytes,
    })
  return { digest, diffId: undefined, mediaType: '', createdBy, blob: { kind: 'stream', size: undefined, open } }
}
