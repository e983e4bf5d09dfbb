import type { Digest } from '../../core/digest.ts'
import type { Image, ImageOptions, ImageSource } from '../../core/image.ts'
import { limits } from '../../core/limits.ts'
import type { AddressGuard } from '../../io/address-guard.ts'
import { parseImageName, repositoryTag } from '../reference.ts'
import { assembleImage, type Content, resolveImage } from '../resolve.ts'
import { remoteLayer } from './blob.ts'
import type { RegistryClient } from './client.ts'
import { type CredentialPlaces, defaultPlaces } from './credentials.ts'
import { openRepository } from './repository.ts'

/** Opens an image of any registry that speaks the OCI distribution specification; of Docker Hub where none is named. */
export const openRegistry: ImageSource['open'] = (reference, options, signal) =>
  openRegistryImage(reference, options, defaultPlaces(), signal)

/** Throws `REFERENCE_INVALID` for what cannot be the name of an image in a registry. */
export function checkRegistryReference(reference: string): void {
  parseImageName(reference)
}

/**
 * Opens an image in a registry, with credentials from `places`. Throws what `ImageSource.open` throws, and with `addresses` also
 * `ADDRESS_REFUSED`.
 */
export async function openRegistryImage(
  reference: string,
  options: ImageOptions,
  places: CredentialPlaces,
  signal: AbortSignal,
  addresses?: AddressGuard,
): Promise<Image> {
  const repository = openRepository(reference, options, places, addresses)
  const { client, name } = repository
  try {
    const root = await client.manifest(repository.tag, signal)
    const content = remoteContent(client, new Map([[root.digest, root.bytes]]), signal)
    const resolved = await resolveImage(content, [{ digest: root.digest, mediaType: '' }], options)
    const tags = name.digest === undefined ? [repositoryTag(name)] : []
    return await assembleImage(content, resolved, { reference, tags }, async () => repository[Symbol.asyncDispose]())
  } catch (error) {
    await repository[Symbol.asyncDispose]()
    throw error
  }
}

function remoteContent(client: RegistryClient, known: ReadonlyMap<Digest, Buffer>, signal: AbortSignal): Content {
  return {
    where: client.where,
    async document({ digest }, kind) {
      const bytes = known.get(digest)
      if (bytes !== undefined) return bytes
      if (kind === 'manifest') return (await client.manifest(digest, signal)).bytes
      return (await client.get(`blobs/${digest}`, {}, signal)).bytes(limits.manifestBytes)
    },
    layer: async (descriptor) => remoteLayer(client, descriptor),
  }
}
