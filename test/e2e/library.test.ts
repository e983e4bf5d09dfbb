import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as library from '../../src/index.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-library-'))
const installed = join(folder, 'node_modules', 'chiaro')

/** As it is installed, without anything that it is built with. */
beforeAll(() => {
  mkdirSync(installed, { recursive: true })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  cpSync(join(root, 'bin'), join(installed, 'bin'), { recursive: true })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the types of the library', () => {
  const program = `import { type ScanOptions, scan, update } from 'chiaro'
const options: ScanOptions = { database: 'sqlite::memory:', offline: true }
export const ids: Promise<string[]> = scan('debian:12', options).then(({ findings }) => findings.map(({ id }) => id))
export const outcomes: Promise<string[]> = update([], options).then((feeds) => feeds.map(({ outcome }) => outcome))
`
  const check = (text: string) => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'program.ts'), text)
    const options = ['--noEmit', '--strict', '--target', 'esnext', '--module', 'nodenext', '--types', '']
    return tsc([...options, 'program.ts'], folder)
  }

  it('are complete without any other package, and say what a program may do', { timeout: 120_000 }, () => {
    const built = tsc(['-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist', 'types')], root)
    expect(built).toBe('')
    expect(check(program)).toBe('')
    expect(check(program.replace('Promise<string[]>', 'Promise<number[]>'))).toMatch(/^program\.ts.*TS2322/)
  })
})

describe('the door of the library', () => {
  const program =
    "import('chiaro').then((all) => console.log(Object.keys(all).join()), (error) => console.log(error.message))"
  const run = (...options: readonly string[]) =>
    spawnSync(process.execPath, [...options, '--input-type=module', '--eval', program], {
      cwd: folder,
      encoding: 'utf8',
    }).stdout.trim()

  it('hands on all that the library exports', () => {
    mkdirSync(join(installed, 'dist'), { recursive: true })
    const source = JSON.stringify(join(root, 'src', 'index.ts'))
    writeFileSync(join(installed, 'dist', 'index.js'), `export * from ${source}\n`)
    expect(run().split(',').sort()).toEqual(Object.keys(library).sort())
  })

  it('says so where Node is too old for the library even to be parsed', () => {
    writeFileSync(join(installed, 'dist', 'index.js'), 'await using this is not what it knows')
    const older = "Object.defineProperty(process.versions, 'node', { value: '20.19.0' })"
    expect(run('--import', `data:text/javascript,${encodeURIComponent(older)}`)).toMatch(
      /^Chiaro needs Node 24 or newer, and this is Node 20\.19\.0/,
    )
  })
})

function tsc(args: readonly string[], cwd: string): string {
  const { stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  return stdout + stderr
}
