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

/**
 * A text that two packages have in common if and only if they are one: what it is of them, with the properties in one order.
 */
export function fleetPackageText({ release, package: pkg, repositories }: FleetPackage): string {
  const { id, versionId, codename, prettyName, idLike, cpe } = release
  const { type, name, version, arch, source, module } = pkg
  return JSON.stringify([
    [id, versionId, codename, prettyName, idLike, cpe],
    [type, name, version, arch, source.name, source.version, module ?? null],
    repositories,
  ])
}

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

/** A package with its number in the store. */
export interface NumberedPackage {
  readonly number: number
  readonly package: FleetPackage
}

/** What judging found in a package. */
export interface Judged {
  readonly findings: readonly FleetFinding[]
  /** Versions that could not be compared. */
  readonly gaps: readonly Gap[]
}

/** What judging found in the package of this number. */
export interface Judgement extends Judged {
  readonly number: number
  /** All that the package is looked up under; facts that its judgement asks for are keys of the scope `factScope(FEED)`. */
  readonly keys: readonly AdvisoryKey[]
  /** The ids of the vulnerabilities that were judged, where it was not all: other findings stay, and so do gaps and keys. */
  readonly only?: readonly string[]
}

/** A package of an image with what is open in it. */
export interface JudgedPackage extends NumberedPackage, Judged {
  /** Whether it was ever judged: without, that nothing is open says nothing. */
  readonly judged: boolean
}

/** The scope of keys that are the names of a feed's facts. */
export function factScope(feed: string): string {
  return `fact:${feed}`
}

/** An image of the fleet. */
export interface FleetImage {
  readonly digest: Digest
  /** What it was called when it was put: `registry/name:tag`, sorted. */
  readonly names: readonly string[]
  /** What read its packages: `analyzersKey` of compose.ts. */
  readonly analyzers: string
  /** When it was put with other packages than before, or for the first time, ISO 8601. */
  readonly indexedAt: string
}

/** An image with those of its packages that were asked for. */
export interface AffectedImage extends FleetImage {
  readonly packages: readonly FleetPackage[]
}

/** Where a list goes on; `undefined` starts it. What a store gives as `next` is its own matter, and a text of at most 200 characters. */
export type Cursor = string | undefined

/** A part of a list, in a stable order. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Where to go on; `undefined` at the end. */
  readonly next: Cursor
}

/** What may be asked for of a list. `limit` is 1 to `limits.pageSize`. Anything else, and a cursor that no list gave, is `CONFIG_INVALID`. */
export interface PageRequest {
  readonly after: Cursor
  readonly limit: number
}

/** Which images are asked for. */
export interface ImagesRequest extends PageRequest {
  readonly name?: string
  readonly newestFirst?: boolean
}

/** A finding's opening or closing in one package. */
export interface FindingEvent {
  readonly change: 'opened' | 'closed'
  /** ISO 8601. */
  readonly at: string
  readonly operation: number
  readonly cause: FleetCause
  readonly package: FleetPackage
  readonly finding: FleetFinding
}

/** What is kept true on a server: images, the distinct packages in them, and the findings of each, in operations. */
export interface FleetStore {
  /**
   * Puts an image, known or not, with its packages by the layers that brought them, in one transaction. Gives those of its
   * packages that were never judged: `judge` is to follow. Names are added to those that it has; a name that another image has
   * goes over to this one. That it is there already, read by the same analyzers, `image` tells at the cost of a look-up.
   */
  putImage(image: FleetImage, sets: readonly PackageSet[]): Promise<readonly NumberedPackage[]>
  image(digest: Digest): Promise<FleetImage | undefined>
  /**
   * All images, in the order in which they came or, `newestFirst`, the other way round; with `name` those of which a name has this
   * in it, for which all are looked at.
   */
  images(request: ImagesRequest): Promise<Page<FleetImage>>
  /** Forgets images and names; their packages go with `sweep`. Gives those that were there. */
  removeImages(digests: readonly Digest[]): Promise<readonly Digest[]>
  /**
   * Begins an operation, or carries on with one that was begun and not ended: of 'image' there is one, which never ends; of
   * 'data' the one of the same feed, whatever generations it is about; of 'rules' the one of the same rules, and those of other
   * rules are ended, as what they were for will not come. When this resolves, what was judged with older data than there is now
   * is committed, so that `packagesByKeys` finds it.
   */
  begin(cause: FleetCause): Promise<FleetOperation>
  /**
   * Judges packages: calls `find` for them, and writes what differs from the findings that are open as closed and opened under
   * the operation, in one transaction. If the data of any feed changes between, `find` is called again, so that nothing is
   * written of data that is over. If it does so a few times in a row, what was found last is written: of 'image' for packages that
   * nobody has judged, and they stay unjudged; of other operations as if nothing had changed, since who judges again after that
   * change comes later. A description or links that change are replaced, and are no event. Packages that are gone
   * meanwhile are left out. It is called again as well, with them in `whole`, for packages in which some vulnerabilities cannot be
   * judged by themselves: that were judged by other rules, have gaps, or have one of these open under several ids.
   */
  judge(
    operation: FleetOperation,
    rules: string,
    packages: readonly NumberedPackage[],
    find: (packages: readonly NumberedPackage[], whole: ReadonlySet<number>) => Promise<readonly Judgement[]>,
  ): Promise<{ readonly opened: number; readonly closed: number }>
  /** Ends an operation. Of a 'data' operation it notes the generation that packages are judged with now. */
  end(operation: FleetOperation): Promise<void>
  /** The packages that have one of these keys, in the order of their numbers, after number `after`. */
  packagesByKeys(keys: readonly AdvisoryKey[], after: number, limit: number): Promise<readonly NumberedPackage[]>
  /** The packages that were last judged by other rules, or never, in the order of their numbers; all of them without `rules`. */
  packagesOfOtherRules(rules: string | undefined, after: number, limit: number): Promise<readonly NumberedPackage[]>
  /** The packages that were never judged: what a process left that was killed between `putImage` and `judge`. */
  unjudgedPackages(after: number, limit: number): Promise<readonly NumberedPackage[]>
  /** For each feed the generation that packages were judged with: what `end` of a 'data' operation noted. */
  judgedGenerations(): Promise<ReadonlyMap<string, number>>
  /** The packages of an image, each once, with what is open in them; `undefined` for an image that is not there. */
  findings(digest: Digest): Promise<readonly JudgedPackage[] | undefined>
  /**
   * A text that stays the same while `findings` of the image, its index report and the state of all feeds do, for conditional
   * requests and caches: one short look-up. `undefined` for an image that is not there.
   */
  state(digest: Digest): Promise<string | undefined>
  /**
   * The images in which a vulnerability (by its id or one of its other ids) is open, in packages of one name only, if given; in the
   * order in which they came, each with the packages that have it.
   */
  imagesWithVulnerability(
    id: string,
    request: PageRequest & { readonly package?: string },
  ): Promise<Page<AffectedImage>>
  /** The images that have a package of this name, of one version only, if given; in the order in which they came. */
  imagesWithPackage(name: string, request: PageRequest & { readonly version?: string }): Promise<Page<AffectedImage>>
  /** What was opened and closed in the packages that an image has, the latest first. */
  timeline(digest: Digest, request: PageRequest): Promise<Page<FindingEvent>>
  /** The operations after a number, in order. */
  operations(after: number, limit: number): Promise<readonly FleetOperation[]>
  /** What an operation changed in images, in the order in which they came; nothing for that of 'image'. For notifications. */
  affected(
    operation: number,
    request: PageRequest,
  ): Promise<Page<{ readonly digest: Digest; readonly events: readonly FindingEvent[] }>>
  /**
   * Removes images that were put before `before` (ISO 8601) and whose index reports have gone since (`IndexStore`), packages
   * that are in no image any more, findings that were closed before `before`, and what only those referred to: a bounded part
   * at a time. `more`: it is to be called again.
   */
  sweep(before: string): Promise<Swept>
}

/** What a part of sweeping removed. */
export interface Swept {
  readonly images: number
  readonly packages: number
  readonly findings: number
  readonly more: boolean
}
