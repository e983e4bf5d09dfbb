import { describe, expect, it } from 'vitest'
import { type Ecosystem, noFacts } from '../../src/core/ecosystem.ts'
import type { Package, Release } from '../../src/core/package.ts'

/** What an ecosystem has to show of itself for the contract. */
export interface EcosystemSample {
  /** A release that it covers, as os-release states it. */
  readonly release: Release
  /** A release of a derivative, which it must not take for its own. */
  readonly derivative: Release
  /** A package of that release. */
  readonly package: Package
  /** Versions in ascending order. */
  readonly versions: readonly string[]
}

/** What every ecosystem must keep. */
export function testEcosystem(ecosystem: Ecosystem, sample: EcosystemSample): void {
  describe(`the contract of ${ecosystem.id}`, () => {
    const coverage = ecosystem.coverage(sample.release)

    it('covers its own release, with scopes and feeds', () => {
      expect(coverage).toBeDefined()
      expect(coverage!.scopes.length).toBeGreaterThan(0)
      expect(coverage!.feeds.length).toBeGreaterThan(0)
      for (const scope of coverage!.scopes) expect(scope.startsWith(`${ecosystem.id}:`)).toBe(true)
    })

    it('does not cover a derivative, an unknown distribution or an empty release file', () => {
      expect(ecosystem.coverage(sample.derivative)).toBeUndefined()
      expect(ecosystem.coverage({ ...sample.release, id: 'plan9' })).toBeUndefined()
      expect(ecosystem.coverage({ ...sample.release, id: '' })).toBeUndefined()
    })

    it('the feeds of a release are feeds of the ecosystem, and have statements for its scopes', () => {
      const known = new Set(ecosystem.feeds().map((feed) => feed.id))
      const scopes = new Set(coverage!.feeds.flatMap((feed) => feed.scopes))
      for (const feed of coverage!.feeds) expect(known.has(feed.id), feed.id).toBe(true)
      for (const scope of coverage!.scopes) expect(scopes.has(scope), scope).toBe(true)
    })

    it('every feed has an https address and a parser version', () => {
      for (const feed of ecosystem.feeds()) {
        expect(new URL(feed.url).protocol).toBe('https:')
        expect(feed.version).toBeGreaterThan(0)
      }
    })

    it('gives a package keys in the scopes of its release', () => {
      expect(ecosystem.packageTypes).toContain(sample.package.type)
      const keys = ecosystem.keys(sample.package, coverage!, noFacts)
      expect(keys.length).toBeGreaterThan(0)
      for (const key of keys)
        expect(
          coverage!.scopes.some((scope) => key.scope.startsWith(scope)),
          key.scope,
        ).toBe(true)
    })

    it('end of life is a day', () => {
      if (coverage!.endOfLife !== undefined) expect(coverage!.endOfLife).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    })

    it('orders versions', () => {
      for (const [index, left] of sample.versions.entries()) {
        for (const [other, right] of sample.versions.entries()) {
          expect(ecosystem.versions.compare(left, right), `${left} and ${right}`).toBe(Math.sign(index - other))
        }
      }
    })

    it('has at least one analyzer, each with a version and limits', () => {
      expect(ecosystem.analyzers.length).toBeGreaterThan(0)
      for (const analyzer of ecosystem.analyzers) {
        expect(analyzer.version).toBeGreaterThan(0)
        expect(analyzer.maxBytes).toBeGreaterThan(0)
      }
    })
  })
}
