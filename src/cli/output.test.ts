import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkTarget } from './output.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiaro-output-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('where a report can be written to', () => {
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
