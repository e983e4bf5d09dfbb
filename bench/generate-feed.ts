// Makes documents like the one of Debian's tracker out of the real one.
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'

const path = 'security-tracker.debian.org/tracker/data/json.gz'

interface ReleaseState {
  fixed_version?: string
}

/** The tracker's document: package, vulnerability, release. */
export type Tracker = Record<string, Record<string, { description?: string; releases: Record<string, ReleaseState> }>>

/** The real document of a mirror. */
export async function readTracker(mirror: string): Promise<Tracker> {
  return JSON.parse(await text(createReadStream(join(mirror, path)).pipe(createGunzip()))) as Tracker
}

/**
 * Writes a mirror whose document is `factor` times as large as `tracker`: every package and vulnerability so many times
 * under other names, with other descriptions. The real ones are the first copy.
 */
export function writeEnlarged(mirror: string, tracker: Tracker, factor: number): Promise<void> {
  return write(mirror, enlarged(tracker, factor))
}

/** Writes a mirror with `tracker` as it is. */
export function writeTracker(mirror: string, tracker: Tracker): Promise<void> {
  return write(mirror, enlarged(tracker, 1))
}

/** Changes one of `every` vulnerabilities of packages, others in each round: the versions that fix it. */
export function changeSome(tracker: Tracker, every: number, round: number): void {
  let count = 0
  for (const issues of Object.values(tracker)) {
    for (const { releases } of Object.values(issues)) {
      if (count++ % every !== round % every) continue
      for (const state of Object.values(releases)) state.fixed_version = `${state.fixed_version ?? '1.0'}+round${round}`
    }
  }
}

async function write(mirror: string, parts: Iterable<string>): Promise<void> {
  const file = join(mirror, path)
  mkdirSync(dirname(file), { recursive: true })
  await pipeline(Readable.from(parts), createGzip({ level: 1 }), createWriteStream(file))
}

function* enlarged(tracker: Tracker, factor: number): Iterable<string> {
  let comma = '{'
  for (let copy = 0; copy < factor; copy++) {
    for (const [name, issues] of Object.entries(tracker)) {
      const own = Object.entries(issues).map(([id, issue]) =>
        copy === 0 ? [id, issue] : [`${id}${copy}`, { ...issue, description: `${issue.description ?? ''} (${copy})` }],
      )
      yield `${comma}${JSON.stringify(copy === 0 ? name : `${name}-${copy}`)}:${JSON.stringify(Object.fromEntries(own))}`
      comma = ','
    }
  }
  yield '}'
}
