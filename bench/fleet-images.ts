// The images of a simulated fleet: package lists of real images, shared and varied as in a registry.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../src/core/digest.ts'
import type { Release } from '../src/core/package.ts'
import { packageUrl } from '../src/core/purl.ts'
import type { IndexedPackage, IndexReport } from '../src/core/report.ts'
import type { Tracker } from './generate-feed.ts'

interface ListedPackage {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly arch: string
  readonly source: string
  readonly sourceVersion: string
}

/** How many different layers of each kind there are: bases of each release, runtimes, and layers of applications. */
const variants = { base: 30, runtime: 300, application: 2000 } as const

/** Packages of a runtime, and of an application. One application of twenty has packages that no other has. */
const sizes = { runtime: 200, application: 4 } as const

/** The images of a fleet by their numbers, from 0: each is always the same. */
export interface FleetImages {
  /** What its layers are told from others by: layers that are called the same have the same packages. */
  layers(number: number): readonly string[]
  image(number: number): IndexReport
}

/** A layer before its packages are made. */
interface Layer {
  readonly key: string
  readonly isUnique: boolean
  readonly list: readonly ListedPackage[]
}

export function fleetImages(corpus: string, tracker: Tracker): FleetImages {
  const bases = ['11:bullseye', '12:bookworm', '13:trixie'].flatMap((text) => {
    const [versionId = '', codename = ''] = text.split(':')
    const own = readList(corpus, `debian-${versionId}-slim`)
    return own === undefined ? [] : [{ release: releaseOf(versionId, codename), own }]
  })
  const slim = new Set(bases.flatMap(({ own }) => own.map(({ name }) => name)))
  // The group of large images takes long to build, and is not in every corpus.
  const others = readList(corpus, 'debian-12-large') ?? readList(corpus, 'debian-12-python') ?? []
  const extras = others.filter(({ name }) => !slim.has(name))
  const fixes = fixesOf(tracker)
  const made = new Map<string, readonly IndexedPackage[]>()
  const baseOf = (number: number) => bases[number % bases.length]!
  const layersOf = (number: number): readonly Layer[] => {
    const { release, own } = baseOf(number)
    const runtime = (number * 7) % variants.runtime
    const isUnique = number % 20 === 0
    const application = isUnique ? `unique ${number}` : String((number * 13) % variants.application)
    const key = (kind: string) => `${release.versionId} ${kind}`
    return [
      { key: key(`base ${(number * 11) % variants.base}`), isUnique: false, list: own },
      { key: key(`runtime ${runtime}`), isUnique: false, list: rotated(extras, runtime * 31, sizes.runtime) },
      {
        key: key(`application ${application}`),
        isUnique,
        list: rotated(extras, hashOf(application), sizes.application),
      },
    ]
  }
  return {
    layers: (number) => layersOf(number).map(({ key }) => key),
    image(number) {
      const { release } = baseOf(number)
      const packages = layersOf(number).flatMap(({ key, isUnique, list }, layer) => {
        const known = made.get(key)
        const own = known ?? list.map((pkg) => indexed(pkg, key, layer, release, fixes))
        if (known === undefined && !isUnique) made.set(key, own)
        return own
      })
      return indexOf(number, release, packages)
    },
  }
}

function readList(corpus: string, name: string): readonly ListedPackage[] | undefined {
  const file = join(corpus, `${name}.packages.json`)
  if (!existsSync(file)) return undefined
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { readonly packages: readonly ListedPackage[] }
  return packages.filter(({ type }) => type === 'deb')
}

function releaseOf(versionId: string, codename: string): Release {
  return { id: 'debian', versionId, codename, prettyName: `Debian ${versionId}`, idLike: [], cpe: '' }
}

/** The versions that fixed something in a source package. */
function fixesOf(tracker: Tracker): ReadonlyMap<string, readonly string[]> {
  const fixes = Object.entries(tracker).map(([name, issues]) => {
    const versions = Object.values(issues).flatMap(({ releases }) =>
      Object.values(releases).flatMap(({ fixed_version: version }) => version ?? []),
    )
    return [name, [...new Set(versions)].filter((version) => version !== '0').slice(0, 8)] as const
  })
  return new Map(fixes)
}

/** A package of one layer: in four of five as it is listed, else in another version that there was; and own ones of its own. */
function indexed(
  { type, name, version, arch, source, sourceVersion }: ListedPackage,
  layerKey: string,
  layer: number,
  release: Release,
  fixes: ReadonlyMap<string, readonly string[]>,
): IndexedPackage {
  const chance = hashOf(`${layerKey} ${source}`)
  const others = fixes.get(source) ?? []
  const other = chance % 5 === 0 ? others[chance % Math.max(1, others.length)] : undefined
  const suffix = layerKey.includes('unique') ? `+${hashOf(layerKey)}` : ''
  const built = (other ?? version) + suffix
  const pkg = { type, name, version: built, arch, source: { name: source, version: (other ?? sourceVersion) + suffix } }
  return { ...pkg, purl: packageUrl(pkg, release), path: 'var/lib/dpkg/status', layer }
}

function rotated<Item>(items: readonly Item[], start: number, count: number): readonly Item[] {
  return Array.from({ length: Math.min(count, items.length) }, (_, place) => items[(start + place) % items.length]!)
}

function indexOf(number: number, release: Release, packages: readonly IndexedPackage[]): IndexReport {
  return {
    image: {
      reference: `example.org/image-${number}`,
      tags: [],
      digest: digestOf(number),
      configDigest: undefined,
      platform: { os: 'linux', architecture: 'amd64' },
      layers: ['base', 'runtime', 'application'].map((createdBy) => ({
        digest: undefined,
        diffId: undefined,
        createdBy,
      })),
    },
    release,
    packages,
    gaps: [],
  }
}

export function digestOf(number: number): Digest {
  return `sha256:${number.toString(16).padStart(64, '0')}`
}

/** FNV-1a, 32 bits: a number by chance that is always the same. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
  return hash
}
