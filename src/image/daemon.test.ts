import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { digestOf, tarOf } from '../../test/support/layout.ts'
import type { ImageOptions } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { openDaemonImage } from './daemon.ts'
import { findEndpoint } from './daemon-endpoint.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
const signal = new AbortController().signal
const servers: Server[] = []
const options: ImageOptions = {
  platform: undefined,
  offline: true,
  registry: { credentials: undefined, plainHttp: false, insecure: false, caFile: undefined },
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A daemon on a socket of its own; resolves to the environment that leads to it. */
async function listen(listener: RequestListener, variable = 'DOCKER_HOST'): Promise<Record<string, string>> {
  const path = join(mkdtempSync(join(folder, 'daemon-')), 'd.sock')
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return { [variable]: `unix://${path}` }
}

async function archive(): Promise<{ tar: Buffer; layer: Buffer; config: string }> {
  const layer = await tarOf({ 'etc/os-release': 'ID=debian' })
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [digestOf(layer)] } })
  const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: ['debian:12'], Layers: ['l/layer.tar'] }])
  return { tar: await tarOf({ 'c.json': config, 'l/layer.tar': layer, 'manifest.json': manifest }), layer, config }
}

describe.skipIf(process.platform === 'win32')('a daemon', () => {
  it.each([
    ['docker', 'DOCKER_HOST', 'debian:12'],
    ['docker', 'DOCKER_HOST', 'sha256:0123456789ab'],
    ['podman', 'CONTAINER_HOST', 'quay.io/library/debian:12'],
  ] as const)('%s exports an image: %s %s', async (kind, variable, reference) => {
    const { tar, layer, config } = await archive()
    const asked: string[] = []
    const environment = await listen((request, response) => {
      asked.push(decodeURIComponent(request.url!))
      if (request.url!.endsWith('/json'))
        response.end(JSON.stringify({ Id: 'x', RepoTags: ['debian:12', 'debian:latest'] }))
      else if (request.url!.endsWith('/get')) response.end(tar)
    }, variable)
    await using image = await openDaemonImage(kind, reference, options, environment, signal)
    expect(asked).toEqual([`/images/${reference}/json`, `/images/${reference}/get`])
    expect(image.tags).toEqual(['docker.io/library/debian:12', 'docker.io/library/debian:latest'])
    expect(image.configDigest).toBe(digestOf(Buffer.from(config)))
    const { blob } = image.layers[0]!
    if (blob.kind !== 'file') throw new Error(blob.kind)
    expect(readFileSync(blob.path).subarray(blob.offset, blob.offset + blob.size)).toEqual(layer)
  })

  it('does not have the image', async () => {
    const environment = await listen((_, response) =>
      response.writeHead(404).end('{"message":"No such image: x:latest\\u0007"}'),
    )
    await expect(openDaemonImage('docker', 'x', options, environment, signal)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      where: 'docker:x',
      message: expect.stringContaining('No such image: x:latest\\u0007'),
    })
  })

  it('fails in its own way', async () => {
    const environment = await listen((_, response) => response.writeHead(500).end('{"message":"disk full"}'))
    const failure = openDaemonImage('docker', 'x', options, environment, signal)
    await expect(failure).rejects.toMatchObject({
      code: 'DAEMON_UNAVAILABLE',
      message: expect.stringContaining('500: disk full'),
    })
  })

  it('breaks off', async () => {
    const { tar } = await archive()
    const environment = await listen((request, response) => {
      if (request.url!.endsWith('/json')) response.end('{"RepoTags":null}')
      else response.writeHead(200).write(tar.subarray(0, 2000), () => setTimeout(() => response.destroy(), 20))
    })
    const failure = openDaemonImage('docker', 'x', options, environment, signal)
    await expect(failure).rejects.toMatchObject({
      code: 'DAEMON_UNAVAILABLE',
      message: expect.stringContaining('broke off'),
    })
  })

  it('exports a truncated archive', async () => {
    const { tar } = await archive()
    const environment = await listen((request, response) =>
      response.end(request.url!.endsWith('/json') ? '{}' : tar.subarray(0, 2000)),
    )
    const failure = openDaemonImage('docker', 'x', options, environment, signal)
    await expect(failure).rejects.toMatchObject({ code: 'ARCHIVE_INVALID', where: 'docker:x' })
  })

  it('is silent, and the user loses patience', async () => {
    const environment = await listen(() => {})
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    const failure = openDaemonImage('docker', 'x', options, environment, controller.signal)
    await expect(failure).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('is silent for longer than limits.daemonTimeout', async () => {
    const environment = await listen(() => {})
    await expect(openDaemonImage('docker', 'x', options, environment, signal, 50)).rejects.toMatchObject({
      code: 'DAEMON_UNAVAILABLE',
      message: expect.stringContaining('no answer within 0.05 s'),
    })
  })

  it('answers with more than limits.responseBytes', async () => {
    const environment = await listen((_, response) => response.end(Buffer.alloc(limits.responseBytes + 1, ' ')))
    await expect(openDaemonImage('docker', 'x', options, environment, signal)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    })
  })

  it('does not run', async () => {
    const gone = { DOCKER_HOST: `unix://${folder}/gone.sock` }
    await expect(openDaemonImage('docker', 'x', options, gone, signal)).rejects.toMatchObject({
      code: 'DAEMON_UNAVAILABLE',
      where: `${folder}/gone.sock`,
      advice: expect.stringContaining('Docker runs'),
    })
  })

  it('is not asked over the network when offline', async () => {
    const failure = openDaemonImage('docker', 'x', options, { DOCKER_HOST: 'tcp://127.0.0.1:1' }, signal)
    await expect(failure).rejects.toMatchObject({ code: 'OFFLINE' })
  })

  it.each(['', '../x', 'a/../b', 'x y', 'x?y', 'x#y', '-x', 'x\n'])('is not asked for %j', async (reference) => {
    const failure = openDaemonImage('docker', reference, options, { DOCKER_HOST: 'unix:///x' }, signal)
    await expect(failure).rejects.toMatchObject({ code: 'REFERENCE_INVALID' })
  })
})

describe.skipIf(process.platform === 'win32')('findEndpoint', () => {
  it('takes the first socket there is', async () => {
    const { DOCKER_HOST } = await listen(() => {})
    const directory = DOCKER_HOST!.replace('unix://', '').replace('/d.sock', '')
    const path = join(directory, 'docker.sock')
    writeFileSync(path, 'no socket')
    expect(() => findEndpoint('podman', { XDG_RUNTIME_DIR: directory }, directory)).toThrow(
      expect.objectContaining({ code: 'DAEMON_UNAVAILABLE', advice: expect.stringContaining('systemctl') }),
    )
    rmSync(path)
    const server = createServer()
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(path, resolve))
    expect(findEndpoint('docker', { XDG_RUNTIME_DIR: directory }, directory).where).toMatch(/docker\.sock$/)
  })

  it.each([
    ['unix:///a/b.sock', {}, { where: '/a/b.sock', network: false, request: { socketPath: '/a/b.sock' } }],
    [
      'tcp://host:2375',
      {},
      { where: 'tcp://host:2375', network: true, secure: false, request: { host: 'host', port: '2375' } },
    ],
    ['tcp://[::1]', {}, { request: { host: '::1', port: 2375 } }],
  ])('%s', (value, environment, expected) => {
    expect(findEndpoint('docker', { DOCKER_HOST: value, ...environment })).toMatchObject(expected)
  })

  it.each(['ssh://user@host', 'nonsense', 'tcp://', 'unix://'])('refuses %s', (value) => {
    expect(() => findEndpoint('docker', { DOCKER_HOST: value })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    )
  })
})
