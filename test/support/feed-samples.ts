import { createHash } from 'node:crypto'
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { type FeedRecord, isGap } from '../../src/core/advisory.ts'
import type { Feed } from '../../src/core/feed.ts'
import type { FeedOutcome } from '../../src/core/feed-outcome.ts'
import type { Store } from '../../src/core/store.ts'
import { errataFeed as almaFeed } from '../../src/ecosystems/alma/feed.ts'
import { feedsOf as alpineFeeds } from '../../src/ecosystems/alpine/feed.ts'
import { allFeeds as amazonFeeds } from '../../src/ecosystems/amazon/feed.ts'
import { feedOf as azurelinuxFeed } from '../../src/ecosystems/azurelinux/feed.ts'
import { azureLinuxReleases } from '../../src/ecosystems/azurelinux/releases.ts'
import { advisoryLists } from '../../src/ecosystems/debian/advisory-list.ts'
import { trackerFeed } from '../../src/ecosystems/debian/feed.ts'
import { feedOf as oracleFeed } from '../../src/ecosystems/oracle/feed.ts'
import { feedOf as photonFeed } from '../../src/ecosystems/photon/feed.ts'
import { mapFeeds as rhelMaps, vexFeed } from '../../src/ecosystems/rhel/feed.ts'
import { errataFeed as rockyFeed } from '../../src/ecosystems/rocky/feed.ts'
import { updatesFeed as suseFeed } from '../../src/ecosystems/suse/feed.ts'
import { feedOf as ubuntuFeed } from '../../src/ecosystems/ubuntu/feed.ts'
import { noticesOf } from '../../src/ecosystems/ubuntu/notices.ts'
import { wolfiFeed } from '../../src/ecosystems/wolfi/feed.ts'
import { epssFeed } from '../../src/enrich/epss/feed.ts'
import { kevFeed } from '../../src/enrich/kev/feed.ts'
import { changesFeed } from '../../src/enrich/nvd/changes.ts'
import { yearFeed } from '../../src/enrich/nvd/feed.ts'
import { osv } from '../../src/feeds/osv/family.ts'
import { createSpools } from '../../src/io/spools.ts'
import { openStore } from '../../src/store/open.ts'
import { updateFeeds } from '../../src/update/update.ts'
import { tarArchive } from './tar.ts'
import { zipOf } from './zip.ts'

/** A feed, and small files of it in the real format, as a mirror has them. */
export interface FeedSample {
  readonly id: string
  readonly feed: Feed
  readonly files: readonly SampleFile[]
  /** Documents that are in files in another form, packed or with their checksum beside them. */
  readonly documents: readonly SampleDocument[]
}

/** One file of a feed. */
export interface SampleFile {
  /** Where a mirror has it: `host/path`. */
  readonly path: string
  readonly content: Buffer
  readonly kind: 'json' | 'xml' | 'lines' | 'binary'
  /** It is one record of many, and is left out where it is damaged. */
  readonly isRecord?: true
}

/** A document of a feed, and the files that have it. */
export interface SampleDocument {
  readonly name: string
  readonly content: Buffer
  readonly kind: SampleFile['kind']
  /** The files with another content of this document. */
  filesWith(content: string | Buffer): readonly SampleFile[]
}

const sources = join(import.meta.dirname, '..', '..', 'src')
const rhelSamples = 'ecosystems/rhel/testdata/security.access.redhat.com/data'
const debianLists =
  'ecosystems/debian/testdata/salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data'
const nvdSample = 'enrich/nvd/testdata/nvdcve-2.0-2099.json'
const noble = { number: '24.04', codename: 'noble' }

/** One feed of every format, for tests of what any feed must withstand. */
export const feedSamples: readonly FeedSample[] = [
  sample(trackerFeed, 'ecosystems/debian/testdata/security-tracker.debian.org/tracker/data/json'),
  sample(advisoryLists[0]!, `${debianLists}/DSA/list`),
  sample(alpineFeeds('3.18')[0]!, 'ecosystems/alpine/testdata/secdb.alpinelinux.org/v3.18/main.json'),
  sample(wolfiFeed, 'ecosystems/wolfi/testdata/packages.wolfi.dev/os/security.json'),
  sample(ubuntuFeed({ number: '20.04', codename: 'focal' }), 'ecosystems/ubuntu/testdata/focal.oval.xml'),
  sample(noticesOf(noble), 'ecosystems/ubuntu/testdata/noble.usn.oval.xml'),
  vexSample(`${rhelSamples}/csaf/v2/vex`),
  sample(rhelMaps[0]!, `${rhelSamples}/metrics/repository-to-cpe.json`),
  sample(rhelMaps[1]!, `${rhelSamples}/metrics/container-name-repos-map.json`),
  sample(oracleFeed(2099), 'ecosystems/oracle/testdata/elsa-2099.xml'),
  sample(photonFeed({ number: '3.0' }), 'ecosystems/photon/testdata/photon3.oval.xml'),
  sample(azurelinuxFeed(azureLinuxReleases[1]!), 'ecosystems/azurelinux/testdata/mariner-2.0-oval.xml'),
  repositorySample(
    amazonFeeds().find(({ id }) => id === 'amazon-2')!,
    'ecosystems/amazon/testdata/cdn.amazonlinux.com/2/core',
  ),
  packedSample(suseFeed, 'ecosystems/suse/testdata/osv', tarOf),
  packedSample(almaFeed, 'ecosystems/alma/testdata/AlmaLinux', zipOf),
  packedSample(rockyFeed, 'ecosystems/rocky/testdata/Rocky Linux', zipOf),
  packedSample(osv.feeds().find(({ id }) => id === 'osv-npm')!, 'feeds/osv/testdata/npm', zipOf),
  nvdYearSample(yearFeed(2099), nvdSample),
  sample(changesFeed(undefined, 0), nvdSample),
  sample(epssFeed, 'enrich/epss/testdata/epss_scores-current.csv'),
  sample(kevFeed, 'enrich/kev/testdata/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json'),
]

/** What a URL is in a mirror. */
function mirrorPath(url: string): string {
  const { host, pathname } = new URL(url)
  return decodeURIComponent(host + pathname)
}

/** A file of a mirror. What it is shows in its content. */
export function sampleFile(path: string, content: Buffer): SampleFile {
  return { path, content, kind: kindOf(content) }
}

function kindOf(content: Buffer): SampleFile['kind'] {
  const text = content.toString()
  if (/^(?:\ufeff)?\s*</.test(text)) return 'xml'
  if (text.includes('\0') || text.includes('\ufffd')) return 'binary'
  try {
    JSON.parse(text)
    return 'json'
  } catch {
    return 'lines'
  }
}

/** The files of a folder, below `root` of a mirror. */
function folderFiles(folder: string, root: string): readonly SampleFile[] {
  return globSync('**/*', { cwd: join(sources, folder) })
    .filter((name) => statSync(join(sources, folder, name)).isFile())
    .map((name) => sampleFile(root + name.replaceAll('\\', '/'), readFileSync(join(sources, folder, name))))
}

/** A feed of one document. */
function sample(feed: Feed, path: string): FeedSample {
  const file = sampleFile(mirrorPath(feed.url), readFileSync(join(sources, path)))
  return { id: feed.id, feed, files: [file], documents: [] }
}

interface Member {
  readonly name: string
  readonly content: Buffer
}

/** A feed of one archive with the files of a folder. */
function packedSample(feed: Feed, folder: string, pack: (members: readonly Member[]) => Buffer): FeedSample {
  const members = readdirSync(join(sources, folder)).map((name): Member => {
    return { name, content: readFileSync(join(sources, folder, name)) }
  })
  const fileOf = (packed: readonly Member[]) => sampleFile(mirrorPath(feed.url), pack(packed))
  const documents = members.map(({ name, content }): SampleDocument => {
    const filesWith = (other: string | Buffer) => [
      fileOf(members.map((member) => (member.name === name ? { name, content: Buffer.from(other) } : member))),
    ]
    return { name, content, kind: kindOf(content), filesWith }
  })
  return { id: feed.id, feed, files: [fileOf(members)], documents }
}

function tarOf(members: readonly Member[]): Buffer {
  return tarArchive(members.map(({ name, content }) => ({ name: `osv/${name}`, body: content })))
}

/** Documents, the lists of them, and an archive with the older ones. */
function vexSample(folder: string): FeedSample {
  const root = mirrorPath(vexFeed.url)
  const files = folderFiles(folder, root)
  const records = files.filter(({ kind }) => kind === 'json')
  const members = records.map(({ path, content }) => ({ name: path.slice(root.length), body: content }))
  const archive = 'csaf_vex_2099-01-20.tar.zst'
  return {
    id: vexFeed.id,
    feed: vexFeed,
    files: [
      ...records.map((file): SampleFile => ({ ...file, isRecord: true })),
      ...files.filter((file) => !records.includes(file)),
      sampleFile(`${root}archive_latest.txt`, Buffer.from(archive)),
      sampleFile(root + archive, zstdCompressSync(tarArchive(members))),
    ],
    documents: [],
  }
}

/** A repository of packages: its metadata have the checksum of the document. */
function repositorySample(feed: Feed, folder: string): FeedSample {
  const files = folderFiles(folder, mirrorPath(feed.url).replace(/latest\/.*/, ''))
  const updateinfo = files.find(({ path }) => path.endsWith('updateinfo.xml'))!
  const metadata = files.find(({ path }) => path.endsWith('repomd.xml'))!
  const filesWith = (other: string | Buffer) => [
    sampleFile(updateinfo.path, Buffer.from(other)),
    sampleFile(
      metadata.path,
      Buffer.from(metadata.content.toString().replace(sha256(updateinfo.content), sha256(other))),
    ),
  ]
  const document = { name: 'updateinfo.xml', content: updateinfo.content, kind: updateinfo.kind, filesWith }
  return { id: feed.id, feed, files, documents: [document] }
}

/** The file of a year, and the one with its checksum. */
function nvdYearSample(feed: Feed, path: string): FeedSample {
  const content = readFileSync(join(sources, path))
  const filesWith = (other: string | Buffer) => [
    sampleFile(mirrorPath(feed.url), Buffer.from(other)),
    sampleFile(
      mirrorPath(feed.url.replace('.json.gz', '.meta')),
      Buffer.from(`lastModifiedDate:2099-01-02T03:00:52-05:00\r\nsha256:${sha256(other).toUpperCase()}\r\n`),
    ),
  ]
  const document = { name: basename(path), content, kind: kindOf(content), filesWith }
  return { id: feed.id, feed, files: filesWith(content), documents: [document] }
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A store in memory, and a feed that is loaded into it. */
export interface LoadedFeed extends AsyncDisposable {
  readonly store: Store
  /** The number of records that the last update could not read. */
  gaps(): number
  /** Brings the feed from a mirror; with `force`, which is the default, although nothing changed there. */
  update(mirror: string, options?: { readonly force?: boolean }): Promise<FeedOutcome>
  /** All that is loaded, in one text, a record a line. */
  content(): Promise<string>
}

/** Samples have bad records on purpose, more than a feed may have: those are counted here, and left out. */
export async function openFeed(sampled: Feed): Promise<LoadedFeed> {
  const store = await openStore('sqlite::memory:')
  let gaps = 0
  const feed: Feed = {
    ...sampled,
    async parse(spool, signal) {
      gaps = 0
      const records = await sampled.parse(spool, signal)
      return (async function* () {
        for await (const record of records) {
          if (isGap(record)) gaps++
          else yield record
        }
      })()
    },
  }
  return {
    store,
    gaps: () => gaps,
    async update(mirror, { force = true } = {}) {
      await using spools = createSpools({ mirror, offline: false, backoff: 1 })
      const [outcome] = await updateFeeds([feed], {
        store: store.advisories,
        lock: (name, signal, work) => store.lock(name, signal, work),
        spools,
        maxAge: undefined,
        force,
        signal: new AbortController().signal,
        progress: () => {},
        now: new Date(),
      })
      return outcome!
    },
    async content() {
      if ((await store.advisories.generations(feed.id)).length === 0) return ''
      const records: FeedRecord[] = []
      for await (const record of store.advisories.records(feed.id)) records.push(record)
      return records
        .map((record) => JSON.stringify(record))
        .sort()
        .join('\n')
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
