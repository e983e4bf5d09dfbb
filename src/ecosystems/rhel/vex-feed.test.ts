import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { mirrorOf } from '../../../test/support/feeds.ts'
import { type TarMember, tarArchive } from '../../../test/support/tar.ts'
import { type FeedRecord, isFact, isGap, isRemoval } from '../../core/advisory.ts'
import type { Fetched, Spool } from '../../core/feed.ts'
import { limits } from '../../core/limits.ts'
import { createSpool } from '../../io/spool.ts'
import { createSpools } from '../../io/spools.ts'
import { openStore } from '../../store/open.ts'
import { updateFeeds } from '../../update/update.ts'
import { mapFeeds, vexFeed } from './feed.ts'
import { fetchVex } from './vex-fetch.ts'

const signal = new AbortController().signal
const folder = 'security.access.redhat.com/data/csaf/v2/vex/'
const template = readFileSync(join(import.meta.dirname, 'testdata', folder, '2099/cve-2099-0002.json'), 'utf8')

/** A document about a CVE, which names the package `small` of RHEL 9 as affected, or what is given. */
const document = (number: number, name = 'small') =>
  template.replaceAll('CVE-2099-0002', `CVE-2099-${number}`).replace('redhat/small?', `redhat/${name}?`)
const path = (number: number) => `2099/cve-2099-${number}.json`
const list = (entries: Readonly<Record<number, string>>) =>
  Object.entries(entries)
    .map(([number, day]) => `"${path(Number(number))}","2099-${day}T12:00:00+00:00"\n`)
    .join('')
const archive = (members: readonly TarMember[]) => zstdCompressSync(tarArchive(members))

const mirror = (files: Readonly<Record<string, string | Uint8Array>>) =>
  mirrorOf(Object.fromEntries(Object.entries(files).map(([name, content]) => [folder + name, content])))

/** What a fetch brings: a word for each record. */
async function read(directory: string, last?: string, most?: number) {
  await using spool: Spool = createSpool({ mirror: directory, offline: true })
  const fetched = await fetchVex(spool, last, signal, most)
  if (fetched === 'unchanged') return { fetched, records: [] }
  const records: string[] = []
  for await (const record of await vexFeed.parse(spool, signal)) records.push(shown(record))
  return { fetched, records, fingerprint: fetched.fingerprint, partial: fetched.partial }
}

function shown(record: FeedRecord): string {
  if (isGap(record)) return `gap ${record.where}`
  if (isRemoval(record)) return `removed ${record.removed}`
  if (isFact(record)) return `fact ${record.fact}`
  return `${record.vulnerability.id} ${record.statements.map(({ key }) => key.name).join()}`
}

describe('the first fetch', () => {
  const files = {
    'archive_latest.txt': 'csaf_vex_2099-03-10.tar.zst\n',
    'csaf_vex_2099-03-10.tar.zst': archive([
      { name: 'csaf/', type: '5' },
      { name: `csaf/${path(1001)}`, body: document(1001) },
      { name: `csaf/${path(1002)}`, body: document(1002, 'of-the-archive') },
      { name: `csaf/${path(1003)}`, body: document(1003, 'of-the-archive') },
      { name: `csaf/${path(1004)}.asc`, body: 'a signature' },
      { name: 'csaf/index.txt', body: 'a list' },
    ]),
    'changes.csv': list({ 1002: '03-11', 1005: '03-12', 1001: '02-01' }),
    'deletions.csv': list({ 1003: '03-13', 1006: '03-01' }),
    [path(1002)]: document(1002),
    [path(1005)]: document(1005),
  }

  it('takes the archive, and what changed and was deleted after its day', async () => {
    const { fetched, records } = await read(mirror(files))
    expect(records).toEqual([
      'CVE-2099-1002 small arch=src',
      'CVE-2099-1005 small arch=src',
      'CVE-2099-1001 small arch=src',
    ])
    expect(fetched).toMatchObject({ dataTime: '2099-03-12T12:00:00.000Z' })
    expect(fetched).not.toHaveProperty('partial')
  })

  it('takes all documents where a mirror has no archive', async () => {
    const { 'archive_latest.txt': _, ...rest } = files
    const { records, partial } = await read(mirror({ ...rest, [path(1001)]: document(1001) }))
    expect(records.map((record) => record.split(' ')[0])).toEqual(['CVE-2099-1001', 'CVE-2099-1002', 'CVE-2099-1005'])
    expect(partial).toBeUndefined()
  })

  it.each<[string, string, string | Uint8Array, string]>([
    [
      'an archive that is cut off',
      'csaf_vex_2099-03-10.tar.zst',
      zstdCompressSync(tarArchive([{ name: path(1001), body: document(1001) }], false).subarray(0, 1500)),
      'FEED_FAILED',
    ],
    ['an archive that is something else', 'csaf_vex_2099-03-10.tar.zst', 'x'.repeat(2000), 'FEED_FAILED'],
    ['an archive of nothing', 'csaf_vex_2099-03-10.tar.zst', archive([]), 'FEED_FAILED'],
    [
      'damaged compression',
      'csaf_vex_2099-03-10.tar.zst',
      files['csaf_vex_2099-03-10.tar.zst'].subarray(0, 100),
      'FEED_FAILED',
    ],
    ['a name that leads elsewhere', 'archive_latest.txt', '../../2099-03-10.tar.zst', 'FEED_FAILED'],
    ['a name without a day', 'archive_latest.txt', 'latest.tar.zst', 'FEED_FAILED'],
    ['a list without any document', 'changes.csv', 'a,b\n', 'FEED_FAILED'],
    ['a page in place of a list', 'deletions.csv', '<html></html>', 'FEED_FAILED'],
  ])('fails for %s', async (_what, name, content, code) => {
    await expect(read(mirror({ ...files, [name]: content }))).rejects.toMatchObject({ code })
  })

  it('fails where a list is missing, or the archive', async () => {
    for (const name of ['changes.csv', 'deletions.csv', 'csaf_vex_2099-03-10.tar.zst']) {
      const directory = mirror(files)
      rmSync(join(directory, folder, name))
      await expect(read(directory)).rejects.toMatchObject({ code: 'FEED_FAILED' })
    }
  })

  it('makes a gap of each document and line that cannot be read, and of nothing else', async () => {
    const huge = tarArchive([{ name: path(1009), size: limits.feedRecordBytes + 1 }], false)
    const zeros = Buffer.alloc(Math.ceil((limits.feedRecordBytes + 1) / 512) * 512 + 1024)
    const damaged = {
      ...files,
      'csaf_vex_2099-03-10.tar.zst': zstdCompressSync(
        Buffer.concat([
          tarArchive(
            [
              { name: path(1001), body: document(1001) },
              { name: path(1007), body: '{"document":' },
              { name: path(1008), body: '{"document":{}}' },
            ],
            false,
          ),
          huge,
          zeros,
        ]),
      ),
      'changes.csv': `${list({ 1002: '03-11' })}"../../etc/passwd","2099-03-11T00:00:00Z"\n"${path(1)}","never"\n`,
    }
    const { records } = await read(mirror(damaged))
    expect(records).toEqual([
      'gap changes.csv line 2',
      'gap changes.csv line 3',
      'CVE-2099-1002 small arch=src',
      'CVE-2099-1001 small arch=src',
      'gap CVE-2099-1007',
      'gap CVE-2099-1008',
      `gap ${path(1009)}`,
    ])
  })

  it('does not begin if there are more documents than are fetched one by one', async () => {
    const { 'archive_latest.txt': _, ...rest } = files
    await expect(read(mirror(rest), undefined, 2)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })
})

describe('the next fetch', () => {
  const files = {
    'changes.csv': list({ 1002: '03-11', 1001: '02-01' }),
    'deletions.csv': '',
    [path(1001)]: document(1001),
    [path(1002)]: document(1002),
  }
  const first = async () => {
    const directory = mirror(files)
    const { fingerprint } = await read(directory)
    const write = (name: string, content: string) => writeFileSync(join(directory, folder, name), content)
    return { directory, fingerprint, write }
  }

  it('brings nothing where neither list changed, of which one can be empty', async () => {
    const { directory, fingerprint } = await first()
    expect((await read(directory, fingerprint)).fetched).toBe('unchanged')
  })

  it('brings what changed and names what was deleted since', async () => {
    const { directory, fingerprint, write } = await first()
    write('changes.csv', list({ 1004: '04-02', 1003: '04-01', 1002: '03-11', 1001: '02-01' }))
    write('deletions.csv', list({ 1001: '04-01', 1004: '04-03', 1000: '01-01' }))
    write(path(1003), document(1003))
    const { records, partial } = await read(directory, fingerprint)
    // The newest one of the last time comes again: another one can have the same time.
    expect(records).toEqual([
      'removed CVE-2099-1001',
      'removed CVE-2099-1004',
      'CVE-2099-1002 small arch=src',
      'CVE-2099-1003 small arch=src',
    ])
    expect(partial).toBe(true)
  })

  it('brings what was deleted, and came again', async () => {
    const { directory, fingerprint, write } = await first()
    write('changes.csv', list({ 1001: '04-02', 1002: '03-11' }))
    write('deletions.csv', list({ 1001: '04-01' }))
    expect((await read(directory, fingerprint)).records).toContain('CVE-2099-1001 small arch=src')
  })

  it('asks again for what is listed and missing, and says so', async () => {
    const { directory, fingerprint, write } = await first()
    write('changes.csv', list({ 1003: '04-01', 1002: '03-11', 1001: '02-01' }))
    const second = await read(directory, fingerprint)
    expect(second.records).toEqual([`gap ${path(1003)}`, 'CVE-2099-1002 small arch=src'])
    write('changes.csv', list({ 1004: '06-01', 1003: '04-01', 1002: '03-11', 1001: '02-01' }))
    write(path(1003), document(1003))
    write(path(1004), document(1004))
    const third = await read(directory, second.fingerprint)
    expect(third.records).toEqual(['CVE-2099-1003 small arch=src', 'CVE-2099-1004 small arch=src'])
    expect((await read(directory, third.fingerprint)).fetched).toBe('unchanged')
  })

  it('fails if too many are missing, which is an outage', async () => {
    const { directory, fingerprint, write } = await first()
    const numbers = Array.from({ length: 21 }, (_, index) => 2000 + index)
    write('changes.csv', list(Object.fromEntries(numbers.map((number) => [number, '04-01']))))
    await expect(read(directory, fingerprint)).rejects.toMatchObject({ code: 'FEED_FAILED' })
  })

  it('takes all again where too much changed, and of a fingerprint of another kind', async () => {
    const { directory, fingerprint, write } = await first()
    write('changes.csv', list({ 1002: '04-02', 1001: '04-01' }))
    await expect(read(directory, fingerprint, 1)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    write('archive_latest.txt', 'csaf_vex_2099-04-03.tar.zst')
    writeFileSync(
      join(directory, folder, 'csaf_vex_2099-04-03.tar.zst'),
      archive([{ name: path(1001), body: document(1001) }]),
    )
    const all = await read(directory, fingerprint, 1)
    expect([all.records, all.partial]).toEqual([['CVE-2099-1001 small arch=src'], undefined])
    for (const last of ['', '{}', 'null', '[]', '"x"']) {
      const { partial } = await read(directory, last)
      expect(partial, last).toBeUndefined()
    }
  })
})

describe('an update', () => {
  it('changes what changed, removes what was deleted, and leaves the rest', async () => {
    const directory = mirror({
      'changes.csv': list({ 1003: '03-12', 1002: '03-11', 1001: '02-01' }),
      'deletions.csv': '',
      [path(1001)]: document(1001),
      [path(1002)]: document(1002),
      [path(1003)]: document(1003),
    })
    await using store = await openStore('sqlite::memory:')
    const update = async () => {
      const spools = createSpools({ mirror: directory, offline: true })
      const options = {
        store: store.advisories,
        lock: store.lock,
        spools,
        maxAge: undefined,
        force: false,
        signal,
        progress: () => {},
        now: new Date(),
      }
      const [outcome] = await updateFeeds([vexFeed], options)
      return [outcome?.outcome, outcome?.result?.added, outcome?.result?.changed, outcome?.result?.closed]
    }
    const known = async () => {
      const keys = ['small', 'large'].map((name) => ({
        scope: 'rhel:cpe:/o:redhat:enterprise_linux:9',
        name: `${name} arch=src`,
      }))
      const candidates = await store.advisories.candidates(keys)
      return candidates.map(({ statement, vulnerability }) => `${vulnerability.id} ${statement.key.name}`).sort()
    }
    expect(await update()).toEqual(['imported', 3, 0, 0])
    expect(await update()).toEqual(['unchanged', undefined, undefined, undefined])
    writeFileSync(join(directory, folder, 'changes.csv'), list({ 1002: '04-02', 1003: '03-12', 1001: '02-01' }))
    writeFileSync(join(directory, folder, 'deletions.csv'), list({ 1003: '04-01' }))
    writeFileSync(join(directory, folder, path(1002)), document(1002, 'large'))
    expect(await update()).toEqual(['imported', 1, 0, 2])
    expect(await known()).toEqual(['CVE-2099-1001 small arch=src', 'CVE-2099-1002 large arch=src'])
  })
})

describe('the maps', () => {
  it.each([
    [
      'rhel-repositories',
      [{ fact: 'rhel-9-for-x86_64-baseos-rpms', value: ['cpe:/o:redhat:enterprise_linux:9::baseos'] }],
      1,
    ],
    ['rhel-containers', [{ fact: 'openshift/sample', value: ['openshift4/sample-rhel8'] }], 0],
  ])('%s', async (id, facts, gaps) => {
    const feed = mapFeeds.find((one) => one.id === id)!
    await using spool = createSpool({ mirror: join(import.meta.dirname, 'testdata'), offline: true })
    const fetched = (await feed.fetch(spool, undefined, signal)) as Fetched
    expect(fetched.partial).toBeUndefined()
    const records: FeedRecord[] = []
    for await (const record of await feed.parse(spool, signal)) records.push(record)
    expect(records.filter((record) => !isGap(record))).toEqual(facts)
    expect(records.filter(isGap).length).toBe(gaps)
  })
})
