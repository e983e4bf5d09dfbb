import { describe, expect, it } from 'vitest'
import type { FeedOutcome } from '../../compose.ts'
import type { FeedStatus } from '../../core/store.ts'
import { displayWidth } from '../../report/layout.ts'
import { dataText } from './data.ts'
import { updateText } from './update.ts'

const now = new Date('2026-03-01T12:00:00.000Z')

const status = (more: Partial<FeedStatus> = {}): FeedStatus => ({
  feed: 'debian',
  url: 'https://example.org/debian',
  generation: 2,
  checkedAt: '2026-03-01T10:00:00.000Z',
  importedAt: '2026-02-27T10:00:00.000Z',
  dataTime: null,
  records: 100_051,
  gaps: 3,
  version: 1,
  fingerprint: 'x',
  lastError: undefined,
  ...more,
})

const failed = (feed: string, message: string): FeedOutcome =>
  ({ feed, url: `https://example.org/${feed}`, outcome: 'failed', error: { code: 'OFFLINE', message } }) as FeedOutcome

const outcomes: readonly FeedOutcome[] = [
  {
    feed: 'debian',
    url: 'https://example.org/debian',
    outcome: 'imported',
    result: { generation: 2, records: 100_051, added: 12, changed: 3, closed: 0, gaps: [] },
  },
  { feed: 'ubuntu-24.04', url: 'https://example.org/ubuntu', outcome: 'unchanged' },
  failed('alpine-3.22-main', 'the network is not to be used'),
  failed('alpine-3.22-community', 'the network is not to be used'),
  failed('evil\u001b[2J', 'a\u0007b'),
]

describe('what an update prints', () => {
  it('is a line a feed, each error once, and a summary', () => {
    expect([...updateText(outcomes, { width: undefined, color: false })].join('')).toBe(
      `FEED                   OUTCOME    STATEMENTS  CHANGES
debian                 imported      100,051  12 new, 3 changed
ubuntu-24.04           unchanged
alpine-3.22-main       failed
alpine-3.22-community  failed
evil\\u001b[2J          failed

OFFLINE: alpine-3.22-main, alpine-3.22-community
  the network is not to be used
OFFLINE: evil\\u001b[2J
  a\\u0007b
  https://example.org/evil\\u001b[2J

3 of 5 feeds failed; what was loaded before is still there.
`,
    )
  })

  it('breaks no path or address in a pipe, however long', () => {
    const message = `The mirror does not have this file (/${'a-long-folder/'.repeat(20)}file.xml.bz2)`
    const text = [...updateText([failed('debian', message)], { width: undefined, color: false })].join('')
    expect(text).toContain(message)
  })

  it('fits the terminal', () => {
    for (const text of updateText(outcomes, { width: 60, color: false })) {
      for (const line of text.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(60)
    }
  })
})

describe('what data prints', () => {
  it('says what is loaded, how old it is, and the last error', () => {
    const lastError = { at: '2026-03-01T11:30:00.000Z', code: 'NETWORK_FAILED', message: 'no route to host' }
    const never = status({
      feed: 'ubuntu',
      generation: 0,
      checkedAt: null,
      importedAt: null,
      records: 0,
      gaps: 0,
      lastError,
    })
    expect(
      [
        ...dataText(
          { feeds: [status(), never], notLoaded: ['ubuntu', 'alpine'], database: '/data/chiaro.db' },
          { width: 80, color: false, now },
        ),
      ].join(''),
    ).toBe(
      `Database: /data/chiaro.db

FEED    CHECKED      CHANGED     STATEMENTS  GAPS
debian  2 hours ago  2 days ago     100,051     3
ubuntu  never        never                0     0

ubuntu: NETWORK_FAILED 30 minutes ago
  no route to host

Not loaded: ubuntu, alpine
`,
    )
  })

  it('says that nothing is loaded', () => {
    expect(
      [...dataText({ feeds: [], notLoaded: [], database: 'x.db' }, { width: undefined, color: false, now })].join(''),
    ).toContain('No data is loaded.')
  })
})
