// Matches 1,000 packages of Debian 12 in one batch, again and again, in a database that has its data.
//   node bench/match-batch.ts DATABASE     prints milliseconds of each time after the first few, and what was found
import { packageUrl } from '../src/core/purl.ts'
import type { IndexedPackage, IndexReport } from '../src/core/report.ts'
import type { Store } from '../src/core/store.ts'
import { ecosystems } from '../src/ecosystems/registry.ts'
import { matchIndex } from '../src/scan/match-index.ts'
import { openStore } from '../src/store/open.ts'
import { dpkg } from '../src/versions/dpkg.ts'

const packages = 1000
const warmUps = 5
const times = 20

const release = {
  id: 'debian',
  versionId: '12',
  codename: 'bookworm',
  prettyName: 'Debian GNU/Linux 12 (bookworm)',
  idLike: [],
  cpe: '',
}

await using store = await openStore(process.argv[2]!)
const index = await indexOf(store)
const options = {
  ecosystems,
  enrichers: [],
  enrich: false,
  advisories: store.advisories,
  kept: undefined,
  maxDataAge: Number.POSITIVE_INFINITY,
  asOf: undefined,
  now: new Date(),
  version: '0',
}
const ms: number[] = []
let findings = 0
for (let round = 0; round < warmUps + times; round++) {
  const started = performance.now()
  findings = (await matchIndex(index, options)).findings.length
  if (round >= warmUps) ms.push(performance.now() - started)
}
process.stdout.write(JSON.stringify({ ms, packages: index.packages.length, findings }))

/** An image with packages from all over the alphabet, each in the newest version but one that fixed something in it. */
async function indexOf({ advisories }: Store): Promise<IndexReport> {
  const fixes = new Map<string, string[]>()
  for await (const record of advisories.records('debian')) {
    if (!('vulnerability' in record)) continue
    for (const { key, fixedIn } of record.statements) {
      if (key.scope !== 'debian:12') continue
      const own = fixes.get(key.name) ?? []
      if (fixedIn !== undefined) own.push(fixedIn)
      fixes.set(key.name, own)
    }
  }
  const names = [...fixes.keys()].sort()
  const step = Math.max(1, names.length / packages)
  const chosen = Array.from(
    { length: Math.min(packages, names.length) },
    (_, place) => names[Math.floor(place * step)]!,
  )
  return {
    image: {
      reference: 'generated',
      tags: [],
      digest: undefined,
      configDigest: undefined,
      platform: { os: 'linux', architecture: 'amd64' },
      layers: [],
    },
    release,
    packages: chosen.map((name) => packageOf(name, fixes.get(name)!)),
    gaps: [],
  }
}

function packageOf(name: string, fixes: readonly string[]): IndexedPackage {
  const versions = [...new Set(fixes)].sort((left, right) => dpkg.compare(left, right) ?? 0)
  const version = versions.at(-2) ?? versions[0] ?? '1.0-1'
  const pkg = { type: 'deb', name, version, arch: 'amd64', source: { name, version } } as const
  return { ...pkg, purl: packageUrl(pkg, release), path: 'var/lib/dpkg/status', layer: 0 }
}
