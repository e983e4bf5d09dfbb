import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Blobs, digestOf, tagged } from '../../../test/support/layout.ts'
import { startRegistry, type TestRegistryOptions } from '../../../test/support/registry.ts'
import type { Image, ImageOptions } from '../../core/image.ts'
import { limits } from '../../core/limits.ts'
import { openOciLayout } from '../oci-layout.ts'
import { askHelper } from './credential-helper.ts'
import type { CredentialPlaces } from './credentials.ts'
import { openRegistryImage } from './registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
const layout = join(folder, 'layout')
const signal = new AbortController().signal
const nowhere: CredentialPlaces = { environment: {}, home: join(folder, 'nobody') }

beforeAll(async () => {
  const blobs = new Blobs()
  const random = Array.from({ length: 40_000 }, (_, index) => digestOf(Buffer.from(String(index)))).join('')
  const image = (architecture: string) =>
    blobs.image({
      platform: { os: 'linux', architecture },
      layers: [{ 'etc/os-release': 'ID=debian' }, { arch: architecture, random }],
    })
  const amd64 = await image('amd64')
  const index = blobs.index([await image('arm64'), amd64])
  blobs.writeLayout(layout, [tagged(amd64, 'latest'), tagged(index, 'multi')])
})

afterAll(() => rmSync(folder, { recursive: true }))

function options(registry: Partial<ImageOptions['registry']> = {}, more: Partial<ImageOptions> = {}): ImageOptions {
  const defaults = { credentials: undefined, plainHttp: false, insecure: false, caFile: undefined }
  return { platform: undefined, offline: false, registry: { ...defaults, ...registry }, ...more }
}

/** A home directory with a Docker configuration. */
function home(config: unknown, environment: CredentialPlaces['environment'] = {}): CredentialPlaces {
  const directory = mkdtempSync(join(folder, 'home-'))
  mkdirSync(join(directory, '.docker'))
  writeFileSync(join(directory, '.docker', 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  return { environment, home: directory }
}

/** Opens `test/image` in a registry with these habits, and reads all of its layers. */
async function read(habits: TestRegistryOptions, imageOptions = options(), places = nowhere, tag = 'latest') {
  await using server = await startRegistry(layout, habits)
  await using image = await openRegistryImage(`${server.host}/test/image:${tag}`, imageOptions, places, signal)
  const digests = await Promise.all(image.layers.map(async (layer) => digestOf(await readLayer(layer))))
  return { image, digests, requests: server.requests, host: server.host }
}

async function readLayer({ blob }: Image['layers'][number]): Promise<Buffer> {
  if (blob.kind !== 'stream') throw new Error(`a ${blob.kind}`)
  const parts: Uint8Array[] = []
  for await (const chunk of blob.open(signal)) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}

async function expectWhole({ image, digests }: Awaited<ReturnType<typeof read>>) {
  await using same = await openOciLayout(`${layout}:latest`, options(), signal)
  expect(image.digest).toBe(same.digest)
  expect(image.configDigest).toBe(same.configDigest)
  expect(image.layers.map(({ digest, diffId, createdBy }) => [digest, diffId, createdBy])).toEqual(
    same.layers.map(({ digest, diffId, createdBy }) => [digest, diffId, createdBy]),
  )
  expect(digests).toEqual(image.layers.map((layer) => layer.digest))
}

const password = { username: 'user', password: 'p:ss' }
const auth = Buffer.from('user:p:ss').toString('base64')

describe('an image in a registry', () => {
  it('is the one in the layout', async () => {
    const result = await read({})
    await expectWhole(result)
    expect(result.image.tags).toEqual([`${result.host}/test/image:latest`])
  })

  it('is chosen by platform', async () => {
    const { image } = await read(
      {},
      options({}, { platform: { os: 'linux', architecture: 'arm64' } }),
      nowhere,
      'multi',
    )
    expect(image.platform).toEqual({ os: 'linux', architecture: 'arm64' })
    const failure = read({}, options({}, { platform: { os: 'linux', architecture: 's390x' } }), nowhere, 'multi')
    await expect(failure).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      advice: expect.stringContaining('linux/arm64, linux/amd64'),
    })
  })

  it('comes whole through redirects to another port, without credentials there', async () => {
    const result = await read(
      { redirectBlobs: true, auth: { kind: 'basic', ...password } },
      options({ credentials: password }),
    )
    await expectWhole(result)
    expect(
      result.requests.filter((request) => request.startsWith('store ') && !request.endsWith(' undefined')),
    ).toEqual([])
    expect(result.requests.filter((request) => request.startsWith('store ')).length).toBe(3)
  })

  it('comes whole through 429s and dropped connections', async () => {
    await expectWhole(await read({ throttle: true, dropAfter: 1_000_000, auth: { kind: 'token' } }))
    await expectWhole(await read({ redirectBlobs: true, dropAfter: 1_000_000 }))
  })

  it('comes whole when tokens end in mid-pull', async () => {
    const result = await read({ auth: { kind: 'token', uses: 2 }, dropAfter: 700_000 })
    await expectWhole(result)
    expect(result.requests.filter((request) => request.includes('/token')).length).toBeGreaterThan(2)
  })
})

describe('credentials', () => {
  const token: TestRegistryOptions = { auth: { kind: 'token', ...password } }
  const basic: TestRegistryOptions = { auth: { kind: 'basic', ...password } }

  it.each([
    ['Basic', basic],
    ['Bearer', token],
  ])('%s, as options', async (_, habits) => {
    await expectWhole(await read(habits, options({ credentials: password })))
  })

  it.each<[string, (host: string) => unknown]>([
    ['by host', (host) => ({ auths: { [host]: { auth } } })],
    ['by URL', (host) => ({ auths: { [`https://${host}/v1/`]: { auth } } })],
    ['as user name and password', (host) => ({ auths: { [host]: password } })],
    ['by repository', (host) => ({ auths: { [host]: { auth: 'eDp5' }, [`${host}/test`]: { auth } } })],
    ['padded with zeros', (host) => ({ auths: { [host]: { auth: Buffer.from('user:p:ss\0\0').toString('base64') } } })],
  ])('from the Docker configuration, %s', async (_, config) => {
    await using server = await startRegistry(layout, token)
    await using image = await openRegistryImage(
      `${server.host}/test/image`,
      options(),
      home(config(server.host)),
      signal,
    )
    expect(image.layers.length).toBe(2)
  })

  it('as an identity token, by OAuth2', async () => {
    await using server = await startRegistry(layout, { auth: { kind: 'token', identityToken: 'refresh-me' } })
    const places = home({ auths: { [server.host]: { auth, identitytoken: 'refresh-me' } } })
    await using image = await openRegistryImage(`${server.host}/test/image`, options(), places, signal)
    expect(image.layers.length).toBe(2)
    expect(server.requests).toContain('POST /token undefined')
  })

  it.each<[string, (host: string) => unknown, string]>([
    [
      'credHelpers',
      (host) => ({ credHelpers: { [host]: 'test' }, credsStore: 'other' }),
      '{"Username":"user","Secret":"p:ss"}',
    ],
    ['credsStore', () => ({ credsStore: 'test' }), '{"ServerURL":"x","Username":"user","Secret":"p:ss"}'],
  ])('from a helper in %s', async (_, config, answer) => {
    await using server = await startRegistry(layout, token)
    const places = home(config(server.host), {
      PATH: helper(`read server\nprintf %s "$server" > "$0.asked"\nprintf '%s' '${answer}'`),
    })
    await using image = await openRegistryImage(`${server.host}/test/image`, options(), places, signal)
    expect(image.layers.length).toBe(2)
  })

  it('from auths, where the helper knows none', async () => {
    await using server = await startRegistry(layout, token)
    const path = helper('echo credentials not found in native keychain; exit 1')
    const places = home({ credsStore: 'test', auths: { [server.host]: { auth } } }, { PATH: path })
    await using image = await openRegistryImage(`${server.host}/test/image`, options(), places, signal)
    expect(image.layers.length).toBe(2)
  })

  it.each([
    ['is not installed', 'missing', ''],
    ['has a name that is not allowed', '../../bin/sh', ''],
    ['failed: no secret service', 'test', 'echo no secret service; exit 1'],
    ['gave an answer that is not understood', 'test', 'echo "{"'],
    [
      `answers with more than ${limits.credentialHelperBytes} bytes`,
      'test',
      'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
    ],
  ])('a helper that %s', async (message, name, script) => {
    const failure = read(token, options(), home({ credsStore: name }, { PATH: helper(script) }))
    await expect(failure).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) })
  })

  it('a helper that does not answer in time', async () => {
    const failure = askHelper('test', 'a.example', 'config.json', { PATH: helper('while :; do :; done') }, signal, 100)
    await expect(failure).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('does not answer within 0.1 s'),
      where: 'config.json',
    })
  })

  it('a configuration beyond limits.responseBytes', async () => {
    const failure = read(token, options(), home(' '.repeat(limits.responseBytes + 1)))
    await expect(failure).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`more than ${limits.responseBytes} bytes`),
    })
  })

  it.each(['{', '[]', '{"auths": []}', '{"auths": {"127.0.0.1": {"auth": 5}}}', '{"credsStore": {}}'])(
    'a configuration that is %s',
    async (text) => {
      await using server = await startRegistry(layout, token)
      const places = home(text.replace('127.0.0.1', server.host))
      const failure = openRegistryImage(`${server.host}/test/image`, options(), places, signal)
      await expect(failure).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        where: expect.stringContaining('config.json'),
      })
    },
  )

  it.each<[string, TestRegistryOptions, ImageOptions, string]>([
    [
      'wrong, Basic',
      basic,
      options({ credentials: { username: 'user', password: 'wrong' } }),
      'refused the credentials',
    ],
    [
      'wrong, Bearer',
      token,
      options({ credentials: { username: 'user', password: 'wrong' } }),
      'refused the credentials',
    ],
    ['none, Basic', basic, options(), 'there are none for it'],
    ['none, Bearer', token, options(), 'nothing to anonymous users'],
  ])('%s', async (_, habits, imageOptions, message) => {
    const failure = read(habits, imageOptions)
    await expect(failure).rejects.toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining(message) })
    await expect(failure).rejects.toMatchObject({ message: expect.not.stringContaining('wrong') })
  })

  it('of another registry are not used', async () => {
    const result = read(
      token,
      options(),
      home({ auths: { '127.0.0.1': { auth }, 'https://index.docker.io/v1/': { auth } } }),
    )
    await expect(result).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  })

  function helper(script: string): string {
    const directory = mkdtempSync(join(folder, 'bin-'))
    writeFileSync(join(directory, 'docker-credential-test'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return directory
  }
})

describe('a registry that fails', () => {
  it.each<[string, NonNullable<TestRegistryOptions['intercept']>, object]>([
    [
      'has no such tag',
      answer(/manifests/, 404, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown \\u001b[31m"}]}'),
      {
        code: 'IMAGE_NOT_FOUND',
        message: 'the registry does not have this image: MANIFEST_UNKNOWN, unknown \\u001b[31m',
      },
    ],
    [
      'has no configuration',
      answer(/blobs/, 404, ''),
      { code: 'IMAGE_NOT_FOUND', message: 'the registry does not have this part of the image' },
    ],
    [
      'denies',
      answer(/manifests/, 403, '{"errors":[{"code":"DENIED","message":"no"}]}'),
      { code: 'AUTH_FAILED', message: 'the registry does not let anonymous users read it: DENIED, no' },
    ],
    [
      'has an error page',
      answer(/manifests/, 418, '<html>'),
      { code: 'REGISTRY_FAILED', message: 'the registry answered with status 418' },
    ],
    [
      'has had enough',
      answer(/manifests/, 429, '', { 'retry-after': '900' }),
      { code: 'REGISTRY_FAILED', advice: expect.stringContaining('after 900 seconds') },
    ],
    ['answers with a page', answer(/manifests/, 200, '<html>'), { code: 'MANIFEST_INVALID' }],
    [
      'lies about the digest',
      answer(/manifests/, 200, '{}', { 'docker-content-digest': digestOf(Buffer.from('x')) }),
      { code: 'DIGEST_MISMATCH' },
    ],
    [
      'has a path for a digest',
      answer(/manifests/, 200, '{}', { 'docker-content-digest': 'sha256:../x' }),
      { code: 'DIGEST_INVALID' },
    ],
    [
      'has schema 1',
      answer(/manifests/, 200, '{"schemaVersion":1}', {
        'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws',
        'docker-content-digest': digestOf(Buffer.from('x')),
      }),
      { code: 'MANIFEST_INVALID', message: expect.stringContaining('schema 1') },
    ],
    ['has another configuration', answer(/blobs/, 200, '{}'), { code: 'DIGEST_MISMATCH' }],
    [
      'asks in a way of its own',
      answer(/manifests/, 401, '', { 'www-authenticate': 'Digest realm="x"' }),
      { code: 'AUTH_FAILED', message: expect.stringContaining('not known') },
    ],
    [
      'names a file as token server',
      answer(/manifests/, 401, '', { 'www-authenticate': 'Bearer realm="file:///etc/passwd"' }),
      { code: 'AUTH_FAILED', message: expect.stringContaining('no token server') },
    ],
    ['sends a huge manifest', answer(/manifests/, 200, Buffer.alloc(9_000_000, ' ')), { code: 'LIMIT_EXCEEDED' }],
  ])('%s', async (_, intercept, expected) => {
    await expect(read({ intercept })).rejects.toMatchObject(expected)
  })

  it.each([
    ['shorter', 10, 'it has 10 bytes'],
    ['longer', 5_000_000, 'it has more bytes'],
  ])('has a %s layer', async (_, size, message) => {
    await using same = await openOciLayout(`${layout}:latest`, options(), signal)
    const last = same.layers.at(-1)!.digest!
    await using server = await startRegistry(layout, { intercept: answer(new RegExp(last), 200, Buffer.alloc(size)) })
    await using image = await openRegistryImage(`${server.host}/test/image`, options(), nowhere, signal)
    await expect(readLayer(image.layers.at(-1)!)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining(message),
    })
  })

  it('is not there', async () => {
    const failure = openRegistryImage('127.0.0.1:3/test/image', options(), nowhere, AbortSignal.timeout(30_000))
    await expect(failure).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
  })

  function answer(path: RegExp, status: number, body: string | Buffer, headers: Record<string, string> = {}) {
    return (request: IncomingMessage, response: ServerResponse) => {
      if (!path.test(request.url!)) return false
      response.writeHead(status, headers).end(body)
      return true
    }
  }
})

it('is not asked when offline', async () => {
  await using server = await startRegistry(layout)
  const failure = openRegistryImage(`${server.host}/test/image`, options({}, { offline: true }), nowhere, signal)
  await expect(failure).rejects.toMatchObject({ code: 'OFFLINE' })
  expect(server.requests).toEqual([])
})

it('stops when cancelled', async () => {
  await using server = await startRegistry(layout, { intercept: (request) => request.url!.includes('blobs') })
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 100)
  const failure = openRegistryImage(`${server.host}/test/image`, options(), nowhere, controller.signal)
  await expect(failure).rejects.toMatchObject({ code: 'ABORTED' })
})
