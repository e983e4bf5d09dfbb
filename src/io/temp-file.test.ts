import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { openNamelessFile } from './nameless-file.ts'
import { createTempFile } from './temp-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe.skipIf(process.platform === 'win32')('a temporary file', () => {
  it('is read by its path while it is open', async () => {
    await using file = await createTempFile()
    await file.append(Buffer.from('one '))
    await file.append(Buffer.from('two'))
    expect(readFileSync(file.path, 'utf8')).toBe('one two')
  })

  it.skipIf(process.platform !== 'linux')('never has a name that a killed process could leave', async () => {
    const own = join(folder, 'watched')
    mkdirSync(own)
    vi.stubEnv('TMPDIR', own)
    const names = new Set<string | null>()
    const watcher = watch(own, (_, name) => names.add(name))
    for (let count = 0; count < 10; count++) {
      await using file = await createTempFile()
      await file.append(Buffer.from('x'))
      await (await openNamelessFile()).close()
    }
    await sleep(100)
    watcher.close()
    vi.unstubAllEnvs()
    // what is written into a file without a name is told of by its number
    expect([...names].filter((name) => !/^#\d+$/.test(name ?? ''))).toEqual([])
    expect(readdirSync(own)).toEqual([])
  })

  it('needs a folder', async () => {
    vi.stubEnv('TMPDIR', join(folder, 'missing'))
    await expect(createTempFile()).rejects.toMatchObject({ code: 'FILE_FAILED', where: join(folder, 'missing') })
    vi.unstubAllEnvs()
  })
})
