import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LayerIndex } from './layer-index.ts'
import type { Observation } from './package.ts'
import { PathSet } from './path-set.ts'
import { layerRepositories } from './repositories.ts'

function layer(...lists: readonly (readonly string[])[]): LayerIndex {
  const files = lists.map((names, index) => {
    const observations: readonly Observation[] = [{ kind: 'repositories', names }]
    return { path: `root/buildinfo/content_manifests/${index}.json`, type: 'file', observations } as const
  })
  const none = { whiteouts: [], opaques: [], nonDirectories: PathSet.of([]), gaps: [] }
  return { digest: undefined, diffId: undefined, files, ...none }
}

describe('the repositories of layers', () => {
  it.each<[string, readonly LayerIndex[], readonly (readonly string[])[]]>([
    ['no layer names any', [layer(), layer()], [[], []]],
    ['a layer has its own', [layer(['a']), layer(['b'])], [['a'], ['b']]],
    ['all files of a layer count', [layer(['b', 'a'], ['c', 'a'])], [['a', 'b', 'c']]],
    [
      'later layers have those of the nearest one below',
      [layer(['a']), layer(), layer(['b']), layer()],
      [['a'], ['a'], ['b'], ['b']],
    ],
    [
      'the layers below the first have its own',
      [layer(), layer(), layer(['a']), layer(['b'])],
      [['a'], ['a'], ['a'], ['b']],
    ],
    ['an empty list names none', [layer(['a']), layer([]), layer()], [['a'], ['a'], ['a']]],
  ])('%s', (_name, layers, expected) => {
    expect(layerRepositories(layers)).toEqual(expected)
  })

  it('leave no layer without any where one names some, and never change what a layer names', () => {
    const lists = fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }), { maxLength: 6 })
    fc.assert(
      fc.property(lists, (named) => {
        const found = layerRepositories(named.map((names) => layer(names)))
        const some = named.some((names) => names.length > 0)
        expect(found.length).toBe(named.length)
        for (const [index, names] of named.entries()) {
          expect(found[index]!.length > 0).toBe(some)
          if (names.length > 0) expect(found[index]).toEqual([...new Set(names)].sort())
          else if (index > 0) expect(found[index]).toBe(found[index - 1])
        }
      }),
    )
  })
})
