import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lineAnalyzers } from '../../test/support/line-analyzers.ts'
import { limits } from '../core/limits.ts'
import { osRelease } from '../formats/os-release.ts'
import { rpmdb } from '../formats/rpmdb/index.ts'
import { readDirectory } from './read-directory.ts'

const status =
  'Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: install ok installed\nVersion: 2\n'
const database = 'var/lib/dpkg/status'

let outside: string
let root: string

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'chiaro-root-'))
  root = join(outside, 'root')
  mkdirSync(root)
})

afterEach(() => rmSync(outside, { recursive: true }))

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content)
}

const read = () => readDirectory(root, lineAnalyzers)
const isRoot = process.getuid?.() === 0

describe('a directory', () => {
  it('is read like a layer, without digests', () => {
    write(database, status)
    write('etc/os-release', 'ID=debian\n')
    write('.wh.x', '')
    symlinkSync('../usr/lib', join(root, 'lib'))
    const index = read()
    expect(index).toMatchObject({ digest: undefined, diffId: undefined, whiteouts: [], opaques: [], gaps: [] })
    const observed = index.files.filter(({ observations }) => observations.length > 0)
    expect(observed.map(({ path, observations }) => `${path} ${observations.length}`).sort()).toEqual([
      'etc/os-release 1',
      `${database} 2`,
    ])
    for (const path of [database, 'lib', '.wh.x']) expect(index.nonDirectories.has(path)).toBe(true)
    expect(index.nonDirectories.size).toBe(4)
  })

  it('is not left through links', () => {
    writeFileSync(join(outside, 'status'), status)
    mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true })
    symlinkSync(join(outside, 'status'), join(root, database))
    symlinkSync('..', join(root, 'etc'))
    expect(read().files.filter(({ type }) => type === 'link')).toEqual([
      { path: 'etc', type: 'link', target: '..', observations: [] },
      { path: database, type: 'link', target: join(outside, 'status'), observations: [] },
    ])
  })

  it.skipIf(process.platform === 'win32')('may have sockets, FIFOs and names that are not UTF-8 in it', () => {
    mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true })
    execFileSync('mkfifo', [join(root, database)])
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x61])]), 'x')
    const index = read()
    expect(index.files).toContainEqual({ path: database, type: 'other', observations: [] })
    expect(index.nonDirectories.has('ÿa')).toBe(true)
  })

  it('says so where a database is too large', () => {
    write(database, '')
    truncateSync(join(root, database), limits.packageDatabaseBytes + 1)
    const gap = { kind: 'gap', code: 'file-too-large' }
    expect(read().files.find(({ path }) => path === database)).toMatchObject({ observations: [gap] })
  })

  it.each([
    ['an rpm database', 'var/lib/rpm/rpmdb.sqlite', limits.rpmDatabaseBytes],
    ['a release file', 'etc/os-release', limits.releaseFileBytes],
  ])('says so where %s is too large', (_, path, most) => {
    write(path, '')
    truncateSync(join(root, path), most + 1)
    const { files } = readDirectory(root, [rpmdb, osRelease])
    const gap = { kind: 'gap', code: 'file-too-large' }
    expect(files.find((file) => file.path === path)).toMatchObject({ observations: [gap] })
  })

  it.skipIf(isRoot)('says so where a database or directory cannot be read', () => {
    write(database, status)
    write('usr/lib/os-release', 'ID=debian\n')
    chmodSync(join(root, database), 0)
    chmodSync(join(root, 'usr/lib'), 0)
    const index = read()
    chmodSync(join(root, 'usr/lib'), 0o755)
    const gap = { kind: 'gap', code: 'database-unreadable' }
    expect(index.files.find(({ path }) => path === database)).toMatchObject({ observations: [gap] })
    expect(index.gaps).toMatchObject([{ code: 'database-unreadable', where: 'usr/lib' }])
  })

  it('has to be there', () => {
    root = join(outside, 'missing')
    expect(read).toThrow(expect.objectContaining({ code: 'FILE_FAILED', where: root }))
    root = join(outside, 'file')
    writeFileSync(root, '')
    expect(read).toThrow(expect.objectContaining({ code: 'FILE_FAILED', where: root }))
  })
})
