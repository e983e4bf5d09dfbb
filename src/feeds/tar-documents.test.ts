import { describe, expect, it } from 'vitest'
import { tarArchive } from '../../test/support/tar.ts'
import { isChiaroError } from '../core/errors.ts'
import { tarDocuments } from './tar-documents.ts'

const archive = tarArchive([
  { name: 'data/', type: '5' },
  { name: 'data/one.json', body: '1' },
  { name: 'data/large.json', body: 'x'.repeat(2000) },
  { name: 'data/readme.txt', body: 'no' },
  { name: 'data/link.json', type: '2', link: 'one.json' },
  { name: 'data/two.json', body: '2' },
])

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700)
}

async function read(bytes: Buffer, maxBytes?: number): Promise<readonly string[]> {
  const found: string[] = []
  const isJson = (path: string) => path.endsWith('.json')
  for await (const document of tarDocuments(chunks(bytes), 'a.tar', isJson, maxBytes)) {
    found.push(`${document.path}: ${'bad' in document ? document.bad : document.content.length}`)
  }
  return found
}

describe('documents of a tar archive', () => {
  it('are the files whose path is wanted', async () => {
    expect(await read(archive)).toEqual(['data/one.json: 1', 'data/large.json: 2000', 'data/two.json: 1'])
  })

  it('are bad, and not the end, where they are too large', async () => {
    expect(await read(archive, 1000)).toEqual([
      'data/one.json: 1',
      'data/large.json: it is larger than 1000 bytes',
      'data/two.json: 1',
    ])
  })

  it.each([
    ['an archive that ends too early', archive.subarray(0, 2500)],
    ['an archive that ends between two files', archive.subarray(0, 1536)],
    ['nothing', Buffer.alloc(0)],
    ['something else', Buffer.alloc(1024, 'x')],
  ])('refuses %s', async (_name, bytes) => {
    const error = await read(bytes).catch((thrown: unknown) => thrown)
    expect(isChiaroError(error, 'FEED_FAILED'), String(error)).toBe(true)
  })
})
