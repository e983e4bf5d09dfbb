import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-new-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a new ecosystem adds its lines to the registry and leaves the others as they are', () => {
  const registry = join('src', 'ecosystems', 'registry.ts')
  for (const file of [join('scripts', 'new.ts'), registry]) cpSync(join(root, file), join(folder, file))
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'scripts', 'new.ts'), 'ecosystem', 'foolinux'], {
    encoding: 'utf8',
  })
  expect(status, stderr).toBe(0)
  const lines = readFileSync(join(folder, registry), 'utf8').split('\n')
  const added = ["import { foolinux } from './foolinux/index.ts'", '  foolinux,']
  expect(lines).toEqual(expect.arrayContaining(added))
  const rest = lines.filter((line) => !added.includes(line))
  expect(rest).toEqual(readFileSync(join(root, registry), 'utf8').split('\n'))
})
