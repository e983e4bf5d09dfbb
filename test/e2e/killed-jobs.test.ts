import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { JobBody, UpdateBody } from '../../src/server/api/chiaro-v1/schema.ts'
import { openStore } from '../../src/store/open.ts'
import { ask, finished } from '../support/chiaro-v1.ts'
import { image } from '../support/clair-v4.ts'
import { databases } from '../support/databases.ts'
import { serveFeeds } from '../support/feed-server.ts'
import { startRegistry } from '../support/registry.ts'
import { serveInChild } from '../support/serve-in-child.ts'
import { exampleLayout } from '../support/server.ts'
import { twoMirrors } from '../support/two-states.ts'

const limits = { jobSilence: 1000 }
const credentials = { username: 'somebody', password: 'that is secret' }

describe.each(databases)('a job of a process that is killed, in $name', { timeout: 60_000 }, ({ create }) => {
  it('is done by another, or fails and says why where it came with credentials, which are stored nowhere', async () => {
    await using database = await create()
    let held = true
    await using registry = await startRegistry(exampleLayout, { intercept: () => held })
    const options = { database: database.location, data: false, limits }
    await using first = await serveInChild(options)
    await using second = await serveInChild(options)
    const reference = `${registry.host}/test/image:debian`
    const submit = async (json: object) => (await ask<JobBody>(first, 'POST', '/images', { json })).body.id
    const [plain, secret] = [await submit({ reference }), await submit({ reference, credentials })]
    await expect.poll(() => registry.requests.length, { timeout: 10_000 }).toBeGreaterThan(1)
    for (const id of [plain, secret]) {
      await expect
        .poll(async () => (await ask<JobBody>(second, 'GET', `/jobs/${id}`)).body.state, { timeout: 10_000 })
        .toBe('running')
    }
    await first.end('SIGKILL')
    held = false
    expect(await finished<JobBody>(second, `/jobs/${plain}`)).toMatchObject({
      state: 'succeeded',
      reference,
      image: { digest: image.digest },
      error: null,
    })
    expect(await finished<JobBody>(second, `/jobs/${secret}`)).toMatchObject({
      state: 'failed',
      image: null,
      error: { code: 'JOB_LOST', detail: expect.stringMatching(/credentials.*Send it again/) },
    })
    await using store = await openStore(database.location)
    const stored = JSON.stringify([await store.jobs.get(plain), await store.jobs.get(secret)])
    for (const text of [stored, second.log()]) expect(text).not.toMatch(/that is secret|somebody/)
  })

  it('is carried on with by the same server when it is started again', async () => {
    await using database = await create()
    const { files } = await twoMirrors()
    let held = true
    await using sources = await serveFeeds(files[0], { intercept: () => held })
    const options = { database: database.location, data: false, limits, mirror: sources.url }
    const first = await serveInChild(options)
    const { body } = await ask<UpdateBody>(first, 'POST', '/updates', { json: { feeds: ['debian'] } })
    await expect.poll(() => sources.requests.length, { timeout: 10_000 }).toBeGreaterThan(0)
    await sleep(100)
    await first.end('SIGKILL')
    held = false
    await using again = await serveInChild(options)
    const done = await finished<UpdateBody>(again, `/updates/${body.id}`)
    expect(done).toMatchObject({ state: 'succeeded', error: null })
    expect(new Set(done.outcomes!.map(({ outcome }) => outcome))).toEqual(new Set(['imported']))
    // Who watched it goes on where he was.
    const events = await (await fetch(`${again.urls.api}/api/v1/updates/${body.id}/events`)).text()
    const numbers = [...events.matchAll(/^id: (\d+)$/gm)].map(([, number]) => Number(number))
    expect(numbers).toEqual(numbers.map((_, place) => place + 1))
    expect(events.match(/^event: end$/gm)).toHaveLength(1)
  })
})
