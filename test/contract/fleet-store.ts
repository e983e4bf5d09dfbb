import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FleetOperation, FleetPackage, FleetStore, NumberedPackage } from '../../src/core/fleet.ts'
import type { Store } from '../../src/core/store.ts'
import { digestOfNumber, fleetImage, fleetPackage, judgeAs } from '../support/fleet.ts'
import { testChangedKeys } from './fleet-store-changes.ts'
import { testFleetFindings } from './fleet-store-findings.ts'
import { testFleetImages } from './fleet-store-images.ts'
import { testFleetJudging } from './fleet-store-judging.ts'
import { testFleetQuestions } from './fleet-store-questions.ts'
import type { StoreSample } from './store.ts'

const first = { after: undefined, limit: 100 }
const ofImage = { kind: 'image' } as const

/** A fleet under test, as it is within a test. */
export interface OpenFleet {
  readonly sample: StoreSample
  readonly store: Store
  readonly fleet: FleetStore
  /** Of the cause 'image'. */
  readonly operation: FleetOperation
  /** Puts an image of one set, and judges what is new in it: each package has the vulnerabilities of these ids. */
  put(number: number, packages: readonly FleetPackage[], ids?: readonly string[]): Promise<void>
  /** What is open in an image, `PACKAGE ID`, sorted. */
  idsIn(number: number): Promise<readonly string[] | undefined>
  all(): Promise<readonly NumberedPackage[]>
}

/** What every database must keep of a fleet. */
export function testFleetStore(name: string, create: () => Promise<StoreSample>, several: boolean): void {
  describe(`the fleet of ${name}`, () => {
    let sample: StoreSample
    let store: Store
    let fleet: FleetStore
    let operation: FleetOperation

    beforeEach(async () => {
      sample = await create()
      store = await sample.open()
      fleet = store.fleet
      operation = await fleet.begin(ofImage)
    })

    afterEach(async () => {
      const problems = await store.verify()
      await store[Symbol.asyncDispose]()
      await sample.remove()
      expect(problems).toEqual([])
    })

    /** Puts an image of one set, and judges what is new in it. */
    async function put(number: number, packages: readonly FleetPackage[], ids: readonly string[] = []): Promise<void> {
      const unjudged = await fleet.putImage(fleetImage(number), [packages])
      await judgeAs(fleet, operation, unjudged, () => ids)
    }

    async function idsIn(number: number): Promise<readonly string[] | undefined> {
      const found = await fleet.findings(digestOfNumber(number))
      return found?.flatMap(({ findings }) => findings.map(({ id, package: pkg }) => `${pkg} ${id}`)).sort()
    }

    async function all(): Promise<readonly NumberedPackage[]> {
      return fleet.packagesOfOtherRules(undefined, 0, 1000)
    }

    const on: OpenFleet = {
      get sample() {
        return sample
      },
      get store() {
        return store
      },
      get fleet() {
        return fleet
      },
      get operation() {
        return operation
      },
      put,
      idsIn,
      all,
    }

    testFleetImages(on)
    testFleetFindings(on)
    testFleetJudging(on)
    testFleetQuestions(on)
    testChangedKeys(on)

    it.skipIf(!several)('several that put and judge the same at once make it once', async () => {
      const stores = await Promise.all(Array.from({ length: 4 }, () => sample.open()))
      try {
        const packages = Array.from({ length: 30 }, (_, index) => fleetPackage(`package-${index}`))
        const setsOf = (number: number) => [packages, packages.slice(number % 5), packages.slice(-(number % 3) - 1)]
        await Promise.all(
          stores.map(async ({ fleet: own }, place) => {
            for (let number = 0; number < 6; number++) {
              const image = (number + place) % 6
              const unjudged = await own.putImage(fleetImage(image, [`example.org/${number}`]), setsOf(image))
              await judgeAs(own, operation, unjudged, () => ['CVE-1', `CVE-${number % 2}`])
            }
          }),
        )
        expect(await all()).toHaveLength(30)
        const { items } = await fleet.images(first)
        expect(items).toHaveLength(6)
        for (const { digest } of items) expect(await fleet.findings(digest)).toHaveLength(30)
        expect(await fleet.unjudgedPackages(0, 10)).toEqual([])
      } finally {
        for (const own of stores) await own[Symbol.asyncDispose]()
      }
    })
  })
}
