import { describe, expect, it } from 'vitest'
import type { FeedChanges } from '../../compose.ts'
import type { FeedOutcome } from '../../core/feed-outcome.ts'
import type { FactChange, FeedStatus, Generation, StatementChange } from '../../core/store.ts'
import { displayWidth } from '../../report/layout.ts'
import { dataText } from './data.ts'
import { diffText } from './diff.ts'
import { gapsText } from './gaps.ts'
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

describe('what gaps prints', () => {
  const gap = (where: string, detail: string) => ({ code: 'data-record-unreadable' as const, where, detail })
  const text = (...args: Parameters<typeof gapsText>) => [...gapsText(...args)].join('')

  it('is each record, what is wrong with it, and how many there are', () => {
    const leftOut = [
      { feed: 'nvd-2024', records: 1, gaps: [gap('CVE-2024-0005', 'It was left out: /cve must be an object.')] },
      { feed: 'debian', records: 1500, gaps: [gap('evil\u001b[2J', 'a\u0007b'), gap('package 7', 'c')] },
    ]
    expect(text(leftOut, { width: undefined, color: false })).toBe(
      `FEED      RECORD         WHAT
nvd-2024  CVE-2024-0005  It was left out: /cve must be an object.
debian    evil\\u001b[2J  a\\u0007b
debian    package 7      c

nvd-2024: 1 record could not be read and was left out.
debian: 1,500 records could not be read and were left out, of which the first 2 are kept.
`,
    )
    for (const shown of text(leftOut, { width: 60, color: false }).split('\n')) {
      expect(displayWidth(shown), shown).toBeLessThanOrEqual(60)
    }
  })

  it('says that there are none', () => {
    expect(text([], { width: 80, color: false })).toBe('Every record could be read.\n')
  })
})

describe('what a diff prints', () => {
  const generation = (number: number): Generation => ({
    number,
    importedAt: `2026-03-0${number}T10:00:00.000Z`,
    dataTime: null,
    fingerprint: '',
    version: 1,
    records: 1,
    gaps: 0,
  })
  const key = (name: string) => ({ scope: 'debian:12', name })
  const changes: readonly StatementChange[] = [
    {
      change: 'changed',
      key: key('curl'),
      vulnerability: 'CVE-2099-2',
      before: { key: key('curl'), fix: 'open', rating: { severity: 'high', source: 'debian', original: 'high*' } },
      after: { key: key('curl'), fix: 'fixed', fixedIn: '7.88-1', advisory: 'DSA-1-1', note: 'evil\u001b[2J' },
    },
    {
      change: 'added',
      key: key('nodejs module=nodejs:18'),
      vulnerability: 'CVE-2099-3',
      before: undefined,
      after: {
        key: key('nodejs'),
        fix: 'open',
        ranges: [{ introduced: '1.0', fixed: '1.2' }, { lastAffected: '0.9' }, { introduced: '2.0' }],
      },
    },
  ]
  const diff = (
    found: readonly StatementChange[],
    from: Generation | undefined,
    facts: readonly FactChange[] = [],
  ): FeedChanges => ({
    feed: 'debian',
    from,
    to: generation(3),
    statements: (async function* () {
      yield* found
    })(),
    facts: (async function* () {
      yield* facts
    })(),
  })
  const text = async (found: FeedChanges, width?: number) => {
    let all = ''
    for await (const part of diffText(found, { width, color: false })) all += part
    return all
  }

  it('is a line a change with all that was said before and after, and the numbers', async () => {
    expect(await text(diff(changes, generation(1)))).toBe(
      `CHANGE   SCOPE      PACKAGE                  VULNERABILITY  BEFORE              AFTER
changed  debian:12  curl                     CVE-2099-2     open, high (high*)  fixed in 7.88-1, DSA-1-1, evil\\u001b[2J
added    debian:12  nodejs module=nodejs:18  CVE-2099-3                         open, affected [1.0,1.2) [,0.9] [2.0,)

debian, generation 1 (2026-03-01T10:00:00.000Z) to generation 3 (2026-03-03T10:00:00.000Z): 1 added, 1 changed.
`,
    )
  })

  it('says when there is nothing', async () => {
    expect(await text(diff([], undefined))).toBe(
      'debian, from nothing to generation 3 (2026-03-03T10:00:00.000Z): no statement and no fact changed.\n',
    )
  })

  it('lists facts by name, and counts them by themselves', async () => {
    const facts: readonly FactChange[] = [
      { change: 'added', name: 'CVE-2099-1', before: undefined, after: ['2099-01-01', null, false] },
      { change: 'closed', name: 'evil\u001b[2J', before: { cpes: ['cpe:/a:\u001b'] }, after: undefined },
    ]
    expect(await text(diff([], generation(1), facts))).toBe(
      `CHANGE     FACT           BEFORE                      AFTER
added      CVE-2099-1                                 ["2099-01-01",null,false]
withdrawn  evil\\u001b[2J  {"cpes":["cpe:/a:\\u001b"]}

debian, generation 1 (2026-03-01T10:00:00.000Z) to generation 3 (2026-03-03T10:00:00.000Z): facts: 1 added, 1 withdrawn.
`,
    )
    const both = await text(diff(changes, generation(1), facts))
    expect(both).toContain('): 1 added, 1 changed; facts: 1 added, 1 withdrawn.\n')
  })

  it('has one line of titles, however many changes there are', async () => {
    const many = Array.from({ length: 2500 }, () => changes[0]!)
    const lines = (await text(diff(many, generation(1)))).split('\n')
    expect(lines.filter((line) => line.startsWith('CHANGE'))).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('changed'))).toHaveLength(2500)
  })

  it('fits the terminal', async () => {
    for (const line of (await text(diff(changes, generation(1)), 90)).split('\n')) {
      expect(displayWidth(line), line).toBeLessThanOrEqual(90)
    }
  })
})
