import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { chiaro } from '../support/command.ts'
import { databases } from '../support/databases.ts'
import { contentOf, type TwoMirrors, twoMirrors } from '../support/two-states.ts'

const kills = 50

const temporary = mkdtempSync(join(tmpdir(), 'chiaro-killed-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

let two: TwoMirrors
beforeAll(async () => {
  two = await twoMirrors()
})

/** Which state every feed of a database is in, 0 or 1; throws for anything that is neither. */
async function statesOf(location: string): Promise<readonly number[]> {
  await using store = await openStore(location)
  expect(await store.verify()).toEqual([])
  const states: number[] = []
  for (const { feed, contents } of two.feeds) {
    const state = contents.indexOf(await contentOf(store.advisories, feed))
    expect(state, `${feed.id} is in one of its two states`).not.toBe(-1)
    states.push(state)
  }
  return states
}

describe.each(databases)('chiaro update on $name', ({ create }) => {
  it(`killed at ${kills} random moments, leaves the data whole each time`, { timeout: 300_000 }, async () => {
    await using database = await create()
    const { location } = database
    const names = two.feeds.map(({ feed }) => feed.id)
    const update = (state: number, after?: number) =>
      chiaro(['update', ...names, '--mirror', two.mirrors[state]!, '--db', location], {
        env: { TMPDIR: temporary },
        ...(after === undefined ? {} : { stop: { signal: 'SIGKILL', after } }),
      })
    expect(await update(0)).toMatchObject({ code: 0 })
    const idle = (await update(0)).ms
    const other = await update(1)
    expect(other).toMatchObject({ code: 0 })
    let end = other.ms
    let states = await statesOf(location)
    expect(states).toEqual([1, 1])
    const seen = { killed: 0, before: 0, after: 0 }
    while (seen.killed < kills) {
      const target = 1 - states[0]!
      // From when the command is hardly up to when it should be done, which changes with what else the machine does.
      const moment = idle * 0.6 + Math.random() * (end * 1.1 - idle * 0.6)
      const { signal } = await update(target, moment)
      const found = await statesOf(location)
      for (const [index, state] of found.entries()) expect([states[index], target]).toContain(state)
      if (signal === 'SIGKILL') seen.killed++
      if (found[0] === target) seen.after++
      else seen.before++
      end *= found[0] === target ? 0.85 : 1.05
      states = found
      expect(readdirSync(temporary)).toEqual([])
    }
    // Otherwise the moments were not spread over the whole of an update.
    expect(Math.min(seen.before, seen.after), JSON.stringify(seen)).toBeGreaterThan(0)
    const target = 1 - states[0]!
    expect(await update(target)).toMatchObject({ code: 0 })
    expect(await statesOf(location)).toEqual([target, target])
  })
})
