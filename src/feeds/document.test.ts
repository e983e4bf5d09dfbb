import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { mirrorOf } from '../../test/support/feeds.ts'
import { type ChiaroError, isChiaroError } from '../core/errors.ts'
import { createSpool } from '../io/spool.ts'
import { dayAfter } from './days.ts'
import { documentName, fetchDocument } from './document.ts'

const signal = new AbortController().signal
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A server that says these headers of its document, and 304 to whoever has it. */
async function serve(headers: Readonly<Record<string, string>>): Promise<{ url: string; conditions: unknown[] }> {
  const conditions: unknown[] = []
  const server = createServer((request, response) => {
    const condition = request.headers['if-none-match']
    conditions.push(condition)
    const unchanged = condition !== undefined && condition === headers.etag
    response.writeHead(unchanged ? 304 : 200, headers).end(unchanged ? '' : '{}')
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed.json`, conditions }
}

describe('fetchDocument', () => {
  it('asks for the document only if it changed since the fingerprint was made', async () => {
    const { url, conditions } = await serve({ etag: '"1"', 'last-modified': 'Thu, 01 Jan 2026 12:00:00 GMT' })
    await using spool = createSpool({ mirror: undefined, offline: false })
    const first = await fetchDocument(url)(spool, undefined, signal)
    expect(first).toEqual({ fingerprint: expect.any(String), dataTime: '2026-01-01T12:00:00.000Z' })
    expect(await fetchDocument(url)(spool, (first as { fingerprint: string }).fingerprint, signal)).toBe('unchanged')
    expect(conditions).toEqual([undefined, '"1"'])
  })

  it.each([{}, { 'last-modified': 'yesterday' }])('says no time where the server says none: %o', async (headers) => {
    const { url } = await serve(headers)
    await using spool = createSpool({ mirror: undefined, offline: false })
    expect(await fetchDocument(url)(spool, undefined, signal)).not.toHaveProperty('dataTime')
  })

  it('never takes two states for one where the server says nothing of them', async () => {
    const { url, conditions } = await serve({})
    await using spool = createSpool({ mirror: undefined, offline: false })
    const fingerprints = new Set<string>()
    let last: string | undefined
    for (let time = 0; time < 2; time++) {
      const fetched = await fetchDocument(url)(spool, last, signal)
      if (fetched === 'unchanged') throw new Error('it was fetched')
      last = fetched.fingerprint
      fingerprints.add(last)
      await later(2)
    }
    expect(fingerprints.size).toBe(2)
    expect(conditions).toEqual([undefined, undefined])
  })

  it.each(['', 'abc', 'null', '7', '{"etag":7}'])('takes a fingerprint of another kind for none: %s', async (last) => {
    const { url, conditions } = await serve({ etag: '"1"' })
    await using spool = createSpool({ mirror: undefined, offline: false })
    expect(await fetchDocument(url)(spool, last, signal)).not.toBe('unchanged')
    expect(conditions).toEqual([undefined])
  })
})

describe('fetchDocument, of a document in several places', () => {
  const places = ['https://old.example.org/feed.json', 'https://new.example.org/feed.json'] as const
  const fetchFrom = async (mirror: string) => {
    await using spool = createSpool({ mirror, offline: true })
    await fetchDocument(...places)(spool, undefined, signal)
    const chunks: Buffer[] = []
    for await (const chunk of spool.read(documentName, signal)) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks).toString()
  }

  it('takes the first one that there is', async () => {
    expect(await fetchFrom(mirrorOf({ 'new.example.org/feed.json': 'new' }))).toBe('new')
    const both = mirrorOf({ 'old.example.org/feed.json': 'old', 'new.example.org/feed.json': 'new' })
    expect(await fetchFrom(both)).toBe('old')
  })

  it('fails as the first one did', async () => {
    const error = await fetchFrom(mirrorOf({ 'example.org/x': '' })).catch((thrown: unknown) => thrown)
    expect(isChiaroError(error, 'FEED_FAILED')).toBe(true)
    expect((error as ChiaroError).where).toContain('old.example.org')
  })
})

describe('dayAfter', () => {
  it.each([
    ['2024-06-30', '2024-07-01'],
    ['2024-02-28', '2024-02-29'],
    ['2025-12-31', '2026-01-01'],
    [undefined, undefined],
  ])('%s: %s', (day, expected) => {
    expect(dayAfter(day)).toBe(expected)
  })
})
