import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { advisory, source, statement } from '../../test/support/records.ts'
import type { Feed } from '../core/feed.ts'
import type { Store } from '../core/store.ts'
import { openStore } from '../store/open.ts'
import { staleFeeds } from './fresh.ts'

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:')
})
afterEach(() => store[Symbol.asyncDispose]())

const minute = 60_000
const [loaded, failing, missing] = ['loaded', 'failing', 'missing'].map(
  (id): Feed => ({
    ...source([], { id }).feed,
    scopes: [],
    fetch: async () => 'unchanged',
    parse: async () => (async function* () {})(),
  }),
) as [Feed, Feed, Feed]

describe('the feeds that are asked for', () => {
  it.each([
    ['are those that are missing', 5, 0, ['failing', 'missing'], 0],
    ['are those that are too old, too', 20, 0, ['loaded', 'failing', 'missing'], 0],
    ['are not those that failed just now', 5, 10, ['missing'], 0],
    ['are those that failed a while ago', 10, 10, ['failing', 'missing'], 0],
    ['are not old ones that failed just now', 20, 30, ['missing'], 1],
    ['are all, where the clock was set back since', -60, 30, ['loaded', 'failing', 'missing'], 1],
    ['are all, where the clock jumped ahead', 1_000_000, 30, ['loaded', 'failing', 'missing'], 1],
  ])('%s', async (_, minutes, retry, expected, failures) => {
    const records = [advisory('CVE-1', [statement('debian:12', 'openssl', '1')])]
    await store.advisories.import(source(records, { id: 'loaded' }), new AbortController().signal)
    const error = { code: 'NETWORK_FAILED', message: 'the host does not answer' }
    await store.advisories.failed(failing, error)
    if (failures > 0) await store.advisories.failed(loaded, error)
    const now = new Date(Date.now() + minutes * minute)
    const options = { maxAge: 15 * minute, retryAfter: retry * minute }
    const stale = await staleFeeds([loaded, failing, missing], store.advisories, options, now)
    expect(stale.map(({ id }) => id)).toEqual(expected)
  })
})
