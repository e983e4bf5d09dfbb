// The numbers of docs/benchmarks.md, all in one run, as ratios of medians; needs a built dist/ (npm run bench builds it).
//   CHIARO_CORPUS=… CHIARO_FEEDS=… npm run bench [-- --times 5]
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { doubleImage } from './double-image.ts'
import { inTurn, median, type Run, run } from './measure.ts'
import { type Row, updating } from './updating.ts'

const { values } = parseArgs({ options: { times: { type: 'string', default: '5' } } })
const times = Number(values.times)
const root = join(import.meta.dirname, '..')
const script = (name: string) => join(root, 'bench', `${name}.ts`)
const command = join(root, 'bin', 'chiaro.mjs')
const { CHIARO_CORPUS: corpus, CHIARO_FEEDS: feeds } = process.env
const folder = mkdtempSync(join(tmpdir(), 'chiaro-bench-'))
const rows: Row[] = []
const notes: string[] = []

try {
  await startUp()
  if (corpus !== undefined && existsSync(join(corpus, 'debian-12-large')))
    await indexing(join(corpus, 'debian-12-large'))
  else notes.push('Indexing was skipped: CHIARO_CORPUS names no folder with debian-12-large.')
  if (feeds !== undefined) {
    await importing(feeds)
    await updating({ mirror: feeds, folder, times, push })
  } else notes.push('Importing was skipped: CHIARO_FEEDS is not set.')
  report()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function startUp(): Promise<void> {
  const empty = () => run(['-e', '0'])
  const images = [
    ['the bundled example', `oci-layout:${join(root, 'examples/image')}:debian`, join(root, 'examples/feeds')],
    ...(corpus !== undefined && feeds !== undefined
      ? ['debian-12-slim', 'debian-12-node', 'debian-12-large'].map((name) => [
          name,
          `oci-layout:${join(corpus, name)}`,
          feeds,
        ])
      : []),
  ] as const
  const scans = images.map(([, image, mirror], index) => {
    const args = [command, 'scan', image!, '--mirror', mirror!, '--offline', '--db', join(folder, `known-${index}.db`)]
    return () => run(args)
  })
  for (const scan of scans) await scan()
  const [floor, version, ...known] = await inTurn(
    [empty, () => run([command, 'version']), ...scans],
    Math.max(times, 15),
  )
  addTime('`chiaro version`', version!, 'an empty Node', floor!, '1.5')
  for (const [index, [name]] of images.entries())
    addTime(`second scan of a known image: ${name}`, known[index]!, 'an empty Node', floor!, '2.5')
}

async function indexing(layout: string): Promise<void> {
  const floor = () => run([script('floor'), layout], { memory: true })
  const ours = () => run([script('index-image'), layout], { memory: true })
  const [floors, runs] = await inTurn([floor, ours], times)
  const ms = (list: readonly Run[]) => list.map(({ stdout }) => (JSON.parse(stdout) as { ms: number }).ms)
  add('index debian-12-large', ms(runs!), 'two workers that inflate and hash', ms(floors!), '1.2')
  addMemory('peak memory of indexing it', runs!, '250 MiB')
  const double = join(folder, 'double')
  await doubleImage(layout, double)
  const doubles = [
    await run([script('index-image'), double], { memory: true }),
    await run([script('index-image'), double], { memory: true }),
  ]
  addMemory('peak memory of indexing an image twice as large', doubles, 'no more')
}

/** Feeds with the files that they are read from: updates of rpm repositories, and archives of OSV. */
function repositoriesAndArchives(mirror: string): readonly (readonly [string, readonly string[], readonly string[]])[] {
  const archive = (ecosystem: string) =>
    join(mirror, 'osv-vulnerabilities.storage.googleapis.com', ecosystem, 'all.zip')
  const updates = (pattern: string) => globSync(join(mirror, pattern, 'repodata/updateinfo.xml.gz'))
  const languages = ['npm', 'PyPI', 'Maven', 'Go', 'crates.io', 'RubyGems', 'NuGet', 'Packagist']
  return [
    ['alma', ['alma'], [archive('AlmaLinux')]],
    ['rocky', ['rocky'], [archive('Rocky Linux')]],
    ['amazon-1', ['amazon-1'], updates('packages.us-west-2.amazonaws.com/2018.03/updates/*/x86_64')],
    ['amazon-2', ['amazon-2'], updates('cdn.amazonlinux.com/2/core/2.0/x86_64/*')],
    ['amazon-2023', ['amazon-2023'], updates('cdn.amazonlinux.com/al2023/core/guids/*/x86_64')],
    ['OSV, 8 languages', languages.map((name) => `osv-${name.toLowerCase()}`), languages.map(archive)],
  ]
}

async function importing(mirror: string): Promise<void> {
  const secdb = 'secdb.alpinelinux.org'
  const alpine = ['3.15', '3.16', '3.17', '3.18', '3.19', '3.20'].flatMap((branch) => [
    `v${branch}/main.json`,
    `v${branch}/community.json`,
  ])
  const oval = (codename: string) =>
    join(mirror, `security-metadata.canonical.com/oval/com.ubuntu.${codename}.cve.oval.xml.bz2`)
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['debian', ['debian'], [join(mirror, 'security-tracker.debian.org/tracker/data/json.gz')]],
    [
      'alpine, 12 feeds',
      alpine.map((file) => `alpine-${file.slice(1).replace('/', '-').replace('.json', '')}`),
      alpine.map((file) => join(mirror, secdb, file)),
    ],
    ...['trusty', 'xenial', 'bionic', 'focal'].map(
      (codename) => [`ubuntu-${codename}`, [`ubuntu-${codename}`], [oval(codename)]] as const,
    ),
  ]
  for (const [index, [name, ids, files]] of [...cases, ...repositoriesAndArchives(mirror)].entries()) {
    let round = 0
    const database = () => join(folder, `import-${index}-${round}.db`)
    const first = () => {
      round++
      return run([script('import-feed'), database(), mirror, ...ids], { memory: true })
    }
    const again = () => run([script('import-feed'), database(), mirror, ...ids], { memory: true })
    const [floors, firsts, agains] = await inTurn([() => run([script('feed-floor'), ...files]), first, again], times)
    const ms = (list: readonly Run[]) => list.map(({ stdout }) => (JSON.parse(stdout) as { ms: number }).ms)
    add(`import ${name}`, ms(firsts!), 'decompress and parse', ms(floors!), '2.5')
    add(
      `read ${name} again, unchanged (${written(agains!)} rows written)`,
      ms(agains!),
      'decompress and parse',
      ms(floors!),
      '0 rows',
    )
    addMemory(`peak memory of importing ${name}`, firsts!, '300 MiB')
  }
}

function written(runs: readonly Run[]): number {
  return runs.reduce(
    (sum, { stdout }) =>
      sum +
      (JSON.parse(stdout) as { results: { written: number }[] }).results.reduce(
        (total, result) => total + result.written,
        0,
      ),
    0,
  )
}

function addTime(what: string, ours: readonly Run[], floorName: string, floor: readonly Run[], target: string): void {
  add(
    what,
    ours.map(({ ms }) => ms),
    floorName,
    floor.map(({ ms }) => ms),
    target,
  )
}

function add(what: string, ours: readonly number[], floorName: string, floor: readonly number[], target: string): void {
  const ratio = median(ours) / median(floor)
  push({
    what,
    ours: `${median(ours).toFixed(0)} ms`,
    floor: `${floorName}: ${median(floor).toFixed(0)} ms`,
    ratio: ratio.toFixed(2),
    target,
  })
}

function addMemory(what: string, runs: readonly Run[], target: string): void {
  const peak = Math.max(...runs.map(({ mib }) => mib))
  push({ what, ours: `${peak.toFixed(0)} MiB`, floor: '', ratio: '', target })
}

function push(row: Row): void {
  rows.push(row)
  process.stderr.write(
    `${row.what}: ${row.ours} ${row.floor && `(${row.floor}, ratio ${row.ratio})`} target ${row.target}\n`,
  )
}

function report(): void {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${memory}, ${process.platform}, Node ${process.versions.node}`
  const table = rows.map(
    ({ what, ours, floor, ratio, target }) => `| ${what} | ${ours} | ${floor} | ${ratio} | ${target} |`,
  )
  const text = `# Benchmarks

Written by \`npm run bench\` (with \`CHIARO_CORPUS\` and \`CHIARO_FEEDS\` set), from the built command and library. Machines are
noisy and differ: only the ratios within one run mean something. Each is a ratio of medians of ${times} runs (start-up: ${Math.max(times, 15)}), taken
in turn. Memory is the peak of the whole process, the largest of the runs.

Machine: ${machine}.

| what | Chiaro | floor | ratio | at most |
|---|---|---|---|---|
${table.join('\n')}
${notes.map((note) => `\n${note}\n`).join('')}`
  if (notes.length === 0) writeFileSync(join(root, 'docs', 'benchmarks.md'), text)
  else process.stdout.write(text)
}
