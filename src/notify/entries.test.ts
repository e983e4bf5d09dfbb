import { describe, expect, it } from 'vitest'
import { digestOfNumber, fleetFinding, fleetPackage } from '../../test/support/fleet.ts'
import type { FindingEvent, FleetFinding } from '../core/fleet.ts'
import { changesOf, entriesOf, summaryOf } from './entries.ts'

const openssl = fleetPackage('openssl')
const event = (
  change: FindingEvent['change'],
  id: string,
  finding: Partial<FleetFinding> = {},
  pkg = openssl,
): FindingEvent => ({
  change,
  at: '2026-01-01T00:00:00Z',
  operation: 1,
  cause: { kind: 'data', feed: 'debian', from: 1, to: 2 },
  package: pkg,
  finding: { ...fleetFinding(id, pkg), ...finding },
})
const told = (events: readonly FindingEvent[]) =>
  changesOf(events).map(({ reason, finding }) => `${reason} ${finding.id} ${finding.severity}`)

describe('changes in an image', () => {
  it('are added or removed', () => {
    const events = [event('opened', 'CVE-1', { severity: 'low' }), event('closed', 'CVE-2', { severity: 'high' })]
    expect(told(events)).toEqual(['added CVE-1 low', 'removed CVE-2 high'])
  })

  it('tell what is there in another way as added, as it is now', () => {
    const events = [event('closed', 'CVE-1', { severity: 'low' }), event('opened', 'CVE-1', { severity: 'critical' })]
    expect(told(events)).toEqual(['added CVE-1 critical'])
  })

  it('are none where nothing differs that is told', () => {
    const same = { severity: 'low', fixedIn: '2', state: 'fixed' } as const
    const events = [
      event('closed', 'CVE-1', { ...same, links: ['a'] }),
      event('opened', 'CVE-1', { ...same, links: ['b'] }),
    ]
    expect(told(events)).toEqual([])
    expect(told([...events, event('opened', 'CVE-1', { ...same, fixedIn: '3' })])).toEqual(['added CVE-1 low'])
  })

  it('are one for the packages of one source', () => {
    const why = fleetFinding('CVE-1', openssl).why
    const events = [event('opened', 'CVE-1', { why }), event('opened', 'CVE-1', { why }, fleetPackage('libssl3'))]
    expect(changesOf(events)).toHaveLength(1)
    const other = event('opened', 'CVE-1', { why: { ...why, name: 'openssl1.1' } })
    expect(changesOf([...events, other])).toHaveLength(2)
  })
})

describe('the summary of an image', () => {
  const changes = (...events: readonly FindingEvent[]) =>
    summaryOf(changesOf(events)).map(({ reason, finding }) => `${reason} ${finding.id}`)

  it('is the most severe of what was added', () => {
    expect(
      changes(
        event('closed', 'CVE-0', { severity: 'critical' }),
        event('opened', 'CVE-1', { severity: 'low' }),
        event('opened', 'CVE-2', { severity: 'high' }),
        event('opened', 'CVE-3', { severity: 'unknown' }),
      ),
    ).toEqual(['added CVE-2'])
  })

  it('is the most severe of what was removed, if nothing was added', () => {
    expect(
      changes(event('closed', 'CVE-1', { severity: 'low' }), event('closed', 'CVE-2', { severity: 'medium' })),
    ).toEqual(['removed CVE-2'])
    expect(changes()).toEqual([])
  })

  it('is the same in whatever order changes come', () => {
    const [one, two] = [event('opened', 'CVE-1', { severity: 'high' }), event('opened', 'CVE-2', { severity: 'high' })]
    expect(changes(one, two)).toEqual(changes(two, one))
  })
})

describe('entries', () => {
  it('have ids that are UUIDs, the same for the same change of the same image in the same notification', () => {
    const [one, two] = changesOf([event('opened', 'CVE-1'), event('opened', 'CVE-2')])
    const ids = (notification: string, image: number) =>
      entriesOf(notification, digestOfNumber(image), [one!, two!]).map(({ id }) => id)
    expect(ids('a', 1)).toEqual(ids('a', 1))
    const all = [...ids('a', 1), ...ids('a', 2), ...ids('b', 1)]
    expect(new Set(all).size).toBe(6)
    for (const id of all) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})
