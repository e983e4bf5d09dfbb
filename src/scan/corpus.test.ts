import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { corpus, corpusImages, expectedPackages, readFacts } from '../../test/support/corpus.ts'
import { layoutImage } from '../../test/support/layout-image.ts'
import { analyzers } from '../analyzers.ts'
import type { Image } from '../core/image.ts'
import type { IndexReport } from '../core/report.ts'
import { indexImage } from './index-image.ts'

const signal = new AbortController().signal
const index = (image: Image) =>
  indexImage(image, { analyzers, analyzersKey: 'key', store: undefined, progress: () => {}, signal })
const read = (name: string) => index(layoutImage(join(corpus!, name)))
const listed = ({ packages }: IndexReport, layer?: number) =>
  packages
    .filter((pkg) => layer === undefined || pkg.layer === layer)
    .map(({ type, name, version, arch }) => `${type} ${name} ${version} ${arch}`)
    .sort()

const names = corpusImages().map(({ name }) => name)
const built = (name: string) => names.includes(name)
const formats = names.filter((name) => /^fmt-(?!index)/.test(name))

describe.skipIf(corpus === undefined)('images of the corpus (skipped without CHIARO_CORPUS)', () => {
  it.each(formats)('%s gives what the same layers give in any format', async (name) => {
    const report = await read(name)
    expect(listed(report)).toEqual(expectedPackages(readFacts(name)))
    expect(report.gaps).toEqual([])
    expect(new Set(report.packages.map(({ layer }) => layer))).toEqual(new Set([0, 1]))
  })

  it.skipIf(!built('wo-upgrade') || !built('debian-12-slim'))(
    'an upgrade is brought by the layer that made it',
    async () => {
      const before = new Set(expectedPackages(readFacts('debian-12-slim')))
      const after = expectedPackages(readFacts('wo-upgrade'))
      const report = await read('wo-upgrade')
      expect(listed(report, 0)).toEqual(after.filter((pkg) => before.has(pkg)))
      expect(listed(report, 1)).toEqual(after.filter((pkg) => !before.has(pkg)))
    },
  )

  it.skipIf(!built('wo-dpkg-symlink'))('a database behind a link is where the link leads', async () => {
    const { packages, release, gaps } = await read('wo-dpkg-symlink')
    expect([...new Set(packages.map(({ path }) => path))]).toEqual(['usr/lib/sysimage/dpkg/status'])
    expect(release?.id).toBe('debian')
    expect(gaps).toEqual([])
  })

  it.skipIf(!built('wo-dpkg-deleted'))('a database that was removed is not there', async () => {
    expect((await read('wo-dpkg-deleted')).packages).toEqual([])
  })

  it.skipIf(!built('hostile-symlink-cycle'))('links in circles end, as gaps', async () => {
    const { packages, gaps } = await read('hostile-symlink-cycle')
    expect(packages).toEqual([])
    expect([...new Set(gaps.map(({ code }) => code))]).toEqual(['link-unresolved'])
  })
})
