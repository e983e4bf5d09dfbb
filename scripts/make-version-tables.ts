/**
 * Writes `src/versions/testdata/NAME.tsv`: pairs of versions with their order as the packaging system's own tool gives it.
 * Each line is `left TAB right TAB order`, order being `-1`, `0`, `1` or `-` where the tool refuses one of the two.
 *
 *     CHIARO_FEEDS=… CHIARO_CORPUS=… node scripts/make-version-tables.ts dpkg|rpm|apk…
 *
 * It needs the tool on the PATH: `dpkg`, `rpm` (4.18 or newer), `apk` (3.0 or newer). The pairs are always the same for the
 * same feeds and corpus: real versions of the same package, and made-up ones that are alike.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'

type Pair = readonly [left: string, right: string]

interface Tool {
  /** What the first line of the table says it was made with. */
  version(): string
  compare(pairs: readonly Pair[]): string[]
  /** Real versions, by package. */
  real(): Map<string, Set<string>>
  /** What made-up versions are put together from. */
  readonly pieces: readonly string[]
  /** Versions that are worth comparing with each other. */
  readonly special: readonly string[]
}

const realPairs = 1800
const madeUpPairs = 1800

const feeds = process.env.CHIARO_FEEDS ?? fail('CHIARO_FEEDS does not say where the feeds are')
const corpus = process.env.CHIARO_CORPUS ?? fail('CHIARO_CORPUS does not say where the corpus is')

const dpkg: Tool = {
  version: () => execFileSync('dpkg', ['--version'], { encoding: 'utf8' }).split('\n')[0]!,
  compare: (pairs) =>
    pairs.map(([left, right]) => {
      const is = (operator: string) => spawnSync('dpkg', ['--compare-versions', '--', left, operator, right]).status
      const less = is('lt')
      if (less === 2) return '-'
      if (less === 0) return '-1'
      return is('eq') === 0 ? '0' : '1'
    }),
  real() {
    const versions = corpusVersions('deb')
    const file = readFileSync(path.join(feeds, 'security-tracker.debian.org/tracker/data/json.gz'))
    const tracker = JSON.parse(gunzipSync(file).toString()) as Record<
      string,
      Record<string, { releases: Record<string, { fixed_version?: string }> }>
    >
    for (const [name, entries] of Object.entries(tracker)) {
      for (const { releases } of Object.values(entries)) {
        for (const { fixed_version } of Object.values(releases)) if (fixed_version) add(versions, name, fixed_version)
      }
    }
    return versions
  },
  // Only ASCII: dpkg orders other bytes by whether the machine's char is signed.
  pieces:
    '0 1 9 10 010 00 a z A Z aa + ++ ~ ~~ ~rc ~beta1 . .. - -- : 1: 0: -0 -1 +deb12u1 +b1 ubuntu0.1 +dfsg _ / ^'.split(
      ' ',
    ),
  special: (
    '0 1 0:1 1:0 1-0 1-1 1-0.1 1.0 1.0~ 1.0~~ 1.0~~a 1.0~a 1.0a 1.0+ 1.0+b1 1.0-1 1.0-1~bpo12+1 1.0-1+deb12u1 ' +
    '1.0-1ubuntu0.22.04.1 1.0-1-1 1.0.- 1- :1 1: a:1 1a:1 abc 1:1:1 00001 1.001 1.010 1.10 007:1 7:1 +1:1 -1:1 -0:1 ' +
    '2147483647:1 2147483648:1 99999999999999999999:1 1.99999999999999999999 1.100000000000000000000 1_0 1.0/1 ~ ~1 - -1 ' +
    '1:-1 1~-1 1-~ 1-~1 1.a 1.+ 1.Z 1Z 1z'
  ).split(' '),
}

const rpm: Tool = {
  version: () => execFileSync('rpm', ['--version'], { encoding: 'utf8' }).trim(),
  compare(pairs) {
    const folder = mkdtempSync(path.join(tmpdir(), 'chiaro-versions-'))
    try {
      const file = path.join(folder, 'pairs')
      writeFileSync(file, pairs.map((pair) => `${pair.join('\t')}\n`).join(''))
      const script = `for line in io.lines("${file}") do
        local left, right = line:match("^(.-)\\t(.*)$")
        local done, order = pcall(rpm.vercmp, left, right)
        print((done and tostring(order) or "-") .. "\\n")
      end`
      const output = execFileSync('rpm', ['--eval', `%{lua: ${script} }`], { encoding: 'utf8', maxBuffer: 1 << 26 })
      return output.trim().split(/\s+/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
  real() {
    const versions = corpusVersions('rpm')
    for (const file of globSync(`${feeds}/cdn.amazonlinux.com/**/core/**/updateinfo.xml.gz`)) {
      for (const [tag] of gunzipSync(readFileSync(file))
        .toString()
        .matchAll(/<package [^>]*>/g)) {
        const attribute = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
        add(versions, attribute('name'), `${attribute('epoch')}:${attribute('version')}-${attribute('release')}`)
      }
    }
    const advisories = execFileSync(
      'unzip',
      ['-p', `${feeds}/osv-vulnerabilities.storage.googleapis.com/AlmaLinux/all.zip`],
      { encoding: 'utf8', maxBuffer: 1 << 29 },
    )
    let name = ''
    for (const [, key, value] of advisories.matchAll(/"(name|fixed)":\s*"([^"]+)"/g)) {
      if (key === 'name') name = value!
      else add(versions, name, value!)
    }
    return versions
  },
  pieces: '0 1 9 10 010 00 a z A aa ~ ~~ ^ ^^ . .. - -- : 1: 0: -0 -1 .el9 .el9_2.1 rc1 ~rc1 ^git1 + _ é'.split(' '),
  special: (
    '0 1 0:1 1:0 007:1 7:1 :1 1: : a:1 1a:1 -1 1- - 1-1 1-1-1 1-1:1 1:1:1 1.0 1.0. 1..0 1.0~ 1.0~rc1 1.0~rc1~git1 1.0^ ' +
    '1.0^git1 1.0^git1~x 1.0~rc1^git1 1.0^20230101 1.0.1 1.0a 1.0.a 1a 1.a a1 a.1 1.01 1.1 1.10 1.0-1.el9 1.0-1.el9_2 ' +
    '1.0-1.el9_2.1 1.0-1.amzn2023.0.1 2.module+el8.4.0+641+6116a774 1.0-2.module_el8 ~ ^ ~1 ^1 99999999999999999999 ' +
    '100000000000000000000 99999999999999999999:1 é 1é 1é1 1_1 1+1 1.. ..1 Z z'
  ).split(' '),
}

const apk: Tool = {
  version: () => execFileSync('apk', ['--version'], { encoding: 'utf8' }).trim(),
  compare: (pairs) =>
    pairs.map(([left, right]) => {
      const { status, stdout } = spawnSync('apk', ['version', '-t', '--', left, right], { encoding: 'utf8' })
      return status === 0 ? ({ '<': '-1', '=': '0', '>': '1' }[stdout.trim()] ?? fail(stdout)) : '-'
    }),
  real() {
    const versions = corpusVersions('apk')
    for (const file of globSync([
      `${feeds}/secdb.alpinelinux.org/*/*.json`,
      `${feeds}/packages.wolfi.dev/**/security.json`,
    ])) {
      const { packages } = JSON.parse(readFileSync(file, 'utf8')) as {
        packages: readonly { pkg: { name: string; secfixes: Record<string, unknown> } }[]
      }
      for (const { pkg } of packages) for (const version of Object.keys(pkg.secfixes)) add(versions, pkg.name, version)
    }
    return versions
  },
  pieces:
    '0 1 9 10 00 a z .0 .1 .9 .10 .01 .010 _alpha _beta2 _pre _rc _rc1 _rc10 _cvs _svn _git20230101 _hg _p _p0 _p1 ~abc ~0f -r0 -r1 -r10 -r01 -'.split(
      ' ',
    ),
  special: (
    '0 1 01 00 1.0 1.00 1.01 1.1 1.010 1.10 1.0a 1.0b 1.0aa 1.0a1 1_alpha 1_alpha0 1_alpha1 1_beta 1_pre 1_rc 1_rc1 1_rc2 1_rc10 ' +
    '1_cvs 1_svn 1_git 1_hg 1_p 1_p0 1_p1 1_p01 1_alpha_beta 1_rc1_p1 1_p1_rc1 1a_rc1 1_foo 1_ 1_p1.1 1~abc 1~ab 1~abcd 1~ABC 1~ ' +
    '1~abc-r1 1~abc~def 1~abc_p1 1-r0 1-r1 1-r01 1-r 1-1 1-r1-r1 1-r1_p1 1_p1-r1 1_git20230101-r0 1_git20230102-r0 1. .1 1..1 a 1A ' +
    '3.21_alpha20240923 3.21_alpha20240923-r0 99999999999999999 999999999999999999 1.99999999999999999 1:1 v1 1+1'
  ).split(' '),
}

const tools: Readonly<Record<string, Tool>> = { dpkg, rpm, apk }

for (const name of process.argv.slice(2)) {
  const tool = tools[name] ?? fail(`no tool is called ${name}; there are ${Object.keys(tools).join(', ')}`)
  const pairs = [...specialPairs(tool), ...sampleReal(tool), ...sampleMadeUp(tool)]
  const orders = tool.compare(pairs)
  if (orders.length !== pairs.length) fail(`${orders.length} answers for ${pairs.length} pairs`)
  const lines = pairs.map((pair, i) => `${pair.join('\t')}\t${orders[i]}\n`)
  const head = `# ${tool.version()}; generated by scripts/make-version-tables.ts\n`
  const file = path.join(import.meta.dirname, '../src/versions/testdata', `${name}.tsv`)
  writeFileSync(file, head + [...new Set(lines)].join(''))
  console.log(`${file}: ${new Set(lines).size} pairs`)
}

/** Each with each, one way only: the tests turn them round. */
function specialPairs({ special }: Tool): Pair[] {
  return special.flatMap((left, i) => special.slice(i).map((right): Pair => [left, right]))
}

function sampleReal(tool: Tool): Pair[] {
  const random = randomFrom(1)
  const packages = [...tool.real().values()].map((set) => [...set]).filter((versions) => versions.length > 1)
  return Array.from({ length: realPairs }, (): Pair => {
    const versions = pick(packages, random)
    return [pick(versions, random), pick(versions, random)]
  })
}

/** A version put together from pieces, and the same with one piece added, removed or replaced. */
function sampleMadeUp({ pieces }: Tool): Pair[] {
  const random = randomFrom(2)
  return Array.from({ length: madeUpPairs }, (): Pair => {
    const left = ['1', ...Array.from({ length: Math.floor(random() * 5) }, () => pick(pieces, random))]
    const added = Array.from({ length: Math.floor(random() * 3) }, () => pick(pieces, random))
    const right = left.toSpliced(Math.floor(random() * (left.length + 1)), Math.floor(random() * 2), ...added)
    return [left.join(''), right.join('') || '1']
  })
}

function corpusVersions(type: string): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>()
  for (const file of globSync(`${corpus}/*.packages.json`)) {
    const { packages = [] } = JSON.parse(readFileSync(file, 'utf8')) as {
      packages?: readonly { type: string; name: string; version: string; release?: string; epoch?: number }[]
    }
    for (const { type: is, name, version, release, epoch } of packages) {
      if (is === type) add(versions, name, `${epoch ? `${epoch}:` : ''}${version}${release ? `-${release}` : ''}`)
    }
  }
  return versions
}

function add(versions: Map<string, Set<string>>, name: string, version: string): void {
  if (/[\t\n]/.test(version)) return
  const known = versions.get(name)
  if (known === undefined) versions.set(name, new Set([version]))
  else known.add(version)
}

/** mulberry32: the same numbers in every run. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)]!
}

function fail(message: string): never {
  throw new Error(message)
}
