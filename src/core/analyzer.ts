import type { Observation } from './package.ts'

/** A regular file taken out of a layer: its whole content, within the analyzer's limit. */
export interface LayerFile {
  /** The path inside the image, without a leading slash: `var/lib/dpkg/status`. */
  readonly path: string
  readonly bytes: Buffer
}

/**
 * Reads one kind of file. Pure: no effects, no state, nothing but the file. It runs in a worker thread, on input from
 * outside. It should report what it cannot read as a `gap` observation; whatever it throws becomes one.
 */
export interface Analyzer {
  /** Stable name, such as `dpkg-status`. */
  readonly id: string
  /** Raised by one whenever the same file would give other observations; known layers are then read again. */
  readonly version: number
  /** The well-known paths whose links, if they are links, must be followed: `var/lib/dpkg/status`. */
  readonly anchors: readonly string[]
  /** The most bytes a file may have; a larger one is a gap (`file-too-large`) and is not analyzed. */
  readonly maxBytes: number
  /** Whether the file at this path is for this analyzer. Called for every path of every layer: a string test, nothing more. */
  wants(path: string): boolean
  analyze(file: LayerFile): Iterable<Observation>
}
