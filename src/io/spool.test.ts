import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { ChiaroError } from '../core/errors.ts'
import type { Spool } from '../core/feed.ts'
import { limits } from '../core/limits.ts'
import { createSpool } from './spool.ts'
import { createSpools } from './spools.ts'

const servers: Server[] = []
const directories: string[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A mirror directory with these files. */
function mirrorOf(files: Readonly<Record<string, string | Buffer>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
  directories.push(directory)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  return directory
}

const signal = new AbortController().signal

async function content(spool: Spool, name = 'data'): Promise<string> {
  const parts: Buffer[] = []
  for await (const chunk of spool.read(name, signal)) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts).toString()
}

async function failure(work: Promise<unknown>): Promise<ChiaroError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error, String(error)).toBeInstanceOf(ChiaroError)
  return error as ChiaroError
}

describe('createSpool, from the network', () => {
  it('fetches, keeps and fetches again only what changed', async () => {
    const conditions: unknown[] = []
    const url = await serve((request, response) => {
      const { 'if-none-match': etag, 'if-modified-since': since } = request.headers
      conditions.push([etag, since])
      if (etag === '"1"') response.writeHead(304).end()
      else response.writeHead(200, { etag: '"1"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }).end('{"a":1}')
    })
    await using spool = createSpool({ mirror: undefined, offline: false })
    const validators = await spool.fetch('data', `${url}/x`, undefined, signal)
    expect(validators).toEqual({ etag: '"1"', lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' })
    expect(await content(spool)).toBe('{"a":1}')
    expect(await spool.fetch('again', `${url}/x`, validators as object, signal)).toBe('unchanged')
    expect(conditions).toEqual([
      [undefined, undefined],
      ['"1"', 'Thu, 01 Jan 2026 00:00:00 GMT'],
    ])
    expect(await content(spool)).toBe('{"a":1}')
  })

  it('leaves no file behind, not even while it works', async () => {
    const before = new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('chiaro-')))
    const url = await serve((_request, response) => response.end('x'.repeat(1_000_000)))
    await using spool = createSpool({ mirror: undefined, offline: false })
    await spool.fetch('data', url, undefined, signal)
    for await (const _chunk of spool.read('data', signal)) {
      const files = readdirSync(tmpdir()).filter((name) => /^chiaro-[0-9a-f]{8}-/.test(name) && !before.has(name))
      expect(files).toEqual([])
    }
  })

  it('resumes a transfer that broke off', async () => {
    const body = 'x'.repeat(200_000)
    const ranges: unknown[] = []
    const url = await serve((request, response) => {
      ranges.push(request.headers.range)
      const from = Number(/\d+/.exec(request.headers.range ?? '0')![0])
      const range = from === 0 ? {} : { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }
      response.writeHead(from === 0 ? 200 : 206, { etag: '"1"', 'content-length': body.length - from, ...range })
      if (from > 0) response.end(body.slice(from))
      else response.write(body.slice(0, 100_000), () => setTimeout(() => response.destroy(), 20))
    })
    await using spool = createSpool({ mirror: undefined, offline: false })
    await spool.fetch('data', url, undefined, signal)
    expect(await content(spool)).toBe(body)
    expect(ranges).toEqual([undefined, 'bytes=100000-'])
  })

  it('begins again with a transfer that broke off and cannot be resumed', async () => {
    const body = 'x'.repeat(200_000)
    let requests = 0
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': body.length })
      if (++requests > 1) response.end(body.replaceAll('x', 'y'))
      else response.write(body.slice(0, 100_000), () => setTimeout(() => response.destroy(), 20))
    })
    const told: (readonly [number, number | undefined])[] = []
    const onBytes = (done: number, total: number | undefined) => void told.push([done, total])
    await using spool = createSpool({ mirror: undefined, offline: false, onBytes })
    await spool.fetch('data', url, undefined, signal)
    expect(await content(spool)).toBe('y'.repeat(200_000))
    expect(told.at(-1)).toEqual([200_000, 200_000])
  })

  it('does not believe that nothing changed where nothing was asked', async () => {
    const url = await serve((_request, response) => response.writeHead(304).end())
    await using spool = createSpool({ mirror: undefined, offline: false })
    for (const last of [undefined, {}]) {
      const error = await failure(spool.fetch('data', url, last, signal))
      expect([error.code, error.message]).toEqual(['NETWORK_FAILED', expect.stringContaining('status 304')])
    }
  })

  it.each([
    ['a page for people', '\n<!DOCTYPE html><html><body>Please log in</body></html>', 'FEED_FAILED', /HTML page/],
    ['a page without a DOCTYPE', '<HTML>Forbidden', 'FEED_FAILED', /HTML page/],
    ['a page behind a mark and a comment', '\ufeff<!-- portal -->\n<html>', 'FEED_FAILED', /HTML page/],
    ['a page in XHTML', '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x" "y"><html>', 'FEED_FAILED', /HTML page/],
    ['an empty answer', '', 'FEED_FAILED', /empty/],
  ])('refuses %s', async (_name, body, code, message) => {
    const url = await serve((_request, response) => response.end(body))
    await using spool = createSpool({ mirror: undefined, offline: false })
    const error = await failure(spool.fetch('data', `${url}/feed.json`, undefined, signal))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error.where).toBe(`${url}/feed.json`)
  })

  it('refuses a document beyond the limit by its size alone', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': limits.feedBytes + 1 })
      response.write('{')
    })
    await using spool = createSpool({ mirror: undefined, offline: false })
    expect((await failure(spool.fetch('data', url, undefined, signal))).code).toBe('LIMIT_EXCEEDED')
  })

  it('never uses the network offline', async () => {
    let requests = 0
    const url = await serve((_request, response) => response.end(`${++requests}`))
    await using spool = createSpool({ mirror: undefined, offline: true })
    expect((await failure(spool.fetch('data', url, undefined, signal))).code).toBe('OFFLINE')
    await using mirrored = createSpool({ mirror: url, offline: true })
    expect((await failure(mirrored.fetch('data', 'https://a.example/x', undefined, signal))).code).toBe('OFFLINE')
    expect(requests).toBe(0)
  })

  it('stops when it is told to', async () => {
    const controller = new AbortController()
    const url = await serve((_request, response) => {
      response.write('{')
      controller.abort()
    })
    await using spool = createSpool({ mirror: undefined, offline: false })
    expect((await failure(spool.fetch('data', url, undefined, controller.signal))).code).toBe('ABORTED')
  })
})

describe('createSpools', () => {
  it('opens spools that share their connections, and knows the hosts', async () => {
    let connections = 0
    const url = await serve((_request, response) => response.end('{}'))
    servers.at(-1)!.on('connection', () => connections++)
    await using spools = createSpools({ mirror: undefined, offline: false })
    for (let index = 0; index < 3; index++) {
      await using spool = spools.open()
      await spool.fetch('data', `${url}/${index}`, undefined, signal)
      expect(await content(spool)).toBe('{}')
    }
    expect(connections).toBe(1)
    expect(spools.hostOf('https://a.example:1/x')).toBe('a.example:1')
    expect(createSpools({ mirror: `${url}/m/`, offline: false }).hostOf('https://a.example/x')).toBe(url.slice(7))
    expect(createSpools({ mirror: mirrorOf({}), offline: false }).hostOf('https://a.example/x')).toBeUndefined()
  })
})

describe('createSpool, from a mirror', () => {
  it('reads a directory, compressed or not, offline too', async () => {
    const mirror = mirrorOf({ 'a.example/one.json': '{"one":1}', 'a.example/t/two.json.gz': gzipSync('{"two":2}') })
    await using spool = createSpool({ mirror, offline: true })
    const validators = await spool.fetch('data', 'https://a.example/one.json', undefined, signal)
    expect(await content(spool)).toBe('{"one":1}')
    await spool.fetch('data', 'https://a.example/t/two.json?x=y', undefined, signal)
    expect(await content(spool)).toBe('{"two":2}')
    expect(await spool.fetch('data', 'https://a.example/one.json', validators as object, signal)).toBe('unchanged')
    writeFileSync(join(mirror, 'a.example/one.json'), '{"one":11}')
    expect(await spool.fetch('data', 'https://a.example/one.json', validators as object, signal)).not.toBe('unchanged')
    expect(await content(spool)).toBe('{"one":11}')
  })

  it('stops in the middle of what decompresses to much more', async () => {
    const zeros = gzipSync(Buffer.alloc(64 << 20))
    const directory = mirrorOf({ 'a.example/x': Buffer.concat(Array<Buffer>(8).fill(zeros)) })
    await using spool = createSpool({ mirror: directory, offline: true })
    await spool.fetch('data', 'https://a.example/x', undefined, signal)
    let bytes = 0
    const reading = async () => {
      for await (const chunk of spool.read('data', AbortSignal.timeout(20))) bytes += chunk.length
    }
    expect((await failure(reading())).code).toBe('ABORTED')
    expect(bytes).toBeLessThan(256 << 20)
  })

  it('asks the place of a source directly, and never with what is for the source itself', async () => {
    const asked: (readonly [string | undefined, string | string[] | undefined])[] = []
    const url = await serve((request, response) => {
      asked.push([`${request.method} ${request.url}`, request.headers.apikey])
      response.end('{"a":1}')
    })
    const sources = { 'https://a.example/x': `${url}/y` }
    await using spool = createSpool({ mirror: mirrorOf({}), sources, offline: false })
    await spool.fetch('data', 'https://a.example/x/z?page=1', undefined, signal, { apiKey: 'secret' })
    expect(await content(spool)).toBe('{"a":1}')
    expect(asked).toEqual([['GET /y/z?page=1', undefined]])
    await using offline = createSpool({ mirror: undefined, sources, offline: true })
    expect((await failure(offline.fetch('data', 'https://a.example/x', undefined, signal))).code).toBe('OFFLINE')
    expect(createSpools({ mirror: undefined, sources, offline: false }).hostOf('https://a.example/x/z')).toBe(
      url.slice(7),
    )
  })

  it('says which file a directory lacks', async () => {
    const mirror = mirrorOf({ 'a.example/one/two.json': '{}' })
    await using spool = createSpool({ mirror, offline: false })
    for (const path of ['missing.json', 'one', 'one/two.json/three']) {
      const error = await failure(spool.fetch('data', `https://a.example/${path}`, undefined, signal))
      expect(error.code).toBe('FEED_FAILED')
      expect(error.where).toBe(join(mirror, 'a.example', path))
    }
  })

  it('refuses a file beyond the limit', async () => {
    const mirror = mirrorOf({ 'a.example/x': '' })
    const file = openSync(join(mirror, 'a.example/x'), 'w')
    ftruncateSync(file, limits.feedBytes + 1)
    closeSync(file)
    await using spool = createSpool({ mirror, offline: false })
    expect((await failure(spool.fetch('data', 'https://a.example/x', undefined, signal))).code).toBe('LIMIT_EXCEEDED')
  })

  it('asks a mirror URL for the document, and then for it compressed', async () => {
    const paths: string[] = []
    const url = await serve((request, response) => {
      paths.push(`${request.method} ${request.url}`)
      if (request.url === '/m/a.example/x/y%20z.json.gz') response.end(gzipSync('{"a":1}'))
      else response.writeHead(404).end()
    })
    await using spool = createSpool({ mirror: `${url}/m/`, offline: false })
    await spool.fetch('data', 'https://a.example/x/y%20z.json', undefined, signal)
    expect(await content(spool)).toBe('{"a":1}')
    expect(paths).toEqual([
      'HEAD /m/a.example/x/y%20z.json',
      'HEAD /m/a.example/x/y%20z.json.gz',
      'GET /m/a.example/x/y%20z.json.gz',
    ])
    const error = await failure(spool.fetch('data', 'https://a.example/missing', undefined, signal))
    expect([error.code, error.where]).toEqual(['FEED_FAILED', `${url}/m/a.example/missing`])
  })
})
