import { cpSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trackerPath } from './debian-mirror.ts'

/** What Debian's tracker says of packages, vulnerability by vulnerability, as far as tests change it. */
type Tracker = Record<string, Record<string, { description: string; scope: string; releases: Record<string, object> }>>

/** A copy of the example's feeds that can be changed. */
export interface ChangingFeeds extends Disposable {
  readonly folder: string
  /** Says that the example's image has a vulnerability of this urgency in a package, for which there is no fix. */
  add(id: string, name: string, urgency: string): void
  /** Says nothing any more of a vulnerability. */
  remove(id: string, name: string): void
}

export function changingFeeds(): ChangingFeeds {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-changing-'))
  cpSync(join(import.meta.dirname, '..', '..', 'examples', 'feeds'), folder, { recursive: true })
  const file = join(folder, trackerPath)
  let time = Date.now() / 1000
  const change = (work: (tracker: Tracker) => void) => {
    const tracker = JSON.parse(readFileSync(file, 'utf8')) as Tracker
    work(tracker)
    writeFileSync(file, JSON.stringify(tracker))
    time += 2
    utimesSync(file, time, time)
  }
  return {
    folder,
    add: (id, name, urgency) =>
      change((tracker) => {
        const releases = { trixie: { status: 'open', repositories: { trixie: '0' }, urgency } }
        tracker[name] = { ...tracker[name], [id]: { description: `about ${id}`, scope: 'remote', releases } }
      }),
    remove: (id, name) => change((tracker) => void delete tracker[name]![id]),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
