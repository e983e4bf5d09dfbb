import {
  chmodSync,
  mkdirSync,
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
import { checkTarget, writeFile } from './output.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiaro-output-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function* failing(): Iterable<string> {
  yield 'x'.repeat(100_000)
  throw new Error('the writer failed')
}

describe('writing a report to a file', () => {
  it('writes it whole, and leaves nothing else', () => {
    const file = join(folder, 'report.json')
    writeFile(file, ['{', 'é'.repeat(100_000), '}'])
    expect(readFileSync(file, 'utf8')).toBe(`{${'é'.repeat(100_000)}}`)
    expect(readdirSync(folder)).toEqual(['report.json'])
  })

  it('leaves the old file when it fails', () => {
    const file = join(folder, 'report.json')
    writeFileSync(file, 'old')
    expect(() => writeFile(file, failing())).toThrow(expect.objectContaining({ code: 'FILE_FAILED', where: file }))
    expect(readFileSync(file, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['report.json'])
  })

  it('keeps the mode of the file, and a link to it', () => {
    const file = join(folder, 'report.json')
    writeFileSync(file, 'old')
    chmodSync(file, 0o640)
    symlinkSync('report.json', join(folder, 'latest.json'))
    writeFile(join(folder, 'latest.json'), ['new'])
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(statSync(file).mode & 0o777).toBe(0o640)
    expect(readdirSync(folder).sort()).toEqual(['latest.json', 'report.json'])
  })

  it.skipIf(process.platform === 'win32')('writes into a device instead of replacing it', () => {
    writeFile('/dev/null', ['text'])
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  it('says before any work what is certain to fail', () => {
    mkdirSync(join(folder, 'directory'))
    writeFileSync(join(folder, 'file'), '')
    for (const target of ['missing/report.json', 'directory', 'file/report.json']) {
      expect(() => checkTarget(join(folder, target)), target).toThrow(expect.objectContaining({ code: 'FILE_FAILED' }))
    }
    checkTarget(join(folder, 'new.json'))
    checkTarget(join(folder, 'file'))
  })
})
