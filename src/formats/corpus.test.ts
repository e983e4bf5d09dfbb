import { createReadStream, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import type { Package } from '../core/package.ts'
import { apkInstalled } from './apk-installed.ts'
import { dpkgStatus } from './dpkg-status.ts'
import { parseSourceRpm } from './rpmdb/header.ts'
import { rpmdb } from './rpmdb/index.ts'

const corpus = process.env.CHIARO_CORPUS ?? ''

const images = (
  'debian-11-slim debian-12-slim debian-13-slim debian-12-patched debian-12-python debian-12-node debian-12-langs distroless ' +
  'wo-upgrade wo-remove wo-purge wo-opaque wo-order wo-dpkg-symlink wo-dpkg-deleted wo-longnames fmt-zstd ' +
  'rpm-rhel9-sqlite rpm-amazon2023-sqlite rpm-suse15-ndb rpm-oracle8-bdb rpm-fedora-sysimage apk-synthetic ' +
  'real-alpine-3.10 real-alpine-3.11 real-mariner-2.0 real-sle15-bci'
).split(' ')

const analyzers = [dpkgStatus, apkInstalled, rpmdb]

/** The packages of distributions in an image, and nothing else, against what the distribution's own tool says. */
describe.skipIf(corpus === '')('the packages found in the corpus (set CHIARO_CORPUS to run)', () => {
  for (const image of images) {
    it.skipIf(!existsSync(path.join(corpus, image)))(image, async () => {
      const found: string[] = []
      for (const [file, bytes] of await mergeWantedFiles(path.join(corpus, image))) {
        const analyzer = analyzers.find(({ wants }) => wants(file))!
        for (const observation of analyzer.analyze({ path: file, bytes })) {
          expect(observation.kind).toBe('package')
          if (observation.kind === 'package') found.push(describePackage(observation.package))
        }
      }
      expect(found.sort()).toEqual(expectedOf(image))
    })
  }
})

interface Blob {
  readonly mediaType: string
  readonly digest: string
}

/** The wanted files of all layers put upon each other. It knows just enough of whiteouts and links for these images. */
async function mergeWantedFiles(layout: string): Promise<Map<string, Buffer>> {
  const blob = ({ digest }: Blob) => path.join(layout, 'blobs', digest.replace(':', '/'))
  const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'))
  const { manifests } = json(path.join(layout, 'index.json')) as { manifests: readonly Blob[] }
  const { layers } = json(blob(manifests[0]!)) as { layers: readonly Blob[] }
  const files = new Map<string, Buffer>()
  for (const layer of layers) {
    const added = new Map<string, Buffer>()
    const removed: string[] = []
    const tar = extract()
    tar.on('entry', (header, body, next) => {
      const name = header.name.replace(/^\.?\/+/, '').replace(/\/$/, '')
      if (path.basename(name).startsWith('.wh.'))
        removed.push(path.join(path.dirname(name), path.basename(name).slice(4)))
      else if (header.type !== 'directory') removed.push(name)
      const chunks: Buffer[] = []
      if (header.type === 'file' && analyzers.some(({ wants }) => wants(name)))
        body.on('data', (part) => chunks.push(part as Buffer))
      body.on('end', () => {
        if (chunks.length > 0) added.set(name, Buffer.concat(chunks))
        next()
      })
      body.resume()
    })
    const input = createReadStream(blob(layer))
    if (layer.mediaType.endsWith('gzip')) await pipeline(input, createGunzip(), tar)
    else if (layer.mediaType.endsWith('zstd')) await pipeline(input, createZstdDecompress(), tar)
    else await pipeline(input, tar)
    for (const file of [...files.keys()]) {
      if (removed.some((gone) => file === gone || file.startsWith(`${gone}/`))) files.delete(file)
    }
    for (const [file, bytes] of added) files.set(file, bytes)
  }
  return files
}

interface Expected {
  readonly type: string
  readonly name: string
  readonly version: string
  /** Not said of apk packages. */
  readonly arch?: string
  readonly source?: string
  readonly sourceVersion?: string
  readonly origin?: string
  readonly epoch?: number
  readonly release?: string
  readonly sourceRpm?: string
  readonly module?: string | null
}

function expectedOf(image: string): string[] {
  const { packages } = JSON.parse(readFileSync(path.join(corpus, `${image}.packages.json`), 'utf8')) as {
    packages: readonly Expected[]
  }
  const ofDistribution = packages.filter(({ type, name }) => /^(deb|apk|rpm)$/.test(type) && name !== 'gpg-pubkey')
  return ofDistribution.map((expected) => describePackage(packageOf(expected))).sort()
}

function packageOf({ type, name, arch = '', ...expected }: Expected): Package {
  if (type !== 'rpm') {
    const { version, source = expected.origin ?? name, sourceVersion = version } = expected
    return { type, name, version, arch, source: { name: source, version: sourceVersion } }
  }
  const epoch = expected.epoch ? `${expected.epoch}:` : ''
  const source = parseSourceRpm(expected.sourceRpm)
  const module = expected.module?.split(':').slice(0, 2).join(':')
  return {
    type,
    name,
    version: `${epoch}${expected.version}-${expected.release}`,
    arch,
    source: { name: source!.name, version: epoch + source!.version },
    ...(module === undefined ? {} : { module }),
  }
}

function describePackage({ type, name, version, arch, source, module = '-' }: Package): string {
  return [type, name, version, type === 'apk' ? '' : arch, source.name, source.version, module].join(' ')
}
