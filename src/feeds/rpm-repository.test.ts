import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { mirrorOf } from '../../test/support/feeds.ts'
import type { Fetched } from '../core/feed.ts'
import { limits } from '../core/limits.ts'
import { createSpool } from '../io/spool.ts'
import { fetchUpdateinfo, hasUpdateinfo } from './rpm-repository.ts'

const signal = new AbortController().signal
const list = 'https://cdn.example.org/core/latest/x86_64/mirror.list'
const host = 'cdn.example.org'
const folder = `${host}/core/guids/1234/x86_64`
const updateinfo = gzipSync('<updates/>')
const sha256 = createHash('sha256').update(updateinfo).digest('hex')

interface Parts {
  readonly href?: string
  readonly checksum?: string
  readonly type?: string
  readonly data?: string
}

function repomd({
  href = 'repodata/updateinfo.xml.gz',
  checksum = sha256,
  type = 'sha256',
  data = 'updateinfo',
}: Parts = {}) {
  return `<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>7</revision>
    <data type="primary"><checksum type="sha256">00</checksum><location href="repodata/primary.xml.gz"/></data>
    <data type="${data}"><checksum type="${type}">${checksum}</checksum><open-checksum type="sha256">00</open-checksum>
    <location href="${href}"/><timestamp>1739491200</timestamp></data></repomd>`
}

/** A mirror with the list and the repository; `files` are added or, with `undefined`, taken away. */
function mirror(files: Readonly<Record<string, string | Buffer | undefined>> = {}): string {
  const all = {
    [`${host}/core/latest/x86_64/mirror.list`]: `https://${folder}/\n`,
    [`${folder}/repodata/repomd.xml`]: repomd(),
    [`${folder}/repodata/updateinfo.xml.gz`]: updateinfo,
    ...files,
  }
  return mirrorOf(
    Object.fromEntries(Object.entries(all).filter((entry) => entry[1] !== undefined)) as Record<string, string>,
  )
}

async function fetchFrom(directory: string, last?: string): Promise<Fetched | 'unchanged'> {
  await using spool = createSpool({ mirror: directory, offline: true })
  return await fetchUpdateinfo(spool, list, last, signal)
}

describe('fetchUpdateinfo', () => {
  it('follows the list of mirrors and the metadata, and tells the state by the checksum', async () => {
    const fetched = await fetchFrom(mirror())
    expect(fetched).toEqual({ fingerprint: `sha256:${sha256}`, dataTime: '2025-02-14T00:00:00.000Z' })
    expect(await fetchFrom(mirror(), `sha256:${sha256}`)).toBe('unchanged')
    expect(await fetchFrom(mirror(), 'sha256:00')).toEqual(fetched)
  })

  it('finds a repository that has no list in the folder of it', async () => {
    const beside = `${host}/core/latest/x86_64`
    const directory = mirror({
      [`${beside}/mirror.list`]: undefined,
      [`${beside}/repodata/repomd.xml`]: repomd(),
      [`${beside}/repodata/updateinfo.xml.gz`]: updateinfo,
    })
    expect(await fetchFrom(directory)).toMatchObject({ fingerprint: `sha256:${sha256}` })
  })

  it('takes the next mirror where one fails, up to limits.mirrors', async () => {
    const bad = (count: number) => Array.from({ length: count }, (_, index) => `https://bad-${index}.example.org/`)
    const lists = (count: number) => ({
      [`${host}/core/latest/x86_64/mirror.list`]: [...bad(count), `https://${folder}`].join('\n'),
    })
    expect(await fetchFrom(mirror(lists(limits.mirrors - 1)))).toMatchObject({ fingerprint: `sha256:${sha256}` })
    // that is limits.mirrors + 1 of them
    await expect(fetchFrom(mirror(lists(limits.mirrors)))).rejects.toThrow('The mirror does not have this file')
  })

  it('says so where an address in the list is one only because of what is cut off its end', async () => {
    const directory = mirror({ [`${host}/core/latest/x86_64/mirror.list`]: 'https://c\u0000\n' })
    await expect(fetchFrom(directory)).rejects.toMatchObject({ code: 'FEED_FAILED' })
  })

  it('knows a repository without updates', async () => {
    await using spool = createSpool({
      mirror: mirror({ [`${folder}/repodata/repomd.xml`]: repomd({ data: 'other' }) }),
      offline: true,
    })
    expect(await fetchUpdateinfo(spool, list, undefined, signal)).toEqual({ fingerprint: 'revision:7' })
    expect(await hasUpdateinfo(spool, list, signal)).toBe(false)
    expect(await fetchUpdateinfo(spool, list, 'revision:7', signal)).toBe('unchanged')
  })

  it.each<[string, Record<string, string | Buffer | undefined>, string]>([
    [
      'a list without addresses',
      { [`${host}/core/latest/x86_64/mirror.list`]: 'ftp://example.org\nnothing' },
      'There is no address in this list of mirrors',
    ],
    [
      'a wrong checksum',
      { [`${folder}/repodata/repomd.xml`]: repomd({ checksum: '12'.repeat(32) }) },
      `The file has the sha256 checksum ${sha256}, and not 1212`,
    ],
    [
      'a weak checksum',
      { [`${folder}/repodata/repomd.xml`]: repomd({ type: 'sha' }) },
      'no checksum (sha256 or better)',
    ],
    ['no checksum', { [`${folder}/repodata/repomd.xml`]: repomd({ checksum: '' }) }, 'no checksum (sha256 or better)'],
    [
      'a file outside of the repository',
      { [`${folder}/repodata/repomd.xml`]: repomd({ href: '../../../secret.xml.gz' }) },
      'name a file outside of it: ../../../secret.xml.gz',
    ],
    [
      'a file elsewhere',
      { [`${folder}/repodata/repomd.xml`]: repomd({ href: 'https://evil.example.org/updateinfo.xml.gz' }) },
      'name a file outside of it: https://evil.example.org/',
    ],
    ['metadata of another kind', { [`${folder}/repodata/repomd.xml`]: '<updates/>' }, 'the root is updates'],
    [
      'metadata that end too early',
      { [`${folder}/repodata/repomd.xml`]: '<repomd><data type="updateinfo">' },
      'cannot be read',
    ],
    [
      'an address that is none',
      { [`${host}/core/latest/x86_64/mirror.list`]: 'https://{example.org/x' },
      'An address in the list of mirrors or in the metadata of the repository cannot be used',
    ],
    [
      'a file at an address that is none',
      { [`${folder}/repodata/repomd.xml`]: repomd({ href: 'https://[/updateinfo.xml.gz' }) },
      'name a file outside of it: https://[/',
    ],
    ['missing updates', { [`${folder}/repodata/updateinfo.xml.gz`]: undefined }, 'The mirror does not have this file'],
  ])('refuses %s', async (_what, files, problem) => {
    const failed = fetchFrom(mirror(files))
    await expect(failed).rejects.toMatchObject({ code: 'FEED_FAILED' })
    await expect(failed).rejects.toThrow(problem)
  })

  it('limits the list of mirrors', async () => {
    const directory = mirror({ [`${host}/core/latest/x86_64/mirror.list`]: ' '.repeat(limits.mirrorListBytes + 1) })
    await expect(fetchFrom(directory)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', where: list })
  })
})

describe('fetchUpdateinfo, through HTTP', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  it('fails, and takes no folder for the repository, where the list is missing at the source itself', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end('no'))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest/mirror.list`
    await using spool = createSpool({ mirror: undefined, offline: false })
    await expect(fetchUpdateinfo(spool, url, undefined, signal)).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
  })
})
