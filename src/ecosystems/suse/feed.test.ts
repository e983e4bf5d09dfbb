import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { type FeedContent, mirrorOf, readFeed, shown } from '../../../test/support/feeds.ts'
import { tarArchive } from '../../../test/support/tar.ts'
import { isChiaroError } from '../../core/errors.ts'
import { updatesFeed } from './feed.ts'

const path = 'ftp.suse.com/pub/projects/security/osv.tar.bz2'
const folder = join(import.meta.dirname, 'testdata', 'osv')
const names = readdirSync(folder).sort()
const archive = tarArchive([
  { name: 'osv/', type: '5' },
  ...names.map((name) => ({ name: `osv/${name}`, body: readFileSync(join(folder, name)) })),
])
const extended = '(needs long-term support (LTSS, ESPOS or SLES for SAP))'

describe('updates of SUSE and openSUSE', () => {
  let sample: FeedContent
  beforeAll(async () => {
    sample = await readFeed(updatesFeed, mirrorOf({ [path]: archive }))
  })

  it.each([
    ['SUSE-SU-2099:0001-1', 'suse:sles:15.6', 'libsample1', 'fixed 2.0-150600.3.2.1'],
    ['SUSE-SU-2099:0001-1', 'suse:sles:15.6', 'sample-bios', 'fixed 1.15.0_0_g2dd-150600.3.2.1'],
    ['SUSE-SU-2099:0001-1', 'suse:sles:15.4', 'libsample1', `fixed 1.0-150400.3.2.1 ${extended}`],
    ['SUSE-SU-2099:0001-1', 'suse:sle-micro:5.5', 'libsample1', 'fixed 1.5-150500.3.2.1'],
    ['SUSE-SU-2099:0001-1', 'suse:leap:15.6', 'sample-doc', 'fixed 2.0-150600.3.2.1'],
    ['SUSE-SU-2099:0002-1', 'suse:sles:12.5', 'other', 'fixed 1.0-4.2.1'],
    ['SUSE-SU-2099:0002-1', 'suse:sles-modules:12', 'web16', 'fixed 16.0-8.2.1'],
    ['openSUSE-SU-2099:10000-1', 'suse:tumbleweed', 'libsample1', 'fixed 3.0-1.1'],
  ])('%s %s %s: %s', (id, scope, name, expected) => {
    expect(shown(sample.statement(name, id, scope))).toBe(expected)
  })

  it('tells what is known of an update, and what it covers', () => {
    const update = sample.advisories.find(({ vulnerability }) => vulnerability.id === 'SUSE-SU-2099:0001-1')
    expect(update!.vulnerability).toEqual({
      id: 'SUSE-SU-2099:0001-1',
      covers: ['CVE-2099-0001', 'CVE-2099-0002'],
      aliases: [],
      description: 'This update for sample fixes the following issues:\n\n- A sample & nothing but a sample.\n',
      ratings: [],
      links: ['https://www.suse.com/support/update/announcement/2099/suse-su-20990001-1/'],
      published: '2099-01-24T14:48:13Z',
      modified: '2099-01-24T14:48:13Z',
    })
  })

  it('leaves out what is withdrawn, and what is about other products only', () => {
    expect(sample.advisories.map(({ vulnerability }) => vulnerability.id).sort()).toEqual([
      'SUSE-SU-2099:0001-1',
      'SUSE-SU-2099:0002-1',
      'SUSE-SU-2099:0003-1',
      'openSUSE-SU-2099:10000-1',
    ])
  })

  it('makes a gap of each record that cannot be read', () => {
    expect(sample.gaps.map(({ where }) => where)).toEqual([
      'osv/SUSE-SU-2099_0006-1.json',
      'osv/SUSE-SU-2099_0007-1.json',
    ])
    expect(sample.gaps[0]!.detail).toBe(
      'It was left out: /affected/0/ecosystem_specific/binaries/0/libsample1 must be string.',
    )
  })

  it.each([
    ['an archive that ends too early', archive.subarray(0, 2000)],
    ['something else', Buffer.from('{"id": "SUSE-SU-2099:0001-1"}')],
  ])('refuses %s', async (_name, bytes) => {
    const error = await readFeed(updatesFeed, mirrorOf({ [path]: bytes })).catch((thrown: unknown) => thrown)
    expect(isChiaroError(error, 'FEED_FAILED'), String(error)).toBe(true)
  })
})

describe.skipIf(feeds === undefined)('updates of SUSE and openSUSE, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads the archive without a gap', async () => {
    const real = await readFeed(updatesFeed, feeds!)
    expect(real.gaps).toEqual([])
    const unknown = new Set(
      real.advisories.flatMap(({ statements }) =>
        statements.map(({ key }) => key.scope).filter((scope) => !updatesFeed.scopes.includes(scope)),
      ),
    )
    expect([...unknown]).toEqual([])
  })
})
