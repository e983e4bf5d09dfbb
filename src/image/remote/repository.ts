import type { ImageOptions } from '../../core/image.ts'
import type { AddressGuard } from '../../io/address-guard.ts'
import { createHttpClient } from '../../io/http.ts'
import { type ImageName, parseImageName } from '../reference.ts'
import { RegistryClient } from './client.ts'
import { type CredentialPlaces, defaultPlaces, findCredentials } from './credentials.ts'

/** A repository of a registry, to be disposed. */
export interface Repository extends AsyncDisposable {
  readonly client: RegistryClient
  readonly name: ImageName
  /** The tag of the reference, or its digest where it has one. */
  readonly tag: string
}

/**
 * The repository that a reference names, with credentials from the options or from `places`. Nothing is asked for yet. Throws
 * `REFERENCE_INVALID`, and `CONFIG_INVALID` for a CA file or proxy that cannot be used. With `addresses`, nothing else is connected
 * to, wherever the registry redirects and whatever token server it names.
 */
export function openRepository(
  reference: string,
  { offline, registry }: Pick<ImageOptions, 'offline' | 'registry'>,
  places: CredentialPlaces = defaultPlaces(),
  addresses?: AddressGuard,
): Repository {
  const name = parseImageName(reference)
  const { plainHttp, insecure, caFile } = registry
  const { environment } = places
  const guard = addresses === undefined ? {} : { addresses }
  const http = createHttpClient({ offline, environment, plainHttp, insecure, caFile, ...guard })
  const credentials = (signal: AbortSignal) => findCredentials(name, registry, places, signal)
  return {
    client: new RegistryClient({ http, name, registry, credentials }),
    name,
    tag: name.digest ?? name.tag!,
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}
