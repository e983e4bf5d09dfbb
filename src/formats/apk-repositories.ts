import type { Analyzer, LayerFile } from '../core/analyzer.ts'
import { limits } from '../core/limits.ts'
import type { Observation } from '../core/package.ts'

/**
 * The repositories that a layer's apk packages came from (apk-repositories(5)), as apk keeps of no package where it came from.
 * A repository of Alpine Linux, or of a mirror of it, is named by its branch and part (`v3.20/main`, `edge/testing`), any other one
 * by its address without credentials. Not told apart: repositories with a tag (`@edge`), from which only packages come that ask for it.
 */
export const apkRepositories: Analyzer = {
  id: 'apk-repositories',
  version: 1,
  anchors: [],
  maxBytes: limits.releaseFileBytes,
  wants: (path) => path === 'etc/apk/repositories' || isListed.test(path),
  analyze: readApkRepositories,
}

const isListed = /^(?:etc|usr\/lib)\/apk\/repositories\.d\/[^/]+\.list$/

/** Alpine's own, and mirrors of it, whatever they are called. */
const ofAlpine = /\/(v\d+\.\d+|edge|latest-stable)\/(main|community|testing)$/

/** Those that lay out their own packages like a mirror of Alpine's. */
const thirdParties = /^https?:\/\/nginx\.org\//

function* readApkRepositories({ bytes }: LayerFile): Iterable<Observation> {
  const lines = bytes.toString('utf8').split('\n')
  const found = new Set(lines.flatMap((line) => namesIn(line.trim())))
  const names = [...found].filter(({ length }) => length <= limits.packageFieldBytes)
  if (names.length < found.size)
    yield { kind: 'gap', code: 'database-unreadable', detail: 'An address of a repository is too long.' }
  if (names.length > 0) yield { kind: 'repositories', names }
}

/** `[@tag] [v2|v3|ndx] ADDRESS [COMPONENT…]`, the type and components since apk-tools 3. */
function namesIn(line: string): readonly string[] {
  if (line === '' || line.startsWith('#') || line.startsWith('set ')) return []
  const words = line.split(/\s+/)
  if (words[0]!.startsWith('@')) words.shift()
  if (/^(?:v[23]|ndx)$/.test(words[0] ?? '')) words.shift()
  const [address, ...components] = words
  if (address === undefined || isInstallationMedium(address)) return []
  const addresses =
    components.length === 0 ? [address] : components.map((one) => `${address.replace(/\/$/, '')}/${one}`)
  return addresses.map(nameOf)
}

function isInstallationMedium(address: string): boolean {
  return /^\/media\/[^/]+\/apks\/?$/.test(address)
}

function nameOf(address: string): string {
  const plain = address
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '')
    .replace(/^(\w+:\/\/)[^/]*@/, '$1')
  const [, branch, part] = (thirdParties.test(plain) ? null : ofAlpine.exec(plain)) ?? []
  return branch === undefined ? plain : `${branch}/${part}`
}
