import type { Digest } from './digest.ts'
import type { Gap } from './gap.ts'
import type { Observation } from './package.ts'
import type { PathSet } from './path-set.ts'

/** A path of a layer that some analyzer wants, or that stands on the way to one of its anchors. */
export interface IndexedFile {
  readonly path: string
  /** What stands at the path. An analyzer runs on files only (a hard link is the file it links to). */
  readonly type: 'file' | 'directory' | 'link' | 'other'
  /** The target, as written, of a symbolic link. */
  readonly target?: string
  readonly observations: readonly Observation[]
}

/** What one layer says, read on its own. It does not depend on the image around it, so it is kept and used again. */
export interface LayerIndex {
  readonly digest: Digest | undefined
  readonly diffId: Digest | undefined
  /** Wanted paths and links, one entry a path; the last entry of the tar archive wins. */
  readonly files: readonly IndexedFile[]
  /** Paths removed from the layers below (`.wh.NAME`), with all that is under them. */
  readonly whiteouts: readonly string[]
  /** Directories whose content in the layers below is hidden (`.wh..wh..opq`). */
  readonly opaques: readonly string[]
  /** Every path that is there and is not a directory. */
  readonly nonDirectories: PathSet
  /** Limits of this layer as a whole: a file that is too large, trailing data. */
  readonly gaps: readonly Gap[]
}
