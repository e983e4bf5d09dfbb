import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { feedSamples, openFeed } from '../support/feed-samples.ts'
import { type ServerBehaviour, serveFeeds } from '../support/feed-server.ts'

const html = '<!DOCTYPE html><html><body>Service unavailable</body></html>'

describe.each(feedSamples)('$id, from a server', ({ feed, files }) => {
  /** What a feed has that was served as it should be. */
  async function whole(): Promise<{ good: string; known: number }> {
    await using server = await serveFeeds(files)
    await using loaded = await openFeed(feed)
    expect(await loaded.update(server.url)).toMatchObject({ outcome: 'imported' })
    return { good: await loaded.content(), known: loaded.gaps() }
  }

  it('that drops the connection at any byte, is whole or not there', async () => {
    const { good, known } = await whole()
    const longest = Math.max(...files.map(({ content }) => content.length))
    const behaviour = fc.record({
      validator: fc.constantFrom('etag', 'date', 'none'),
      // Of lines nobody can tell that there were more, unless the server does.
      end: fc.constantFrom('length', 'chunks', ...(files.some(({ kind }) => kind === 'lines') ? [] : ['connection'])),
      ranges: fc.boolean(),
      cuts: fc.array(fc.nat(longest), { minLength: 1, maxLength: 7 }),
    }) as fc.Arbitrary<ServerBehaviour>
    await fc.assert(
      fc.asyncProperty(behaviour, async (served) => {
        await using server = await serveFeeds(files, served)
        await using loaded = await openFeed(feed)
        const { outcome, error } = await loaded.update(server.url)
        if (outcome === 'imported') {
          const content = await loaded.content()
          if (!files.some(({ isRecord }) => isRecord)) expect(content).toBe(good)
          for (const line of content.split('\n').filter(Boolean)) expect(good.split('\n')).toContain(line)
          if (content !== good) expect(loaded.gaps()).toBeGreaterThan(known)
        } else {
          expect(['NETWORK_FAILED', 'FEED_FAILED'], error!.message).toContain(error!.code)
          expect(await loaded.content()).toBe('')
        }
        // Where its end can be told, a few broken connections are no reason to fail.
        if (served.cuts.length < 4 && served.end !== 'connection') expect(outcome).toBe('imported')
      }),
      { numRuns: 80 },
    )
  })

  it.each(['text/html', 'image/png', 'application/octet-stream', 'nonsense', ''])(
    'that calls it %j, is taken for what it is',
    async (type) => {
      await using server = await serveFeeds(files, { headers: { 'content-type': type } })
      await using loaded = await openFeed(feed)
      expect(await loaded.update(server.url)).toMatchObject({ outcome: 'imported' })
    },
  )

  it.each<[string, NonNullable<ServerBehaviour['intercept']>, string]>([
    ['says that nothing changed, unasked', (_, response) => !!response.writeHead(304).end(), 'status 304'],
    ['refuses with a page', (_, response) => !!response.writeHead(403).end(html), 'status 403'],
    ['is overloaded', (_, response) => !!response.writeHead(503, { 'retry-after': '0' }).end(html), 'status 503'],
    ['asks for an hour', (_, response) => !!response.writeHead(429, { 'retry-after': '3600' }).end(), 'status 429'],
    ['sends a page as if it were the feed', (_, response) => !!response.writeHead(200).end(html), 'HTML page'],
    ['sends nothing', (_, response) => !!response.writeHead(200).end(), ''],
    [
      'leads in a circle',
      (request, response) => !!response.writeHead(302, { location: request.url! }).end(),
      'redirects',
    ],
  ])('that %s, keeps what it had', async (_, intercept, message) => {
    await using loaded = await openFeed(feed)
    {
      await using server = await serveFeeds(files)
      await loaded.update(server.url)
    }
    const good = await loaded.content()
    await using server = await serveFeeds(files, { intercept })
    const { outcome, error } = await loaded.update(server.url)
    expect([outcome, error!.message]).toEqual(['failed', expect.stringContaining(message)])
    expect(['NETWORK_FAILED', 'FEED_FAILED']).toContain(error!.code)
    expect(await loaded.content()).toBe(good)
    const [status] = await loaded.store.advisories.status([feed.id])
    expect(status).toMatchObject({ generation: 1, lastError: { code: error!.code } })
  })

  it('whose clock is far ahead, is loaded, and asked by its own times', async () => {
    const date = 'Fri, 01 Jan 2077 00:00:00 GMT'
    await using server = await serveFeeds(files, { validator: 'none', headers: { date, 'last-modified': date } })
    await using loaded = await openFeed(feed)
    expect(await loaded.update(server.url)).toMatchObject({ outcome: 'imported' })
    const asked = server.requests.length
    const { outcome } = await loaded.update(server.url, { force: false })
    const [status] = await loaded.store.advisories.status([feed.id])
    const asks = server.requests.slice(asked).map(({ headers }) => headers['if-modified-since'])
    for (const since of asks) expect([undefined, date]).toContain(since)
    // What is known by something else, such as a checksum, need not be asked for by time.
    const byTime = /^\{"lastModified"/.test(status!.fingerprint!)
    if (byTime) expect(asks).toContain(date)
    expect(byTime ? ['imported'] : ['imported', 'unchanged']).toContain(outcome)
    expect(Math.abs(Date.now() - Date.parse(status!.checkedAt!))).toBeLessThan(60_000)
  })
})
