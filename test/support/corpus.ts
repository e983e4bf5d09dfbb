import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the image corpus, or `undefined` where CHIARO_CORPUS does not name one. */
export const corpus = process.env.CHIARO_CORPUS

/** The folder of the real feeds, or `undefined` where CHIARO_FEEDS does not name one. */
export const feeds = process.env.CHIARO_FEEDS

/** One image of the corpus, and what independent tools found in it. */
export interface CorpusImage {
  readonly name: string
  readonly folder: string
  readonly expected: CorpusFacts
}

interface CorpusFacts {
  /** For hostile images: what a good scanner does. */
  readonly expected?: string
  readonly os?: { readonly id: string; readonly version: string } | null
  readonly packages: readonly CorpusPackage[]
}

interface CorpusPackage {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly arch?: string
  readonly epoch?: number
  readonly release?: string
}

/** Every image of the corpus that has been built. */
export function corpusImages(): readonly CorpusImage[] {
  if (corpus === undefined) return []
  return readdirSync(corpus)
    .filter((name) => existsSync(join(corpus, name, 'index.json')) && existsSync(join(corpus, `${name}.packages.json`)))
    .sort()
    .map((name) => ({ name, folder: join(corpus, name), expected: readFacts(name) }))
}

/** What independent tools say of an image, `NAME.packages.json`. */
export function readFacts(name: string): CorpusFacts {
  return JSON.parse(readFileSync(join(corpus!, `${name}.packages.json`), 'utf8')) as CorpusFacts
}

const osTypes = ['deb', 'apk', 'rpm']

/** `type name version arch` of every operating-system package that must be found, sorted; architecture where it is stated. */
export function expectedPackages(facts: CorpusFacts): readonly string[] {
  return facts.packages
    .filter((pkg) => osTypes.includes(pkg.type) && pkg.name !== 'gpg-pubkey')
    .map((pkg) => `${pkg.type} ${pkg.name} ${fullVersion(pkg)} ${pkg.arch ?? '*'}`)
    .sort()
}

function fullVersion({ type, version, epoch, release }: CorpusPackage): string {
  return type === 'rpm' ? `${epoch ? `${epoch}:` : ''}${version}-${release}` : version
}
