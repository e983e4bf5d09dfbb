import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ChiaroError, isChiaroError, messageOf } from '../../core/errors.ts'
import type { RegistryOptions } from '../../core/image.ts'
import { limits } from '../../core/limits.ts'
import { JsonValue } from '../document.ts'
import type { ImageName } from '../reference.ts'
import { askHelper } from './credential-helper.ts'

/** What a registry is to be convinced by. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, which `docker login` keeps for some registries. */
  | { readonly kind: 'identity'; readonly token: string }
  /** A bearer token that is to be sent as it is. */
  | { readonly kind: 'bearer'; readonly token: string }

/** The environment variables and folder that decide where credentials are. */
export interface CredentialPlaces {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/** Where Docker looks. */
export function defaultPlaces(): CredentialPlaces {
  return { environment: process.env, home: homedir() }
}

/** The key under which Docker keeps the credentials of Docker Hub. */
const dockerHubKey = 'https://index.docker.io/v1/'

/**
 * The credentials for an image's registry: those given, else those of `config.json` in `DOCKER_CONFIG` or `~/.docker`
 * (`credHelpers`, `credsStore`, `auths`), else `undefined`. Throws `CONFIG_INVALID` if that file or a helper cannot be used.
 */
export async function findCredentials(
  name: ImageName,
  options: RegistryOptions,
  places: CredentialPlaces,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (options.credentials !== undefined) return { kind: 'password', ...options.credentials }
  const file = join(places.environment.DOCKER_CONFIG || join(places.home, '.docker'), 'config.json')
  const config = await readConfig(file)
  if (config === undefined) return undefined
  try {
    return await searchConfig(config, name, file, places, signal)
  } catch (error) {
    if (!isChiaroError(error, 'MANIFEST_INVALID')) throw error
    throw unusable(file, error.message)
  }
}

async function searchConfig(
  config: JsonValue,
  name: ImageName,
  file: string,
  places: CredentialPlaces,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const keys = keysOf(name)
  const helper = lookUp(config.get('credHelpers'), keys)?.string() ?? config.get('credsStore').optionalString()
  if (helper) {
    const server = name.domain === 'docker.io' ? dockerHubKey : name.domain
    const found = await askHelper(helper, server, file, places.environment, signal)
    if (found !== undefined) return found
  }
  const entry = lookUp(config.get('auths'), keys)
  return entry === undefined ? undefined : readEntry(entry)
}

/** The keys that mean this repository or its registry, the most special one first. */
function keysOf(name: ImageName): readonly string[] {
  const hosts = name.domain === 'docker.io' ? ['index.docker.io', 'docker.io', name.host] : [name.domain.toLowerCase()]
  const parts = name.repository.split('/')
  return hosts.flatMap((host) =>
    parts.map((_, index) => [host, ...parts.slice(0, parts.length - index)].join('/')).concat(host),
  )
}

/** Keys are host names, or URLs with `/v1/` or `/v2/` at the end, or (Podman) names of repositories. */
function lookUp(table: JsonValue, keys: readonly string[]): JsonValue | undefined {
  const named = new Map<string, JsonValue>()
  for (const [key, value] of table.entries(limits.indexEntries)) {
    named.set(
      key
        .toLowerCase()
        .replace(/^https?:\/\//, '')
        .replace(/\/(?:v[12]\/?)?$/, ''),
      value,
    )
  }
  for (const key of keys) {
    const found = named.get(key)
    if (found?.present) return found
  }
  return undefined
}

function readEntry(entry: JsonValue): Credentials | undefined {
  const text = (name: string) => entry.get(name).optionalString() ?? ''
  if (text('registrytoken')) return { kind: 'bearer', token: text('registrytoken') }
  if (text('identitytoken')) return { kind: 'identity', token: text('identitytoken') }
  if (text('username')) return { kind: 'password', username: text('username'), password: text('password') }
  const decoded = Buffer.from(text('auth'), 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon <= 0) return undefined
  return { kind: 'password', username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') }
}

async function readConfig(file: string): Promise<JsonValue | undefined> {
  let bytes: Buffer
  try {
    const found = await stat(file)
    if (found.size > limits.responseBytes) throw new Error(`it has more than ${limits.responseBytes} bytes`)
    bytes = await readFile(file)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw unusable(file, messageOf(error))
  }
  try {
    return JsonValue.parse(bytes, file).object()
  } catch (error) {
    // The parser's message may quote what is in the file.
    throw unusable(
      file,
      isChiaroError(error) && error.message.includes('not JSON') ? 'it is not JSON' : messageOf(error),
    )
  }
}

function unusable(file: string, message: string): ChiaroError {
  return new ChiaroError('CONFIG_INVALID', `the credentials for registries cannot be read: ${message}`, {
    where: file,
    advice: 'Correct the file, point DOCKER_CONFIG to another folder, or give the credentials as options.',
  })
}
