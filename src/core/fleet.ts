import type { AdvisoryKey } from './advisory.ts'
import type { Digest } from './digest.ts'
import type { Gap } from './gap.ts'
import type { Package, Release } from './package.ts'
import type { Finding } from './report.ts'

/**
 * All that the judgement of a package depends on: the package, the release that it is in, and the repositories that it came from.
 * Where it lies and which layer brought it are an image's matter. Packages that are equal in this are one, in however many images.
 */
export interface FleetPackage {
  readonly release: Release
  readonly package: Package
  /** Sorted. Empty where layers name none. */
  readonly repositories: readonly string[]
}

/** The packages that one layer of an image brought and that are still there: images that share layers share these. */
export type PackageSet = readonly FleetPackage[]

/** Why a finding was opened or closed. */
export type FleetCause =
  | { readonly kind: 'image' }
  | { readonly kind: 'data'; readonly feed: string; readonly from: number; readonly to: number }
  | { readonly kind: 'rules'; readonly rules: string }

/** A run that judged packages anew, all for the same cause. Its number tells it from others and grows. */
export interface FleetOperation {
  readonly number: number
  readonly cause: FleetCause
  /** ISO 8601. */
  readonly startedAt: string
  /** `null` while it runs; what was begun and never ended is carried on by who comes next. */
  readonly endedAt: string | null
}

/** A finding as the fleet keeps it: without what enrichment adds, and without where the package lies. */
export type FleetFinding = Omit<Finding, 'why'> & {
  readonly why: Omit<Finding['why'], 'path' | 'layer' | 'layerDigest' | 'createdBy'>
}

/** What judging found in a package. */
export interface Judged {
  /** The package's number in the store. */
  readonly package: number
  readonly findings: readonly FleetFinding[]
  /** Versions that could not be compared. */
  readonly gaps: readonly Gap[]
}

/** A package that is to be judged. */
export interface UnjudgedPackage {
  readonly number: number
  readonly package: FleetPackage
}

/** An image of the fleet. */
export interface FleetImage {
  readonly digest: Digest
  /** What it was called when it was put: `registry/name:tag`, sorted. */
  readonly names: readonly string[]
  readonly indexedAt: string
}

/** Where a list goes on; `undefined` starts it. What a store gives as `next` is its own matter, and a text of at most 200 characters. */
export type Cursor = string | undefined

/** A part of a list, in a stable order. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Where to go on; `undefined` at the end. */
  readonly next: Cursor
}

/** What may be asked for of a list. `limit` is 1 to `limits.pageSize`. */
export interface PageRequest {
  readonly after: Cursor
  readonly limit: number
}

/** A finding's opening or closing in one package. */
export interface FindingEvent {
  readonly change: 'opened' | 'closed'
  readonly at: string
  readonly operation: number
  readonly cause: FleetCause
  readonly package: FleetPackage
  readonly finding: FleetFinding
}

/** What is kept true on a server: images, the distinct packages in them, and the findings of each, in operations. */
export interface FleetStore {
  /**
   * Puts an image, known or not, with its packages by the layers that brought them, in one transaction. An image that is there
   * with the same sets costs a look-up. Gives the packages that were never judged: `judge` is to follow. Names are added to those
   * that it has; a name that another image has goes over to this one.
   */
  putImage(image: FleetImage, sets: readonly PackageSet[]): Promise<readonly UnjudgedPackage[]>
  image(digest: Digest): Promise<FleetImage | undefined>
  images(request: PageRequest): Promise<Page<FleetImage>>
  /** Forgets images and names; their packages go with `sweep`. Gives those that were there. */
  removeImages(digests: readonly Digest[]): Promise<readonly Digest[]>
  /**
   * Begins an operation, or carries on with one for the same cause that was begun and not ended. Of 'image' there is one that
   * never ends.
   */
  begin(cause: FleetCause): Promise<FleetOperation>
  /**
   * Judges packages in one transaction, in which nobody else judges the same: calls `find` for them as they are, after which what
   * differs from the findings that are open is closed and opened under the operation. `keys` are all that a package is looked up
   * under, so that `packagesByKeys` finds it; facts that its judgement asks for are keys of the scope `fact:FEED`.
   */
  judge(
    operation: FleetOperation,
    rules: string,
    packages: readonly UnjudgedPackage[],
    find: (
      packages: readonly UnjudgedPackage[],
    ) => Promise<readonly (Judged & { readonly keys: readonly AdvisoryKey[] })[]>,
  ): Promise<{ readonly opened: number; readonly closed: number }>
  /** Ends an operation; what it was for is not asked for again. */
  end(operation: FleetOperation): Promise<void>
  /** The packages that have one of these keys, in the order of their numbers, after number `after`. */
  packagesByKeys(keys: readonly AdvisoryKey[], after: number, limit: number): Promise<readonly UnjudgedPackage[]>
  /** The packages that were last judged by other rules, or never, in the order of their numbers. */
  packagesOfOtherRules(rules: string, after: number, limit: number): Promise<readonly UnjudgedPackage[]>
  /** For each feed the generation that packages were judged with: what `end` of a 'data' operation noted. */
  judgedGenerations(): Promise<ReadonlyMap<string, number>>
  /** What is open in the packages of an image; `undefined` for an image that is not there. */
  findings(digest: Digest): Promise<readonly (Judged & { readonly fleetPackage: FleetPackage })[] | undefined>
  /**
   * A text that stays the same while `findings` of the image does, for conditional requests and caches; cheap.
   */
  state(digest: Digest): Promise<string | undefined>
  /** The images in which a vulnerability (by its id or one of its other ids) is open, by digest; of one package only, if named. */
  imagesWithVulnerability(
    id: string,
    request: PageRequest & { readonly package?: string },
  ): Promise<Page<FleetImage & { readonly packages: readonly FleetPackage[] }>>
  /** The images that have a package of this name, of one version only, if given. */
  imagesWithPackage(
    name: string,
    request: PageRequest & { readonly version?: string },
  ): Promise<Page<FleetImage & { readonly packages: readonly FleetPackage[] }>>
  /** What was opened and closed in the packages that an image has, the latest first. */
  timeline(digest: Digest, request: PageRequest): Promise<Page<FindingEvent>>
  /** The operations after a number, in order. */
  operations(after: number, limit: number): Promise<readonly FleetOperation[]>
  /** What an operation changed in images, in the order of digests: for notifications. */
  affected(
    operation: number,
    request: PageRequest,
  ): Promise<Page<{ readonly digest: Digest; readonly events: readonly FindingEvent[] }>>
  /** Removes packages that are in no image any more and closed findings of before `before` (ISO 8601), a bounded part at a time; whether there is more. */
  sweep(before: string): Promise<{ readonly packages: number; readonly findings: number; readonly more: boolean }>
}
