import type { LayerIndex } from './layer-index.ts'

/**
 * The repositories that the packages of each layer came from, lowest layer first. What the files of a layer name counts for
 * this layer, whatever becomes of the files. A layer that names none was built with those of the nearest layer below that
 * does; the layers below the first one that does, with those of that one. The lists are sorted, and empty where no layer
 * names any. (The rule is that of Clair's coalescer for Red Hat images.)
 */
export function layerRepositories(layers: readonly LayerIndex[]): readonly (readonly string[])[] {
  const named = layers.map(namesOf)
  let below: readonly string[] = named.find((names) => names.length > 0) ?? []
  return named.map((names) => {
    if (names.length > 0) below = names
    return below
  })
}

function namesOf({ files }: LayerIndex): readonly string[] {
  const names = new Set<string>()
  for (const observation of files.flatMap(({ observations }) => observations)) {
    if (observation.kind === 'repositories') for (const name of observation.names) names.add(name)
  }
  return [...names].sort()
}
