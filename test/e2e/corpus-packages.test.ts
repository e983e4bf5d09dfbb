import { describe, expect, it } from 'vitest'
import { index } from '../../src/index.ts'
import { corpus, corpusImages, expectedPackages, readFacts } from '../support/corpus.ts'

const images = corpusImages().filter(({ name }) => !name.startsWith('hostile-'))

describe.skipIf(corpus === undefined)('packages of the image corpus (skipped without CHIARO_CORPUS)', () => {
  it('has images', () => {
    expect(images.length).toBeGreaterThan(0)
  })

  it.each(images)('$name: exactly the packages that independent tools found', async ({ folder, expected }) => {
    expect(await found(folder, 'amd64')).toEqual(expectedPackages(expected))
  })

  it.each(images.filter(({ name }) => name.startsWith('fmt-index')))(
    '$name: the arm64 image too',
    async ({ name, folder }) => {
      expect(await found(folder, 'arm64')).toEqual(expectedPackages(readFacts(`${name}.arm64`)))
    },
  )
})

async function found(folder: string, architecture: string): Promise<readonly string[]> {
  const options = { database: 'sqlite::memory:', platform: { os: 'linux', architecture } }
  const { packages } = await index(`oci-layout:${folder}`, options)
  // the list that the apk images were made from does not state architectures
  return packages
    .map(({ type, name, version, arch }) => `${type} ${name} ${version} ${type === 'apk' ? '*' : arch}`)
    .sort()
}
