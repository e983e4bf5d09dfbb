import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isChiaroError } from '../core/errors.ts'
import { openMirror } from './mirror.ts'

const directory = tmpdir()

function refused(work: () => unknown): boolean {
  try {
    work()
    return false
  } catch (error) {
    return isChiaroError(error, 'CONFIG_INVALID')
  }
}

describe('openMirror', () => {
  it('leaves addresses as they are without a mirror', () => {
    const url = 'https://a.example/b?c'
    expect(openMirror(undefined)(url)).toEqual({ kind: 'origin', url })
  })

  it('maps host and path into a directory, compressed or not', () => {
    const path = join(directory, 'a.example', 'x', 'y z.json')
    for (const mirror of [directory, pathToFileURL(directory).href]) {
      expect(openMirror(mirror)('https://a.example/x/y%20z.json?version=1')).toEqual({
        kind: 'mirror-file',
        paths: [path, `${path}.gz`, `${path}.bz2`, `${path}.zst`],
      })
    }
  })

  it('maps host and path below a URL', () => {
    for (const mirror of ['http://m.example/feeds', 'http://m.example/feeds/']) {
      expect(openMirror(mirror)('https://a.example/x/y%20z.json?version=1')).toEqual({
        kind: 'mirror-url',
        urls: ['', '.gz', '.bz2', '.zst'].map((suffix) => `http://m.example/feeds/a.example/x/y%20z.json${suffix}`),
      })
    }
  })

  it.each([
    ['a mirror that is no directory', () => openMirror(join(directory, 'there-is-no-such-directory'))],
    ['a mirror with another scheme', () => openMirror('ftp://m.example/feeds')],
    ['a mirror with a query', () => openMirror('http://m.example/?q=')],
    ['a document with another scheme', () => openMirror(directory)('file:///etc/hostname')],
    ['a slash in a name', () => openMirror(directory)('https://a.example/..%2f..%2fetc/hostname')],
    ['a backslash in a name', () => openMirror(directory)('https://a.example/..%5chostname')],
    ['a zero in a name', () => openMirror(directory)('https://a.example/a%00b')],
  ])('refuses %s', (_name, work) => {
    expect(refused(work)).toBe(true)
  })

  const sources = {
    'https://a.example/feeds/': 'https://b.example/copies/',
    'https://a.example/feeds/one.json': 'http://c.example/1.json',
    'https://a.example/files': directory,
    'https://d.example': 'https://e.example:8443',
  }

  it.each([
    ['https://a.example/feeds/x/y%20z.json?version=1', 'https://b.example/copies/x/y%20z.json?version=1'],
    ['https://a.example/feeds', 'https://b.example/copies'],
    ['https://a.example/feeds/one.json', 'http://c.example/1.json'],
    ['https://a.example/feeds/one.json/two', 'http://c.example/1.json/two'],
    ['https://a.example/feeds/one.json5', 'https://b.example/copies/one.json5'],
    ['https://d.example', 'https://e.example:8443/'],
    ['https://D.example:443/x', 'https://e.example:8443/x'],
  ])('takes %s from the source that is named for it, and from no mirror', (address, url) => {
    for (const mirror of [undefined, directory]) {
      expect(openMirror(mirror, sources)(address)).toEqual({ kind: 'replaced', url })
    }
  })

  it('takes documents from a directory or file that is named for them, compressed or not', () => {
    const locate = openMirror('http://m.example', { ...sources, 'https://a.example/one': import.meta.filename })
    const path = join(directory, 'x', 'y z.json')
    expect(locate('https://a.example/files/x/y%20z.json?version=1')).toEqual({
      kind: 'mirror-file',
      paths: [path, `${path}.gz`, `${path}.bz2`, `${path}.zst`],
    })
    expect(locate('https://a.example/one?version=1')).toMatchObject({ paths: { 0: import.meta.filename } })
    expect(refused(() => locate('https://a.example/files/..%2f..%2fetc/hostname'))).toBe(true)
    expect(locate('https://a.example/files//etc/hostname')).toMatchObject({
      paths: { 0: join(directory, 'etc', 'hostname') },
    })
  })

  it.each(['https://a.example/feedsx', 'https://d.example.org/x', 'https://d.example:1/x', 'http://d.example/x'])(
    'leaves %s where it is',
    (url) => {
      expect(openMirror(undefined, sources)(url)).toEqual({ kind: 'origin', url })
      expect(openMirror('http://m.example', sources)(url).kind).toBe('mirror-url')
    },
  )

  it.each([
    ['an address that is none', { 'a.example': directory }],
    ['an address with a query', { 'https://a.example/?x': directory }],
    ['a place that is not there', { 'https://a.example/': join(directory, 'there-is-no-such-directory') }],
    ['a place with another scheme', { 'https://a.example/': 'ftp://m.example/' }],
  ])('refuses a source for %s', (_name, bad) => {
    expect(() => openMirror(undefined, bad)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', where: 'sources' }),
    )
  })

  it('never leaves the directory', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '%2f',
      '%5c',
      '\\',
      '/',
      '//',
      'a',
      '%00',
      '%25',
      '%',
      ' ',
      ':',
      '@',
    )
    const mirror = openMirror(directory)
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const url = `https://${parts.join('')}`
        if (refused(() => mirror(url))) return
        const location = mirror(url)
        const paths = location.kind === 'mirror-file' ? location.paths : []
        expect(paths).toHaveLength(4)
        for (const path of paths) expect(path.startsWith(`${directory}/`)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
