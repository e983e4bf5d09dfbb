import { imagePath, parentPath } from './image-path.ts'
import type { IndexedFile, LayerIndex } from './layer-index.ts'
import { limits } from './limits.ts'
import { hashPath, type PathSet } from './path-set.ts'

/** What a layer has at a path: a recorded file, or something that is not a directory and of which nothing else is known. */
export type Standing = { readonly layer: number; readonly file: IndexedFile | undefined }

/** Where following a path through links ended. */
export type Resolution =
  /** At a path that need not exist. */
  | {
      readonly kind: 'path'
      readonly path: string
      readonly followed: boolean
      readonly standing: Standing | undefined
    }
  /** Nowhere: in a cycle, or through more or longer links than are followed. */
  | { readonly kind: 'lost'; readonly path: string }

interface LayerView {
  readonly files: ReadonlyMap<string, IndexedFile>
  readonly whiteouts: ReadonlySet<string>
  readonly opaques: ReadonlySet<string>
  readonly nonDirectories: PathSet
}

/**
 * The layers of an image, one upon the other, as overlayfs and the OCI image specification have it (layer.md, "Applying
 * Changesets"): what a layer has at a path replaces what is at that path below, a file also hides everything below a
 * directory that it replaces, whiteouts hide a path and opaque directories what is in them, in the layers below only.
 */
export class MergedView {
  readonly #layers: readonly LayerView[]
  readonly #hidden = new Map<string, number>()

  constructor(layers: readonly LayerIndex[]) {
    this.#layers = layers.map(({ files, whiteouts, opaques, nonDirectories }) => ({
      files: new Map(files.map((file) => [file.path, file])),
      whiteouts: new Set(whiteouts),
      opaques: new Set(opaques),
      nonDirectories,
    }))
  }

  /** What is to be seen at a path, in the image of the layers below `before` (all layers by default). */
  at(path: string, before: number = this.#layers.length): Standing | undefined {
    const hash = hashPath(path)
    for (let layer = before - 1; layer >= 0; layer--) {
      const { files, whiteouts, nonDirectories } = this.#layers[layer]!
      const file = files.get(path)
      const standing = file !== undefined || nonDirectories.hasHash(hash) ? { layer, file } : undefined
      if (standing !== undefined) return this.#isHidden(path, layer, before) ? undefined : standing
      if (whiteouts.has(path)) return undefined
    }
    return undefined
  }

  /** Follows links from a path, inside the image. */
  resolve(path: string): Resolution {
    const left = path.split('/').reverse()
    let at = ''
    let hops = 0
    let standing: Standing | undefined
    for (let steps = 0; left.length > 0; steps++) {
      const component = left.pop()!
      if (component === '' || component === '.') continue
      if (component === '..') {
        at = parentPath(at)
        standing = undefined
        continue
      }
      const next = at === '' ? component : `${at}/${component}`
      standing = this.at(next)
      const target = standing?.file?.type === 'link' ? (standing.file.target ?? '') : undefined
      if (target === undefined) {
        at = next
        // A path through something of which only its name is known may well go through a link.
        if (standing !== undefined && standing.file === undefined) {
          return { kind: 'path', path: imagePath([at, ...left.reverse()].join('/')), followed: hops > 0, standing }
        }
        continue
      }
      if (++hops > limits.linkHops || target.length > limits.linkTargetBytes || steps > limits.pathDepth) {
        return { kind: 'lost', path }
      }
      if (target.startsWith('/')) at = ''
      left.push(...target.split('/').reverse())
    }
    return { kind: 'path', path: at, followed: hops > 0, standing }
  }

  /** Whether a layer between `layer` and `before` hides the directory that `path` is in, and so what `layer` has at `path`. */
  #isHidden(path: string, layer: number, before: number): boolean {
    for (let directory = path; directory !== ''; ) {
      directory = parentPath(directory)
      if (before === this.#layers.length) return this.#hiddenBelow(directory) > layer
      for (let above = before - 1; above > layer; above--) {
        if (this.#hides(this.#layers[above]!, directory, hashPath(directory))) return true
      }
    }
    return false
  }

  /** The topmost layer that hides what the layers below it have in a directory; -1 for none. */
  #hiddenBelow(directory: string): number {
    const known = this.#hidden.get(directory)
    if (known !== undefined) return known
    const hash = hashPath(directory)
    const above = directory === '' ? -1 : this.#hiddenBelow(parentPath(directory))
    let layer = this.#layers.length - 1
    while (layer > above && !this.#hides(this.#layers[layer]!, directory, hash)) layer--
    this.#hidden.set(directory, layer)
    return layer
  }

  #hides(layer: LayerView, directory: string, hash: number): boolean {
    if (layer.opaques.has(directory)) return true
    return directory !== '' && (layer.whiteouts.has(directory) || layer.nonDirectories.hasHash(hash))
  }
}
