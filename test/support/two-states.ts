import type { AdvisoryKey } from '../../src/core/advisory.ts'
import type { Feed } from '../../src/core/feed.ts'
import type { AdvisoryStore } from '../../src/core/store.ts'
import { feedsOf } from '../../src/ecosystems/alpine/feed.ts'
import { trackerFeed } from '../../src/ecosystems/debian/feed.ts'
import { debianFiles } from './debian-mirror.ts'
import { openFeed, type SampleFile, sampleFile } from './feed-samples.ts'
import { mirrorOf } from './feeds.ts'

/** A feed of some thousand statements in its real format that has two states. */
export interface TwoStates {
  readonly feed: Feed
  /** All that is said in each state, as `contentOf` tells it. */
  readonly contents: readonly [string, string]
}

/** Two mirrors, of which each has another state of all feeds. */
export interface TwoMirrors {
  readonly mirrors: readonly [string, string]
  readonly files: readonly [readonly SampleFile[], readonly SampleFile[]]
  readonly feeds: readonly TwoStates[]
}

const alpineFeed = feedsOf('3.18')[0]!
const packages = Array.from({ length: 150 }, (_, index) => `package-${index}`)

/** Statements are changed, added, withdrawn and left alone between the states, and so are descriptions. */
export async function twoMirrors(): Promise<TwoMirrors> {
  const files = [filesOf(1), filesOf(2)] as const
  const mirrors = files.map((own) => mirrorOf(Object.fromEntries(own.map(({ path, content }) => [path, content]))))
  const feeds: TwoStates[] = []
  for (const feed of [trackerFeed, alpineFeed]) {
    await using loaded = await openFeed(feed)
    const contents: string[] = []
    for (const mirror of mirrors) {
      const { outcome, error } = await loaded.update(mirror)
      if (outcome !== 'imported') throw new Error(error?.message)
      contents.push(await contentOf(loaded.store.advisories, feed))
    }
    feeds.push({ feed, contents: contents as [string, string] })
  }
  return { mirrors: mirrors as [string, string], files, feeds }
}

/** All that a database says of the packages of these mirrors from one feed, in one text. */
export async function contentOf(advisories: AdvisoryStore, { id, scopes }: Feed): Promise<string> {
  const keys = scopes.flatMap((scope) => packages.map((name): AdvisoryKey => ({ scope, name })))
  const found = await advisories.candidates(keys)
  return found
    .filter(({ feed }) => feed === id)
    .map((candidate) => JSON.stringify(candidate))
    .sort()
    .join('\n')
}

function filesOf(state: 1 | 2): readonly SampleFile[] {
  // Of another size in each state: a mirror's files that are written at one time are told apart by that.
  const text = (document: unknown) => JSON.stringify(document) + '\n'.repeat(state)
  const files = {
    ...debianFiles(text(tracker(state))),
    'secdb.alpinelinux.org/v3.18/main.json': text(secdb(state)),
  }
  return Object.entries(files).map(([path, content]) => sampleFile(path, Buffer.from(content)))
}

/** The issues of a package in a state: of every four one stays, one changes, one is described otherwise, one is only in one state. */
function issuesOf(place: number, state: 1 | 2) {
  return Array.from({ length: 40 }, (_, number) => ({
    id: `CVE-2099-${1000 + place * 40 + number}`,
    version: number % 4 === 1 ? `${state}.0-1` : '1.0-1',
    description: `${number % 4 === 2 ? `in state ${state}: ` : ''}${'what it is about, '.repeat(5)}${place}`,
    there: number % 4 !== 3 || number % 8 === (state === 1 ? 3 : 7),
  })).filter(({ there }) => there)
}

function tracker(state: 1 | 2): unknown {
  const issue = (version: string, description: string) => {
    const release = { status: 'resolved', fixed_version: version, urgency: 'low' }
    return { description, releases: { bookworm: release, trixie: release } }
  }
  return Object.fromEntries(
    packages.map((name, place) => [
      name,
      Object.fromEntries(
        issuesOf(place, state).map(({ id, version, description }) => [id, issue(version, description)]),
      ),
    ]),
  )
}

function secdb(state: 1 | 2): unknown {
  const secfixes = (place: number) =>
    Object.fromEntries(
      Map.groupBy(issuesOf(place, state), ({ version }) => version.replace('-1', '-r1'))
        .entries()
        .map(([version, issues]) => [version, issues.map(({ id }) => id)]),
    )
  const list = packages.slice(0, 50).map((name, place) => ({ pkg: { name, secfixes: secfixes(place) } }))
  return { distroversion: 'v3.18', reponame: 'main', packages: list }
}
