import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { index } from '../../src/index.ts'
import { type CorpusImage, corpusImages, expectedPackages } from '../support/corpus.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-archives-'))
const file = join(folder, 'image.tar')
afterEach(() => rmSync(file, { force: true }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = promisify(execFile)
const images = corpusImages().filter(({ name }) => /^(?:wo|fmt)-/.test(name))
const hasSkopeo = spawnSync('skopeo', ['--version']).status === 0
/** What skopeo can make a docker-archive of: no zstd, and no Docker media types or nested indexes in a layout. */
const forSkopeo = images.filter(({ name }) => !/zstd|mixed|docker|nested/.test(name))
const options = { database: 'sqlite::memory:', platform: { os: 'linux', architecture: 'amd64' } }

/** The archive has the packages that the layout has, each from the same layer and file, and the right ones. */
async function expectSame(reference: string, { folder: layout, expected }: CorpusImage): Promise<void> {
  const archive = await index(reference, options)
  const same = await index(`oci-layout:${layout}`, options)
  expect(archive.packages).toEqual(same.packages)
  expect(archive.release).toEqual(same.release)
  expect(archive.gaps).toEqual(same.gaps)
  const found = archive.packages.map(({ type, name, version, arch }) => `${type} ${name} ${version} ${arch}`)
  expect(found.sort()).toEqual(expectedPackages(expected))
}

describe.skipIf(images.length === 0)('images of the corpus as archives (skipped without CHIARO_CORPUS)', () => {
  it.each(images)('oci-archive of $name', async (image) => {
    await run('tar', ['-C', image.folder, '-cf', file, '.'])
    await expectSame(`oci-archive:${file}`, image)
  })

  it.skipIf(!hasSkopeo).each(forSkopeo)('docker-archive of $name (skipped without skopeo)', async (image) => {
    const source = `oci:${image.folder}:latest`
    const target = `docker-archive:${file}:corpus/${image.name}:latest`
    await run('skopeo', ['--insecure-policy', '--override-arch', 'amd64', 'copy', '-q', source, target])
    await expectSame(target.replace(/:corpus.*/, ''), image)
  })
})
