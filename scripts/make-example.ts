// Writes the bundled example: an OCI layout with two small images, and a mirror of the feeds they need, in the real upstream
// formats. All of it is sample data, made from scripts/example-facts.ts. Usage: npm run example [-- DIRECTORY]
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pack } from 'tar-stream'
import {
  alpineCommunity,
  alpineLayers,
  alpineMain,
  alpineRelease,
  debianAdvisories,
  debianLayers,
  debianRelease,
  debianTracker,
  epssScores,
  kevCatalog,
  nvdYear,
} from './example-facts.ts'

const target = process.argv[2] ?? join(import.meta.dirname, '..', 'examples')
const made = '2099-01-01T00:00:00Z'

interface Blob {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const image = join(target, 'image')
rmSync(image, { recursive: true, force: true })
mkdirSync(join(image, 'blobs', 'sha256'), { recursive: true })

const debian = await writeImage('debian', [
  [
    'ADD debian-13-sample.tar /',
    'gzip',
    {
      'usr/lib/os-release': debianRelease,
      'etc/os-release': '-> ../usr/lib/os-release',
      'var/lib/dpkg/status': debianLayers[0]!,
      'usr/bin/wget': 'sample',
    },
  ],
  ['RUN apt-get update && apt-get install --only-upgrade -y curl', 'zstd', { 'var/lib/dpkg/status': debianLayers[1]! }],
  ['RUN apt-get purge -y wget', 'gzip', { 'var/lib/dpkg/status': debianLayers[2]!, 'usr/bin/.wh.wget': '' }],
])
const alpine = await writeImage('alpine', [
  [
    'ADD alpine-3.22-sample.tar /',
    'gzip',
    { 'etc/os-release': alpineRelease, 'lib/apk/db/installed': alpineLayers[0]! },
  ],
  ['RUN apk upgrade openssl', 'gzip', { 'lib/apk/db/installed': alpineLayers[1]! }],
])
writeFileSync(join(image, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
writeJson(join(image, 'index.json'), {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [debian, alpine],
})

const feeds = join(target, 'feeds')
rmSync(feeds, { recursive: true, force: true })
writeJson(join(feeds, 'security-tracker.debian.org/tracker/data/json'), debianTracker)
for (const [kind, list] of Object.entries(debianAdvisories)) {
  const folder = 'salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data'
  writeText(join(feeds, folder, kind, 'list'), list)
}
writeJson(join(feeds, 'secdb.alpinelinux.org/v3.22/main.json'), alpineMain)
writeJson(join(feeds, 'secdb.alpinelinux.org/v3.22/community.json'), alpineCommunity)
writeJson(join(feeds, 'www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json'), kevCatalog)
writeText(join(feeds, 'epss.empiricalsecurity.com/epss_scores-current.csv.gz'), gzipSync(epssScores))
const nvd = jsonText(nvdYear)
const meta = [`lastModifiedDate:${nvdYear.timestamp}`, `size:${nvd.length}`, `sha256:${sha256(nvd).toUpperCase()}`, '']
writeText(join(feeds, 'nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2099.json.gz'), gzipSync(nvd))
writeText(join(feeds, 'nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2099.meta'), meta.join('\r\n'))

type LayerFacts = readonly [createdBy: string, compression: 'gzip' | 'zstd', files: Readonly<Record<string, string>>]

async function writeImage(tag: string, layers: readonly LayerFacts[]): Promise<object> {
  const written = await Promise.all(layers.map(([, compression, files]) => writeLayer(compression, files)))
  const config = writeBlob('application/vnd.oci.image.config.v1+json', {
    created: made,
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { 'org.opencontainers.image.description': 'Sample data of Chiaro: not a real image' } },
    rootfs: { type: 'layers', diff_ids: written.map(({ diffId }) => diffId) },
    history: layers.map(([createdBy]) => ({ created: made, created_by: createdBy })),
  })
  const manifest = writeBlob('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: written.map(({ blob }) => blob),
  })
  return {
    ...manifest,
    platform: { architecture: 'amd64', os: 'linux' },
    annotations: { 'org.opencontainers.image.ref.name': tag },
  }
}

async function writeLayer(compression: 'gzip' | 'zstd', files: Readonly<Record<string, string>>) {
  const archive = pack()
  for (const [name, content] of Object.entries(files)) {
    const header = { name, mtime: new Date(made), mode: 0o644 }
    if (content.startsWith('-> ')) archive.entry({ ...header, type: 'symlink', linkname: content.slice(3) })
    else archive.entry(header, content)
  }
  archive.finalize()
  const tar = await buffer(archive)
  const bytes = compression === 'gzip' ? gzipSync(tar, { level: 9 }) : zstdCompressSync(tar)
  return { diffId: digestOf(tar), blob: writeBlob(`application/vnd.oci.image.layer.v1.tar+${compression}`, bytes) }
}

function writeBlob(mediaType: string, content: Buffer | object): Blob {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
  const digest = digestOf(bytes)
  writeFileSync(join(image, 'blobs', 'sha256', digest.slice('sha256:'.length)), bytes)
  return { mediaType, digest, size: bytes.length }
}

function digestOf(bytes: Buffer): string {
  return `sha256:${sha256(bytes)}`
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

function writeJson(file: string, value: unknown): void {
  writeText(file, jsonText(value))
}

function writeText(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 1)}\n`
}
