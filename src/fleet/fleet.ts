import type { Digest } from '../core/digest.ts'
import type { Ecosystem } from '../core/ecosystem.ts'
import type { Enricher } from '../core/enricher.ts'
import type { IndexReport, VulnerabilityReport } from '../core/report.ts'
import type { Store } from '../core/store.ts'
import type { Rejudged } from './rejudge.ts'

/** How a report of the fleet is made. */
export interface FleetReportRunOptions {
  /** Data checked longer ago than this, in milliseconds, is a gap. */
  readonly maxDataAge: number
}

/** What is kept true of all images that are put into it. What it does is loaded when it is used. */
export interface Fleet {
  /** Puts an image with these names; `addImage` of fleet/add-image.ts. */
  add(index: IndexReport, names: readonly string[], signal: AbortSignal): Promise<void>
  /** The report of an image with what is kept, if the fleet can tell; without enrichment. */
  report(index: IndexReport, options: FleetReportRunOptions): Promise<VulnerabilityReport | undefined>
  /** Forgets images, and their index reports. Gives the digests of those whose index reports were there. */
  remove(digests: readonly Digest[]): Promise<readonly Digest[]>
  /** Brings all findings up to date, where no other process does. */
  rejudge(signal: AbortSignal): Promise<readonly Rejudged[]>
  /** Judges again what other code judged: once for each new version, at its start. */
  rejudgeByRules(signal: AbortSignal): Promise<readonly Rejudged[]>
}

/** What a fleet is made of. */
export interface FleetParts {
  readonly store: Store
  readonly ecosystems: readonly Ecosystem[]
  readonly enrichers: readonly Enricher[]
  readonly analyzersKey: string
  /** Identifies the code that judges. */
  readonly rules: string
  /** The version of Chiaro, for reports. */
  readonly version: string
}

export function createFleet({ store, ecosystems, enrichers, analyzersKey, rules, version }: FleetParts): Fleet {
  const { fleet, advisories } = store
  const parts = { fleet, advisories, ecosystems, enrichers, rules }
  return {
    add: async (index, names, signal) => {
      const { addImage } = await import('./add-image.ts')
      await addImage(index, names, { ...parts, analyzers: analyzersKey, signal })
    },
    report: async (index, { maxDataAge }) => {
      const { fleetReport } = await import('./report.ts')
      // What only names advisories is not wanted.
      return fleetReport(index, { ...parts, maxDataAge, enrich: false, asOf: undefined, now: new Date(), version })
    },
    remove: async (digests) => {
      await fleet.removeImages(digests)
      return store.index.removeImages(digests)
    },
    rejudge: async (signal) => {
      const { rejudge } = await import('./rejudge.ts')
      return store.lock('fleet', signal, () => rejudge({ ...parts, signal }))
    },
    rejudgeByRules: async (signal) => {
      const { rejudgeByRules } = await import('./rejudge.ts')
      return store.lock('fleet', signal, () => rejudgeByRules({ ...parts, signal }))
    },
  }
}
