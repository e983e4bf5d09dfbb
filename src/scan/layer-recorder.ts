import type { Analyzer } from '../core/analyzer.ts'
import type { Digest } from '../core/digest.ts'
import { ChiaroError, messageOf } from '../core/errors.ts'
import type { Gap } from '../core/gap.ts'
import { parentPath } from '../core/image-path.ts'
import type { IndexedFile, LayerIndex } from '../core/layer-index.ts'
import { limits } from '../core/limits.ts'
import type { Observation } from '../core/package.ts'
import { hashPath, PathSet } from '../core/path-set.ts'

/** Puts a layer's index together, one path after the other. */
export class LayerRecorder {
  readonly #name: string
  readonly #where: string
  readonly #analyzers: readonly Analyzer[]
  /** The analyzers' anchors and every directory on the way to one. */
  readonly #waypoints: ReadonlySet<string>
  readonly #files = new Map<string, IndexedFile>()
  readonly #whiteouts = new Set<string>()
  readonly #opaques = new Set<string>()
  readonly #hashes: number[] = []
  readonly #gaps: Gap[] = []
  #wantedFiles = 0
  #wantedBytes = 0
  #overfull = false

  /** `name` stands for the layer in gaps, `where` in errors. */
  constructor(name: string, analyzers: readonly Analyzer[], where = name) {
    this.#name = name
    this.#where = where
    this.#analyzers = analyzers
    this.#waypoints = waypoints(analyzers)
  }

  /** Notes what stands at a path, and returns the analyzers that want what is in it. An earlier entry of the path is forgotten. */
  add(path: string, type: IndexedFile['type'], target = ''): readonly Analyzer[] {
    if (type !== 'directory') this.#hashes.push(hashPath(path))
    const wanting = this.wanting(path)
    if (wanting.length > 0 || this.#waypoints.has(path)) {
      this.#files.set(path, { path, type, ...(type === 'link' ? { target } : {}), observations: [] })
    }
    return wanting
  }

  /** The analyzers that want the file at `path`. */
  wanting(path: string): readonly Analyzer[] {
    let wanting = none
    for (const analyzer of this.#analyzers) {
      if (analyzer.wants(path)) wanting = [...wanting, analyzer]
    }
    return wanting
  }

  /** What is noted of a path. */
  get(path: string): IndexedFile | undefined {
    return this.#files.get(path)
  }

  /**
   * Whether a wanted file of this size is to be read. One that is larger than all its analyzers take is a gap; so is, once,
   * that there are more or larger wanted files than a layer may have.
   */
  admits(path: string, size: number, wanting: readonly Analyzer[]): boolean {
    const most = Math.max(...wanting.map((analyzer) => analyzer.maxBytes))
    if (size > most) {
      this.observe(path, [
        { kind: 'gap', code: 'file-too-large', detail: `has ${size} bytes; at most ${most} are read` },
      ])
      return false
    }
    this.#wantedFiles++
    this.#wantedBytes += size
    if (this.#wantedFiles <= limits.wantedFiles && this.#wantedBytes <= limits.wantedBytes) return true
    if (!this.#overfull) {
      const detail = `${path} and the package databases after it were not read: there are more than ${limits.wantedFiles}, or they have more than ${limits.wantedBytes} bytes together`
      this.gap({ code: 'file-too-large', where: this.#name, detail })
    }
    this.#overfull = true
    return false
  }

  /** Runs the analyzers on a file's content and notes what they see. */
  analyze(path: string, bytes: Buffer, wanting: readonly Analyzer[]): void {
    this.observe(
      path,
      wanting.flatMap((analyzer) => observationsOf(analyzer, path, bytes)),
    )
  }

  /** Notes what was seen in the file at `path`, instead of anything seen before. */
  observe(path: string, observations: readonly Observation[]): void {
    this.#files.set(path, { path, type: 'file', observations })
  }

  /** Notes that `path` is removed from the layers below. */
  whiteout(path: string): void {
    this.#whiteouts.add(path)
    this.#checkWhiteouts()
  }

  /** Notes that what the layers below have in a directory is hidden. */
  opaque(directory: string): void {
    this.#opaques.add(directory)
    this.#checkWhiteouts()
  }

  gap(gap: Gap): void {
    this.#gaps.push(gap)
  }

  index(digest: Digest | undefined, diffId: Digest | undefined): LayerIndex {
    this.#addImpliedDirectories()
    return {
      digest,
      diffId,
      files: [...this.#files.values()],
      whiteouts: [...this.#whiteouts],
      opaques: [...this.#opaques],
      nonDirectories: PathSet.of(this.#hashes),
      gaps: this.#gaps,
    }
  }

  #checkWhiteouts(): void {
    if (this.#whiteouts.size + this.#opaques.size <= limits.whiteouts) return
    throw new ChiaroError('LIMIT_EXCEEDED', `has more than ${limits.whiteouts} whiteouts`, { where: this.#where })
  }

  /** A file without entries for its directories brings them all the same, and they replace links of the layers below. */
  #addImpliedDirectories(): void {
    for (const path of [...this.#files.keys()]) {
      for (let above = parentPath(path); above !== ''; above = parentPath(above)) {
        if (!this.#waypoints.has(above) || this.#files.has(above)) continue
        this.#files.set(above, { path: above, type: 'directory', observations: [] })
      }
    }
  }
}

const none: readonly Analyzer[] = []

function waypoints(analyzers: readonly Analyzer[]): ReadonlySet<string> {
  const paths = new Set<string>()
  for (const anchor of analyzers.flatMap((analyzer) => analyzer.anchors)) {
    for (let path = anchor; path !== ''; path = parentPath(path)) paths.add(path)
  }
  return paths
}

function observationsOf(analyzer: Analyzer, path: string, bytes: Buffer): readonly Observation[] {
  const observations: Observation[] = []
  if (bytes.length > analyzer.maxBytes) {
    const detail = `has ${bytes.length} bytes; ${analyzer.id} reads at most ${analyzer.maxBytes}`
    return [{ kind: 'gap', code: 'file-too-large', detail }]
  }
  try {
    for (const observation of analyzer.analyze({ path, bytes })) observations.push(observation)
  } catch (error) {
    const detail = `${analyzer.id} failed: ${messageOf(error)}`
    observations.push({ kind: 'gap', code: 'database-unreadable', detail })
  }
  return observations
}
