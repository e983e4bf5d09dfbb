import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEngine, type Engine } from '../../src/compose.ts'
import type { Platform } from '../../src/core/image.ts'
import { Blobs, tagged } from '../support/layout.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const amd64 = { os: 'linux', architecture: 'amd64' }
const arm64 = { os: 'linux', architecture: 'arm64' }

let engine: Engine
beforeEach(async () => {
  engine = await createEngine({ database: 'sqlite::memory:', mirror: undefined, offline: true })
})
afterEach(() => engine[Symbol.asyncDispose]())

async function packagesOf(reference: string, platform?: Platform): Promise<readonly string[]> {
  const registry = { credentials: undefined, plainHttp: false, insecure: false, caFile: undefined }
  const { image, packages } = await engine.index(reference, {
    image: { platform, offline: true, registry },
    signal: new AbortController().signal,
    progress: () => {},
  })
  expect(image.reference).toBe(reference)
  return packages.map(({ name }) => name)
}

/** A layout with one image of one package, which is called like its tag. */
async function makeLayout(name: string, platform: Platform = amd64) {
  const directory = mkdtempSync(join(folder, 'layout-'))
  const blobs = new Blobs()
  const status = `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n`
  const { platform: _, ...image } = await blobs.image({ platform, layers: [{ 'var/lib/dpkg/status': status }] })
  blobs.writeLayout(directory, [tagged(image, name)])
  return { directory, reference: `oci-layout:${directory}`, blobs, image }
}

const removeBlobs = (directory: string) => rmSync(join(directory, 'blobs'), { recursive: true })

describe('an image that is known', () => {
  it('is told by its digest alone: no blob is read, nor missed', async () => {
    const { directory, reference } = await makeLayout('one')
    const found = await packagesOf(reference)
    removeBlobs(directory)
    expect(found).toEqual(['one'])
    expect(await packagesOf(`${reference}:one`)).toEqual(found)
  })

  it('is not what its tag leads to when the tag has moved', async () => {
    const { directory, reference, blobs, image } = await makeLayout('one')
    expect(await packagesOf(`${reference}:one`)).toEqual(['one'])
    const other = await makeLayout('two')
    for (const [digest, bytes] of other.blobs.all) blobs.all.set(digest, bytes)
    blobs.writeLayout(directory, [tagged(other.image, 'one'), tagged(image, 'old')])
    expect(await packagesOf(`${reference}:one`)).toEqual(['two'])
    expect(await packagesOf(`${reference}:old`)).toEqual(['one'])
  })

  it('is not one for another platform', async () => {
    const { directory, reference } = await makeLayout('one')
    await packagesOf(reference)
    removeBlobs(directory)
    expect(await packagesOf(reference, amd64)).toEqual(['one'])
    await expect(packagesOf(reference, arm64)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      advice: expect.stringContaining('linux/amd64'),
    })
  })

  it('is reached through an index that is read and verified every time', async () => {
    const { directory, reference, blobs, image } = await makeLayout('one')
    const index = blobs.index([{ ...image, platform: amd64 }])
    blobs.writeLayout(directory, [tagged(index, 'all')])
    expect(await packagesOf(reference, amd64)).toEqual(['one'])
    removeBlobs(directory)
    await expect(packagesOf(reference, amd64)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    blobs.all.set(index.digest, Buffer.from(blobs.all.get(index.digest)!.toString().replace('amd64', 'arm64')))
    blobs.writeLayout(directory, [tagged(index, 'all')])
    await expect(packagesOf(reference, amd64)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  })

  it('does not hide that the layout itself is damaged', async () => {
    const { directory, reference } = await makeLayout('one')
    await packagesOf(reference)
    writeFileSync(join(directory, 'index.json'), '{')
    await expect(packagesOf(reference)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
  })
})

it('reads what it does not know, and says when that is damaged', async () => {
  const { directory, reference, blobs, image } = await makeLayout('one')
  blobs.all.set(image.digest, Buffer.from(blobs.all.get(image.digest)!.toString().replace('gzip', 'gzap')))
  blobs.writeLayout(directory, [tagged(image, 'one')])
  await expect(packagesOf(reference)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
})
