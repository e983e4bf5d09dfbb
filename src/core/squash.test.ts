import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { IndexedFile, LayerIndex } from './layer-index.ts'
import { limits } from './limits.ts'
import type { Observation } from './package.ts'
import { hashPath, PathSet } from './path-set.ts'
import type { ReportImage } from './report.ts'
import { squash } from './squash.ts'

const image = { layers: [] } as unknown as ReportImage

function pkg(name: string, version = '1'): Observation {
  return { kind: 'package', package: { type: 'deb', name, version, arch: 'amd64', source: { name, version } } }
}

function release(id: string, precedence: number): Observation {
  const empty = { versionId: '1', codename: '', prettyName: '', idLike: [], cpe: '' }
  return { kind: 'release', release: { id, ...empty }, precedence }
}

/** A layer; paths ending in `/` are directories, values starting with `->` links, lists are observations. */
function layer(
  entries: Readonly<Record<string, readonly Observation[] | string>>,
  {
    whiteouts = [],
    opaques = [],
    unrecorded = [],
  }: { whiteouts?: string[]; opaques?: string[]; unrecorded?: string[] } = {},
): LayerIndex {
  const files = Object.entries(entries).map(([path, content]): IndexedFile => {
    if (path.endsWith('/')) return { path: path.slice(0, -1), type: 'directory', observations: [] }
    if (typeof content === 'string') return { path, type: 'link', target: content.slice(2), observations: [] }
    return { path, type: 'file', observations: content }
  })
  const paths = [...files.filter(({ type }) => type !== 'directory').map(({ path }) => path), ...unrecorded]
  const nonDirectories = PathSet.of(paths.map(hashPath))
  return { digest: undefined, diffId: undefined, files, whiteouts, opaques, nonDirectories, gaps: [] }
}

const found = (layers: readonly LayerIndex[], anchors: readonly string[] = []) =>
  squash(image, layers, anchors).packages.map(({ name, version, path, layer }) => `${name} ${version} ${path} ${layer}`)

describe('packages', () => {
  it('survive until their path is replaced', () => {
    const layers = [
      layer({ 'var/db': [pkg('a'), pkg('b')] }),
      layer({ 'var/db': [pkg('a'), pkg('b', '2')] }),
      layer({}),
    ]
    expect(found(layers)).toEqual(['a 1 var/db 0', 'b 2 var/db 1'])
  })

  it('came with the first layer of the unbroken run that lists them', () => {
    const layers = [[pkg('a'), pkg('b')], [pkg('a')], [pkg('a'), pkg('b')], [pkg('b'), pkg('a')]].map((db) =>
      layer({ db }),
    )
    expect(found(layers)).toEqual(['a 1 db 0', 'b 1 db 2'])
  })

  it('came anew where the file was removed in between', () => {
    const layers = [layer({ db: [pkg('a')] }), layer({}, { whiteouts: ['db'] }), layer({ db: [pkg('a')] })]
    expect(found(layers)).toEqual(['a 1 db 2'])
  })

  it.each<[string, LayerIndex]>([
    ['a whiteout', layer({}, { whiteouts: ['var/lib/db'] })],
    ['a whiteout of a directory above', layer({}, { whiteouts: ['var'] })],
    ['an opaque directory', layer({}, { opaques: ['var/lib'] })],
    ['an opaque directory above', layer({}, { opaques: ['var'] })],
    ['an opaque root', layer({}, { opaques: [''] })],
    ['a directory in its place', layer({ 'var/lib/db/': [] })],
    ['a link in its place', layer({ 'var/lib/db': '->elsewhere' })],
    ['a file in place of a directory above', layer({}, { unrecorded: ['var/lib'] })],
    ['a file that nobody read in its place', layer({}, { unrecorded: ['var/lib/db'] })],
  ])('are hidden by %s', (_, above) => {
    expect(found([layer({ 'var/lib/db': [pkg('a')] }), above])).toEqual([])
  })

  it.each<[string, LayerIndex]>([
    ['a whiteout of a name that begins like theirs', layer({}, { whiteouts: ['var/li', 'var/lib/db2'] })],
    ['an opaque directory beside', layer({}, { opaques: ['var/li', 'etc'] })],
    ['a directory above', layer({ 'var/': [], 'var/lib/': [] })],
    ['a file beside', layer({}, { unrecorded: ['var/lib/db2', 'var/li'] })],
  ])('are not hidden by %s', (_, above) => {
    expect(found([layer({ 'var/lib/db': [pkg('a')] }), above])).toEqual(['a 1 var/lib/db 0'])
  })

  it('are not hidden by whiteouts of their own layer', () => {
    const layers = [
      layer({ 'var/db': [pkg('a')] }),
      layer({ 'var/db': [pkg('b')] }, { whiteouts: ['var', 'var/db'], opaques: ['', 'var'] }),
    ]
    expect(found(layers)).toEqual(['b 1 var/db 1'])
  })

  it('are listed once a path, in order, with a purl', () => {
    const layers = [
      layer({ 'etc/os-release': [release('debian', 0)], db2: [pkg('a')], db: [pkg('b'), pkg('a'), pkg('a')] }),
    ]
    expect(found(layers)).toEqual(['a 1 db 0', 'a 1 db2 0', 'b 1 db 0'])
    expect(squash(image, layers, []).packages[0]?.purl).toBe('pkg:deb/debian/a@1?arch=amd64&distro=debian-1')
  })
})

describe('the repositories of packages', () => {
  const named = (...names: string[]): Observation => ({ kind: 'repositories', names })
  const repositories = (layers: readonly LayerIndex[]) =>
    squash(image, layers, []).packages.map((one) => `${one.name} ${one.repositories?.join(',') ?? '-'}`)

  it('are those of the layer that brought them, although the file that names them is gone', () => {
    const layers = [
      layer({ db: [pkg('a')], 'manifests/base.json': [named('baseos')] }),
      layer({ db: [pkg('a'), pkg('b')], 'manifests/app.json': [named('baseos', 'appstream')] }),
      layer({ db: [pkg('a'), pkg('b'), pkg('c')] }, { whiteouts: ['manifests'] }),
    ]
    expect(repositories(layers)).toEqual(['a baseos', 'b appstream,baseos', 'c appstream,baseos'])
  })

  it('are not there where no layer names any', () => {
    expect(repositories([layer({ db: [pkg('a')] })])).toEqual(['a -'])
  })
})

describe('the container that an image is', () => {
  const container = (name: string): Observation => ({
    kind: 'package',
    package: { type: 'oci', name, version: '1-2', arch: '', source: { name, version: '1-2' } },
  })

  it('is the one of its last labels, in whatever order their files stand', () => {
    const layers = [
      layer({ 'buildinfo/z-ubi8': [container('ubi8')], db: [pkg('a')] }),
      layer({ 'buildinfo/a-app': [container('app')] }),
      layer({ db: [pkg('a'), pkg('b')] }),
    ]
    expect(squash(image, layers, []).packages.map(({ name }) => name)).toEqual(['a', 'b', 'app'])
  })
})

describe('the release', () => {
  it('is the surviving one with the lowest precedence', () => {
    const layers = [
      layer({ 'etc/os-release': [release('first', 0)], 'usr/lib/os-release': [release('second', 1)] }),
      layer({ 'etc/lsb-release': [release('third', 2)] }),
    ]
    expect(squash(image, layers, []).release?.id).toBe('first')
    const removed = [...layers, layer({}, { whiteouts: ['etc/os-release'] })]
    expect(squash(image, removed, []).release?.id).toBe('second')
    expect(squash(image, [], []).release).toBeUndefined()
  })
})

describe('gaps', () => {
  it('are those of all layers and of the files that survive', () => {
    const lost = { kind: 'gap', code: 'database-unreadable', detail: 'gone' } as const
    const kept = { kind: 'gap', code: 'database-unreadable', detail: 'still there' } as const
    const trailing = { code: 'layer-trailing-data', where: 'layer', detail: 'x' } as const
    const layers = [{ ...layer({ db: [lost], other: [kept] }), gaps: [trailing, trailing] }, layer({ db: [pkg('a')] })]
    expect(squash(image, layers, []).gaps).toEqual([
      trailing,
      { code: 'database-unreadable', where: 'other', detail: 'still there' },
    ])
  })

  const gapsOf = (...layers: readonly LayerIndex[]) =>
    squash(image, layers, ['var/lib/db']).gaps.map(({ code }) => code)

  it.each<[string, readonly LayerIndex[]]>([
    ['nothing is there', [layer({})]],
    ['it is read', [layer({ 'var/lib/db': [] })]],
    ['a link leads to what is read', [layer({ 'var/lib': '->/opt', 'opt/db': [] })]],
    ['a link leads out and in again', [layer({ 'var/lib': '->../../../../opt', 'opt/db': [] })]],
    ['a link leads to nothing', [layer({ 'var/lib/db': '->gone' })]],
    [
      'a link is replaced by a directory',
      [layer({ 'var/lib': '->/opt' }, { unrecorded: ['opt/db'] }), layer({ 'var/lib/': [] })],
    ],
    [
      'the target is removed',
      [layer({ 'var/lib': '->/opt' }, { unrecorded: ['opt/db'] }), layer({}, { whiteouts: ['opt'] })],
    ],
  ])('are none where %s', (_, layers) => {
    expect(gapsOf(...layers)).toEqual([])
  })

  it.each<[string, readonly LayerIndex[]]>([
    ['a link leads to what was not read', [layer({ 'var/lib': '->/opt' }, { unrecorded: ['opt/db'] })]],
    [
      'links of several layers do',
      [layer({}, { unrecorded: ['opt/x'] }), layer({ var: '->v', 'v/lib/db': '->/opt/x' })],
    ],
    ['a link leads through what may be a link', [layer({ 'var/lib': '->/opt/deep' }, { unrecorded: ['opt'] })]],
    ['links go in circles', [layer({ var: '->a', a: '->b', b: '->var' })]],
    ['a link is itself', [layer({ 'var/lib': '->lib' })]],
    ['a link multiplies itself', [layer({ var: `->${'var/'.repeat(1000)}` })]],
    ['a target is too long', [layer({ var: `->${'a'.repeat(limits.linkTargetBytes + 1)}` })]],
  ])('say so where %s', (_, layers) => {
    expect(gapsOf(...layers)).toEqual(['link-unresolved'])
  })

  it('follow as many links as Linux does, and not one more', () => {
    const chain = (length: number) => {
      const links = Object.fromEntries(
        Array.from({ length: length - 1 }, (_, place) => [`l${place}`, `->l${place + 1}`]),
      )
      return layer({ 'var/lib/db': '->/l0', ...links, [`l${length - 1}`]: [] })
    }
    expect(gapsOf(chain(limits.linkHops))).toEqual([])
    expect(gapsOf(chain(limits.linkHops + 1))).toEqual(['link-unresolved'])
  })
})

describe('against a plain model of overlayfs', () => {
  const component = fc.constantFrom('a', 'b', 'db')
  const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((components) => components.join('/'))
  const packages = fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), { maxLength: 3 })
  const changes = fc.record({
    files: fc.uniqueArray(fc.tuple(path, packages), { maxLength: 4, selector: ([name]) => name }),
    directories: fc.array(path, { maxLength: 2 }),
    whiteouts: fc.array(path, { maxLength: 2 }),
    opaques: fc.array(fc.oneof(path, fc.constant('')), { maxLength: 1 }),
  })
  type Changes = typeof changes extends fc.Arbitrary<infer T> ? T : never

  const above = (name: string) =>
    name
      .split('/')
      .map((_, depth, all) => all.slice(0, depth).join('/'))
      .slice(1)
  const below = (directory: string, name: string) => directory === '' || name.startsWith(`${directory}/`)

  /** The changes without what no tar can have: something below a file, or a directory where there is one. */
  function sound({ files, directories, ...rest }: Changes) {
    const names = files.map(([name]) => name)
    const kept = files.filter(([name]) => !above(name).some((directory) => names.includes(directory)))
    const keptNames = kept.map(([name]) => name)
    const wanted = [...directories, ...kept.flatMap(([name]) => above(name)), ...directories.flatMap(above)]
    const free = wanted.filter((name) => !keptNames.some((file) => file === name || below(file, name)))
    return { ...rest, files: kept, directories: [...new Set(free)] }
  }

  /** As an analyzer would see it that wants every path named `db`. */
  function indexOf({ files, directories, whiteouts, opaques }: ReturnType<typeof sound>): LayerIndex {
    const isWanted = (name: string) => /(?:^|\/)db$/.test(name)
    const wanted = files.filter(([name]) => isWanted(name)).map(([name, list]) => [name, list.map((one) => pkg(one))])
    const recorded = directories.filter(isWanted).map((name) => [`${name}/`, []])
    const unrecorded = files.map(([name]) => name).filter((name) => !isWanted(name))
    return layer(Object.fromEntries([...recorded, ...wanted]), { whiteouts, opaques, unrecorded })
  }

  function apply(layers: readonly ReturnType<typeof sound>[]): readonly string[] {
    let state = new Map<string, 'directory' | Map<string, number>>()
    for (const [place, { files, directories, whiteouts, opaques }] of layers.entries()) {
      const next = new Map(state)
      const remove = (hidden: (name: string) => boolean) => {
        for (const name of next.keys()) if (hidden(name)) next.delete(name)
      }
      for (const gone of whiteouts) remove((name) => name === gone || below(gone, name))
      for (const directory of opaques) remove((name) => below(directory, name))
      for (const directory of directories) {
        if (next.get(directory) !== 'directory') next.set(directory, 'directory')
      }
      for (const [file, list] of files) {
        remove((name) => below(file, name))
        const before = state.get(file)
        const introduced = (one: string) => (before instanceof Map ? before.get(one) : undefined) ?? place
        next.set(file, new Map(list.map((one) => [one, introduced(one)])))
      }
      state = next
    }
    const lines: string[] = []
    for (const [name, content] of state) {
      if (!(content instanceof Map) || !/(?:^|\/)db$/.test(name)) continue
      for (const [one, place] of content) lines.push(`${one} 1 ${name} ${place}`)
    }
    return lines.sort()
  }

  it('finds the same packages, brought by the same layers', () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 6 }), (layers) => {
        const made = layers.map(sound)
        expect([...found(made.map(indexOf))].sort()).toEqual(apply(made))
      }),
      { numRuns: 3000 },
    )
  })
})
