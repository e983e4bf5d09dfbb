// What importing a feed takes, beside decompressing and parsing its files.
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { inTurn, millisecondsOf, type Run, run } from './measure.ts'
import type { Part } from './part.ts'

/** Feeds, and the files that they are read from. */
interface Case {
  readonly name: string
  readonly feeds: readonly string[]
  readonly files: readonly string[]
}

/** Why some are over. */
const dense = `Parsing a record of a small JSON document takes less than a microsecond, and a row of a database several: feeds that are dense in
records, or so small that opening and committing a transaction counts, take more than 2.5 times the floor.`

const script = (name: string) => join(import.meta.dirname, `${name}.ts`)

/** Feeds one by one, into an empty database, and again. */
export const imports: Part = {
  id: 'imports',
  title: 'Importing feeds',
  async measure({ feeds: mirror, folder, times, results }) {
    results.note(dense)
    for (const [index, { name, feeds, files }] of casesOf(mirror).entries()) {
      let round = 0
      const database = () => join(folder, `import-${index}-${round}.db`)
      const again = () => run([script('import-feed'), database(), mirror, ...feeds], { memory: true })
      const first = () => {
        round++
        return again()
      }
      const runs = await inTurn([() => run([script('feed-floor'), ...files]), first, again], times)
      const [floors, firsts, agains] = runs.map((list) => list.map(millisecondsOf))
      results.times(`import ${name}`, firsts!, 'decompress and parse', floors!, '2.5')
      const rows = written(runs[2]!)
      results.times(`read ${name} again: ${rows} rows written`, agains!, 'decompress and parse', floors!, '0 rows')
      results.memory(`peak memory of importing ${name}`, runs[1]!, '300 MiB')
    }
  },
}

function casesOf(mirror: string): readonly Case[] {
  const lists = 'salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data'
  const debian = ['security-tracker.debian.org/tracker/data/json.gz', `${lists}/DSA/list`, `${lists}/DLA/list`]
  const branches = ['3.15', '3.16', '3.17', '3.18', '3.19', '3.20'].flatMap((branch) => [
    [`alpine-${branch}-main`, `v${branch}/main.json`] as const,
    [`alpine-${branch}-community`, `v${branch}/community.json`] as const,
  ])
  return [
    { name: 'Debian with its advisories', feeds: ['debian'], files: debian.map((file) => join(mirror, file)) },
    {
      name: 'Alpine, 12 repositories',
      feeds: branches.map(([feed]) => feed),
      files: branches.map(([, file]) => join(mirror, 'secdb.alpinelinux.org', file)),
    },
    ...['trusty', 'xenial', 'bionic', 'focal'].map((codename) => ({
      name: `Ubuntu ${codename}`,
      feeds: [`ubuntu-${codename}`],
      files: [join(mirror, `security-metadata.canonical.com/oval/com.ubuntu.${codename}.cve.oval.xml.bz2`)],
    })),
    ...repositoriesAndArchives(mirror),
  ]
}

/** Updates of rpm repositories, and archives of OSV. */
function repositoriesAndArchives(mirror: string): readonly Case[] {
  const archive = (ecosystem: string) =>
    join(mirror, 'osv-vulnerabilities.storage.googleapis.com', ecosystem, 'all.zip')
  const updates = (pattern: string) => globSync(join(mirror, pattern, 'repodata/updateinfo.xml.gz'))
  const languages = ['npm', 'PyPI', 'Maven', 'Go', 'crates.io', 'RubyGems', 'NuGet', 'Packagist']
  return [
    { name: 'AlmaLinux', feeds: ['alma'], files: [archive('AlmaLinux')] },
    { name: 'Rocky Linux', feeds: ['rocky'], files: [archive('Rocky Linux')] },
    {
      name: 'Amazon Linux 1',
      feeds: ['amazon-1'],
      files: updates('packages.us-west-2.amazonaws.com/2018.03/updates/*/x86_64'),
    },
    { name: 'Amazon Linux 2', feeds: ['amazon-2'], files: updates('cdn.amazonlinux.com/2/core/2.0/x86_64/*') },
    {
      name: 'Amazon Linux 2023',
      feeds: ['amazon-2023'],
      files: updates('cdn.amazonlinux.com/al2023/core/guids/*/x86_64'),
    },
    {
      name: 'OSV, 8 languages',
      feeds: languages.map((name) => `osv-${name.toLowerCase()}`),
      files: languages.map(archive),
    },
  ]
}

function written(runs: readonly Run[]): number {
  const results = runs.flatMap(({ stdout }) => (JSON.parse(stdout) as { results: { written: number }[] }).results)
  return results.reduce((total, result) => total + result.written, 0)
}
