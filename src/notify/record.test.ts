import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databases, type TestDatabase } from '../../test/support/databases.ts'
import { fleetFinding, fleetImage, fleetPackage, judgement } from '../../test/support/fleet.ts'
import type { FleetFinding } from '../core/fleet.ts'
import type { Store } from '../core/store.ts'
import { openStore } from '../store/open.ts'
import { lookBack, type RecordOptions, recordOperations } from './record.ts'

const never = new AbortController().signal
const packages = [fleetPackage('openssl'), fleetPackage('zlib')]

describe.each(databases)('notifications of operations, in $name', ({ create }) => {
  let database: TestDatabase
  let store: Store

  beforeEach(async () => {
    database = await create()
    store = await openStore(database.location)
    const operation = await store.fleet.begin({ kind: 'image' })
    for (const number of [1, 2]) {
      const unjudged = await store.fleet.putImage(fleetImage(number), [packages.slice(0, number)])
      await store.fleet.judge(operation, 'rules', unjudged, async (asked) => asked.map((one) => judgement(one, [])))
    }
  })
  afterEach(async () => {
    expect(await store.verify()).toEqual([])
    await store[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const options = (more: Partial<RecordOptions> = {}): RecordOptions => ({
    fleet: store.fleet,
    notifications: store.notifications,
    summary: true,
    byVulnerability: false,
    firstLoads: false,
    signal: never,
    ...more,
  })
  const record = (more: Partial<RecordOptions> = {}) => recordOperations(options(more))

  /** What each package has from now on, by its name. */
  type Found = Readonly<Record<string, readonly [id: string, more?: Partial<FleetFinding>][]>>

  /** An operation that judges all packages to have this. */
  async function operate(found: Found, { feed = 'debian', from = 1, end = true } = {}): Promise<number> {
    const { fleet } = store
    const operation = await fleet.begin({ kind: 'data', feed, from, to: from + 1 })
    const all = await fleet.packagesOfOtherRules(undefined, 0, 100)
    await fleet.judge(operation, 'rules', all, async (asked) =>
      asked.map((one) =>
        judgement(
          one,
          (found[one.package.package.name] ?? []).map(([id, more]) => fleetFinding(id, one.package, more)),
        ),
      ),
    )
    if (end) await fleet.end(operation)
    return operation.number
  }

  /** What is to be delivered: of each notification the entries. */
  async function waiting(): Promise<readonly (readonly string[])[]> {
    const told: string[][] = []
    for (;;) {
      const now = new Date().toISOString()
      const claimed = await store.notifications.claim({ now, until: '2999-01-01', horizon: '3000-01-01' })
      if (claimed === undefined) return told
      const { items } = await store.notifications.entries(claimed.id, undefined, 1000)
      told.push(items.map(({ manifest, reason, finding }) => `${manifest.at(-1)} ${reason} ${finding.id}`).sort())
    }
  }

  const high = { severity: 'high' } as const
  const low = { severity: 'low' } as const

  it('tell the most severe change of each image, in one notification for an operation', async () => {
    await record()
    await operate({
      openssl: [
        ['CVE-1', low],
        ['CVE-2', high],
      ],
      zlib: [['CVE-3', { severity: 'critical' }]],
    })
    expect(await record()).toBe(1)
    expect(await waiting()).toEqual([['1 added CVE-2', '2 added CVE-3']])
    expect(await record()).toBe(0)
    await operate({ openssl: [['CVE-1', low]] }, { from: 2 })
    expect(await record()).toBe(1)
    expect(await waiting()).toEqual([['1 removed CVE-2', '2 removed CVE-3']])
  })

  it('tell every vulnerability of each image, if that is wanted', async () => {
    await record()
    await operate({
      openssl: [
        ['CVE-1', low],
        ['CVE-2', high],
      ],
    })
    await record({ summary: false })
    expect(await waiting()).toEqual([['1 added CVE-1', '1 added CVE-2', '2 added CVE-1', '2 added CVE-2']])
  })

  it('are one for each vulnerability, where the notifier wants that', async () => {
    await record()
    await operate({
      openssl: [
        ['CVE-1', low],
        ['CVE-2', high],
      ],
      zlib: [['CVE-2', high]],
    })
    expect(await record({ byVulnerability: true })).toBe(1)
    expect(await waiting()).toEqual([
      ['1 added CVE-1', '2 added CVE-1'],
      ['1 added CVE-2', '2 added CVE-2', '2 added CVE-2'],
    ])
    expect(await record({ byVulnerability: true })).toBe(0)
  })

  it('are none for what was before the first time', async () => {
    await operate({ openssl: [['CVE-1']] })
    const open = await operate({ zlib: [['CVE-1']] }, { feed: 'other', end: false })
    expect(await record()).toBe(0)
    expect(await record()).toBe(0)
    expect(await waiting()).toEqual([])
    // What had not ended then is told when it has.
    await store.fleet.end((await store.fleet.operations(open - 1, 1))[0]!)
    expect(await record()).toBe(1)
    expect(await waiting()).toHaveLength(1)
  })

  it('are none for the first data of a feed, which finds everything at once, unless they are wanted', async () => {
    await record()
    await operate({ openssl: [['CVE-1']] }, { from: 0 })
    expect(await record()).toBe(1)
    expect(await waiting()).toEqual([])
    await operate({ openssl: [['CVE-1'], ['CVE-2']] }, { from: 0, feed: 'other' })
    expect(await record({ firstLoads: true })).toBe(1)
    expect(await waiting()).toEqual([['1 added CVE-2', '2 added CVE-2']])
  })

  it('are there for the first of what people have added themselves', async () => {
    await record()
    await operate({ openssl: [['OWN-1']] }, { from: 0, feed: 'own-debian-13' })
    expect(await record()).toBe(1)
    expect(await waiting()).toEqual([['1 added OWN-1', '2 added OWN-1']])
  })

  it('are none for operations that are not about data, or that change nothing in images', async () => {
    await record()
    const rules = await store.fleet.begin({ kind: 'rules', rules: 'other' })
    await store.fleet.end(rules)
    await operate({})
    expect(await record()).toBe(1)
    expect(await waiting()).toEqual([])
  })

  it('wait for an operation that goes on, and tell those behind it once', async () => {
    await record()
    const slow = await operate({ openssl: [['CVE-1']] }, { feed: 'slow', end: false })
    await operate({ openssl: [['CVE-1']], zlib: [['CVE-2']] })
    expect(await record()).toBe(1)
    expect(await record()).toBe(0)
    expect(await waiting()).toEqual([['2 added CVE-2']])
    await store.fleet.end((await store.fleet.operations(slow - 1, 1))[0]!)
    expect(await record()).toBe(1)
    expect(await waiting()).toEqual([['1 added CVE-1', '2 added CVE-1']])
    expect(await record()).toBe(0)
  })

  it('that a killed process half made are made whole by another', async () => {
    await record()
    await operate({ openssl: [['CVE-1']] })
    const stop = new AbortController()
    const { notifications } = store
    const stopping = {
      ...notifications,
      add: async (...args: Parameters<typeof notifications.add>) => {
        await notifications.add(...args)
        stop.abort()
        throw stop.signal.reason
      },
    }
    await expect(record({ notifications: stopping, signal: stop.signal })).rejects.toThrow()
    expect(await waiting()).toEqual([])
    expect(await record()).toBe(1)
    expect(await waiting()).toEqual([['1 added CVE-1', '2 added CVE-1']])
  })

  it('are made of as many operations as there are, and once each by several processes', async () => {
    await record()
    const count = lookBack + 20
    for (let number = 1; number <= count; number++) {
      await operate({ openssl: [[`CVE-${number}`]] }, { from: number })
    }
    await using other = await openStore(database.location)
    const both = [store, other].map(({ fleet, notifications, lock }) =>
      lock('notifications', never, () => record({ fleet, notifications })),
    )
    const recorded = await Promise.all(both)
    expect(recorded[0]! + recorded[1]!).toBeGreaterThanOrEqual(count)
    expect(await waiting()).toHaveLength(count)
    expect(await record()).toBe(0)
  })
})
