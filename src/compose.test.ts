import { afterAll, describe, expect, it } from 'vitest'
import { mirrorOf } from '../test/support/feeds.ts'
import { zipOf } from '../test/support/zip.ts'
import { createEngine } from './compose.ts'

const record = {
  id: 'GHSA-aaaa-bbbb-cccc',
  affected: [{ package: { ecosystem: 'Hex', name: 'sample' }, versions: ['1.0.0'] }],
}
const archive = zipOf([{ name: 'GHSA-aaaa-bbbb-cccc.json', content: JSON.stringify(record) }])
const mirror = mirrorOf({ 'osv-vulnerabilities.storage.googleapis.com/Hex/all.zip': archive })
const engine = await createEngine({ database: 'sqlite::memory:', mirror, offline: true })
afterAll(() => engine[Symbol.asyncDispose]())

const options = { force: false, signal: new AbortController().signal, progress: () => {} }

describe('the feeds that belong to no distribution', () => {
  it('are listed with those of distributions', () => {
    expect(engine.feedIds()).toEqual(expect.arrayContaining(['alma', 'debian', 'osv-npm', 'osv-hex']))
  })

  it('are brought up to date by their id, and by the name of their family', async () => {
    expect(await engine.update(['osv-hex'], options)).toMatchObject([{ feed: 'osv-hex', outcome: 'imported' }])
    const all = await engine.update(['osv'], options)
    expect(all.every(({ feed }) => feed.startsWith('osv-'))).toBe(true)
    expect(all.filter(({ outcome }) => outcome !== 'failed')).toMatchObject([{ feed: 'osv-hex', outcome: 'unchanged' }])
    const [found] = await engine.store.advisories.candidates([{ scope: 'hex', name: 'sample' }])
    expect(found!.statement.ranges).toEqual([{ introduced: '1.0.0', lastAffected: '1.0.0' }])
  })
})
