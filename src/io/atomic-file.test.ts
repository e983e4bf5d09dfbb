import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChiaroError } from '../core/errors.ts'
import { writeFileWhole } from './atomic-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiaro-atomic-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function* failing(): Iterable<string> {
  yield 'x'.repeat(100_000)
  throw new Error('the writer failed')
}

describe('writing a file whole', () => {
  it('writes it whole, and leaves nothing else', async () => {
    const file = join(folder, 'report.json')
    await writeFileWhole(file, ['{', 'é'.repeat(100_000), '}'])
    expect(readFileSync(file, 'utf8')).toBe(`{${'é'.repeat(100_000)}}`)
    expect(readdirSync(folder)).toEqual(['report.json'])
  })

  it('leaves the old file when it fails', async () => {
    const file = join(folder, 'report.json')
    writeFileSync(file, 'old')
    await expect(writeFileWhole(file, failing())).rejects.toMatchObject({ code: 'FILE_FAILED', where: file })
    expect(readFileSync(file, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['report.json'])
  })

  it('keeps the mode of the file, and a link to it', async () => {
    const file = join(folder, 'report.json')
    writeFileSync(file, 'old')
    chmodSync(file, 0o640)
    symlinkSync('report.json', join(folder, 'latest.json'))
    await writeFileWhole(join(folder, 'latest.json'), ['new'])
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(statSync(file).mode & 0o777).toBe(0o640)
    expect(readdirSync(folder).sort()).toEqual(['latest.json', 'report.json'])
  })

  it.skipIf(process.platform === 'win32')('writes into a device instead of replacing it', async () => {
    await writeFileWhole('/dev/null', ['text'])
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  it('says how many bytes it wrote, of texts and bytes', async () => {
    const file = join(folder, 'data')
    async function* content() {
      yield 'é'
      yield Buffer.from([1, 2])
      yield '!'
    }
    expect(await writeFileWhole(file, content())).toBe(5)
    expect(readFileSync(file)).toEqual(Buffer.from([0xc3, 0xa9, 1, 2, 0x21]))
  })

  it('passes on an error of the content as it is', async () => {
    async function* content() {
      yield 'half'
      throw new ChiaroError('ABORTED', 'stopped')
    }
    await expect(writeFileWhole(join(folder, 'data'), content())).rejects.toMatchObject({ code: 'ABORTED' })
    expect(readdirSync(folder)).toEqual([])
  })
})
