import { createHash, type Hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { Analyzer } from '../core/analyzer.ts'
import type { Digest } from '../core/digest.ts'
import { ChiaroError, isChiaroError, messageOf } from '../core/errors.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { limits } from '../core/limits.ts'
import { createInflater, detectCompression, detectionBytes, type Inflater } from '../io/inflate.ts'
import { type TarEntry, TarWalker } from '../io/tar.ts'
import { LayerRecorder } from './layer-recorder.ts'

/** Which layer is being read. */
export interface LayerIdentity {
  /** Where a digest is not known beforehand, the index has the one that was found. */
  readonly digest: Digest | undefined
  readonly diffId: Digest | undefined
  /** Bytes of the blob, if that is known. */
  readonly size: number | undefined
  /** The layer in errors, with its image. Gaps do not name the image: they are kept with the layer, which others may share. */
  readonly where: string
}

/** What reading a layer came to. */
export interface LayerResult {
  readonly index: LayerIndex
  /**
   * Files that wanted paths are hard links to, and whose content was already past. If there are some, the layer has to be
   * read again by a reader that is told them; what that one finds is final.
   */
  readonly linkSources: ReadonlySet<string>
}

/** What is kept of a file that hard links lead to. */
type LinkSource = { readonly bytes: Buffer } | { readonly tooLarge: number } | { readonly target: string }

/**
 * Reads one layer in one pass, from the bytes of its blob: digest of the blob, decompression, digest of the tar archive,
 * its members, the content of wanted files, the analyzers.
 *
 * `finish` throws `DIGEST_MISMATCH` if the blob's size, its digest or that of the tar archive is not what it should be, and
 * `LAYER_INVALID` if the layer cannot be read to its end; that of the two which tells more is thrown. `push` throws
 * `LIMIT_EXCEEDED`. What analyzers cannot read is a gap.
 */
export class LayerReader {
  readonly #layer: LayerIdentity
  readonly #name: string
  readonly #recorder: LayerRecorder
  readonly #wantedSources: ReadonlySet<string>
  readonly #largest: number
  readonly #walker: TarWalker
  readonly #blobHash: Hash
  #tarHash: Hash | undefined
  #inflater: Inflater | undefined
  #head: Buffer = Buffer.alloc(0)
  #received = 0
  #damage: ChiaroError | undefined
  readonly #linkSources = new Set<string>()
  readonly #kept = new Map<string, LinkSource>()
  #keptBytes = 0
  /** Which analyzers have read a file: a hard link that the same want need not be read. */
  readonly #readBy = new Map<string, readonly Analyzer[]>()

  constructor(layer: LayerIdentity, analyzers: readonly Analyzer[], linkSources: ReadonlySet<string> = new Set()) {
    this.#layer = layer
    this.#name = layer.digest ?? layer.diffId ?? 'layer'
    this.#recorder = new LayerRecorder(this.#name, analyzers, layer.where)
    this.#wantedSources = linkSources
    this.#largest = Math.max(0, ...analyzers.map((analyzer) => analyzer.maxBytes))
    this.#blobHash = createHash(algorithm(layer.digest))
    this.#walker = new TarWalker(
      this.#layer.where,
      (entry) => this.#onEntry(entry),
      (entry, body) => this.#onBody(entry, body),
    )
  }

  /** Reads the next bytes of the blob. They may be overwritten afterwards. */
  push(chunk: Buffer): void {
    this.#received += chunk.length
    this.#blobHash.update(chunk)
    if (this.#damage === undefined) this.#whileSound(() => this.#inflate(chunk))
  }

  finish(): LayerResult {
    if (this.#damage === undefined) this.#whileSound(() => this.#finishTar())
    const { digest, size } = this.#layer
    if (size !== undefined && this.#received !== size) {
      this.#mismatch(`has ${this.#received} bytes, where ${size} were announced`)
    }
    const blobDigest = digestOf(this.#blobHash, digest)
    if (digest !== undefined && blobDigest !== digest) this.#mismatch(`hashes to ${blobDigest}`)
    if (this.#damage !== undefined) throw this.#damage
    const index = this.#recorder.index(blobDigest, this.#tarDigest(blobDigest))
    return { index, linkSources: this.#linkSources }
  }

  /** The digest of the tar archive: the one that it has to have, if one is known. */
  #tarDigest(blobDigest: Digest): Digest {
    const { diffId } = this.#layer
    if (this.#tarHash === undefined) return diffId ?? blobDigest
    if (diffId === undefined) return digestOf(this.#tarHash, undefined)
    const found = otherThanPadded(this.#tarHash, diffId)
    if (found === undefined) return diffId
    return this.#mismatch(`holds a tar archive that hashes to ${found}, where the configuration says ${diffId}`)
  }

  /** Damage is kept for the end: if the blob's digest is wrong too, that is what has to be said. */
  #whileSound(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!isChiaroError(error, 'LAYER_INVALID') || this.#layer.digest === undefined) throw error
      this.#damage = error
    }
  }

  #inflate(chunk: Buffer): void {
    if (this.#inflater !== undefined) {
      this.#inflater.push(chunk, this.#toTar)
      return
    }
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
    if (this.#head.length < detectionBytes) {
      this.#head = Buffer.from(this.#head)
      return
    }
    this.#start()
  }

  #start(): void {
    const compression = detectCompression(this.#head)
    if (compression === 'bzip2' || compression === 'xz') {
      throw new ChiaroError('LAYER_INVALID', `the layer is compressed with ${compression}`, {
        where: this.#layer.where,
        advice: 'Layers can be gzip, zstd or not compressed. Push the image again with one of these.',
      })
    }
    // The digest of an uncompressed blob is its diffID: hashed once is enough.
    const { digest, diffId } = this.#layer
    const hashed = compression === 'none' && (diffId === undefined || diffId === digest)
    if (!hashed) this.#tarHash = createHash(algorithm(diffId))
    this.#inflater = createInflater(compression, this.#layer.where)
    const head = this.#head
    this.#head = Buffer.alloc(0)
    this.#inflater.push(head, this.#toTar)
  }

  readonly #toTar = (chunk: Buffer): void => {
    this.#tarHash?.update(chunk)
    this.#walker.push(chunk)
  }

  #finishTar(): void {
    if (this.#inflater === undefined) this.#start()
    this.#inflater!.end(this.#toTar)
    this.#walker.end()
    if (!this.#inflater!.trailing && !this.#walker.trailing) return
    const place = this.#walker.trailing ? 'tar archive' : 'compressed data'
    this.#recorder.gap({
      code: 'layer-trailing-data',
      where: this.#name,
      detail: `there is something behind the end of the ${place}; it was not read`,
    })
  }

  #onEntry(entry: TarEntry): 'skip' | 'keep' {
    if (this.#onWhiteout(entry.path)) return this.#wantedSources.has(entry.path) ? this.#onSource(entry) : 'skip'
    if (entry.type === 'hardlink') {
      this.#onHardLink(entry)
      return 'skip'
    }
    const wanting = this.#recorder.add(entry.path, indexedType(entry), entry.linkTarget)
    const source = this.#wantedSources.has(entry.path) ? this.#onSource(entry) : 'skip'
    if (entry.type !== 'file' || wanting.length === 0) return source
    return this.#recorder.admits(entry.path, entry.size, wanting) ? 'keep' : source
  }

  /** OCI image-spec, layer.md, "Whiteouts". Other `.wh..wh.` names are left over from aufs and mean nothing. */
  #onWhiteout(path: string): boolean {
    const at = path.lastIndexOf('/') + 1
    if (!path.startsWith('.wh.', at)) return path.startsWith('.wh..wh.')
    const directory = path.slice(0, Math.max(0, at - 1))
    if (path.startsWith('.wh..wh.', at)) {
      if (path.length === at + 12 && path.endsWith('.wh..wh..opq')) this.#recorder.opaque(directory)
      return true
    }
    const name = path.slice(at + 4)
    if (name !== '' && name !== '.' && name !== '..') this.#recorder.whiteout(path.slice(0, at) + name)
    return true
  }

  #onSource(entry: TarEntry): 'skip' | 'keep' {
    this.#kept.delete(entry.path)
    if (entry.type === 'symlink') this.#kept.set(entry.path, { target: entry.linkTarget })
    if (entry.type !== 'file') return 'skip'
    if (entry.size <= this.#largest && this.#keptBytes + entry.size <= limits.wantedBytes) return 'keep'
    this.#kept.set(entry.path, { tooLarge: entry.size })
    return 'skip'
  }

  #onBody(entry: TarEntry, body: Buffer): void {
    if (this.#wantedSources.has(entry.path)) {
      this.#kept.set(entry.path, { bytes: body })
      this.#keptBytes += body.length
    }
    if (this.#recorder.get(entry.path) === undefined) return
    const wanting = this.#recorder.wanting(entry.path)
    if (wanting.length === 0) return
    this.#recorder.analyze(entry.path, body, wanting)
    this.#readBy.set(entry.path, wanting)
  }

  #onHardLink({ path, linkTarget }: TarEntry): void {
    const known = this.#recorder.get(linkTarget)
    const kept = this.#kept.get(linkTarget)
    const target = known?.target ?? (kept && 'target' in kept ? kept.target : undefined)
    if (target !== undefined) {
      this.#recorder.add(path, 'link', target)
      return
    }
    const wanting = this.#recorder.add(path, 'file')
    if (wanting.length === 0) return
    const readBy = this.#readBy.get(linkTarget)
    if (known?.type === 'file' && readBy !== undefined && wanting.every((one, index) => one === readBy[index])) {
      this.#recorder.observe(path, known.observations)
      this.#readBy.set(path, wanting)
    } else if (kept !== undefined && 'bytes' in kept) {
      this.#recorder.analyze(path, kept.bytes, wanting)
    } else if (kept !== undefined && 'tooLarge' in kept) {
      const detail = `is a hard link to ${linkTarget}, which has ${kept.tooLarge} bytes`
      this.#recorder.observe(path, [{ kind: 'gap', code: 'file-too-large', detail }])
    } else {
      this.#linkSources.add(linkTarget)
      const detail = `is a hard link to ${linkTarget}, which is no file in front of it in the layer`
      this.#recorder.observe(path, [{ kind: 'gap', code: 'link-unresolved', detail }])
    }
  }

  #mismatch(what: string): never {
    throw new ChiaroError('DIGEST_MISMATCH', `the layer ${what}`, {
      where: this.#layer.where,
      advice: 'Pull or build the image again. If that does not help, somebody has changed it.',
    })
  }
}

function indexedType({ type }: TarEntry): 'file' | 'directory' | 'link' | 'other' {
  return type === 'symlink' ? 'link' : type === 'hardlink' ? 'file' : type
}

/** The algorithm of a digest, sha256 where none is known. */
function algorithm(digest: Digest | undefined): 'sha256' | 'sha512' {
  return digest?.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** The digest that `hash` comes to, which is of the algorithm of `expected`. */
function digestOf(hash: Hash, expected: Digest | undefined): Digest {
  return `${algorithm(expected)}:${hash.digest('hex')}` as Digest
}

const zeroBlock = Buffer.alloc(512)
const paddingBlocks = 20

/**
 * The digest that `hash` comes to if it is not `expected`. Zeros may be missing at the end: writers of zstd:chunked have dropped the padding behind a tar archive, which
 * is part of the diffID but of no file (containers/storage issue 1771). tar pads to 20 blocks.
 */
function otherThanPadded(hash: Hash, expected: Digest): Digest | undefined {
  const found = digestOf(hash.copy(), expected)
  if (found === expected) return undefined
  for (let block = 0; block < paddingBlocks; block++) {
    hash.update(zeroBlock)
    if (digestOf(hash.copy(), expected) === expected) return undefined
  }
  return found
}

const chunkBytes = 512 * 1024

/**
 * Reads a layer whose blob is in a file, twice if hard links ask for it. `onProgress` is told the bytes read so far. Throws what
 * `LayerReader` throws, `IMAGE_NOT_FOUND` if there is no such file and `FILE_FAILED` if it cannot be read.
 */
export function readLayerFile(
  layer: LayerIdentity,
  file: { readonly path: string; readonly offset: number; readonly size: number },
  analyzers: readonly Analyzer[],
  onProgress: (bytes: number) => void,
): LayerIndex {
  const first = pass(new Set())
  return first.linkSources.size === 0 ? first.index : pass(first.linkSources).index

  function pass(linkSources: ReadonlySet<string>): LayerResult {
    const reader = new LayerReader(layer, analyzers, linkSources)
    let done = 0
    for (const chunk of fileChunks(file.path, file.offset, file.size, layer.digest)) {
      reader.push(chunk)
      done += chunk.length
      onProgress(done)
    }
    return reader.finish()
  }
}

/** The bytes of a part of a file, in chunks that are valid until the next one is asked for. */
export function* fileChunks(
  path: string,
  offset: number,
  size: number,
  digest: Digest | undefined,
  most: number = chunkBytes,
): Generator<Buffer, void> {
  const file = openBlob(path, digest)
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(size, most)))
    for (let done = 0; done < size; ) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, size - done), offset + done)
      if (read === 0) return
      done += read
      yield buffer.subarray(0, read)
    }
  } catch (error) {
    throw error instanceof ChiaroError ? error : fileFailed(path, error)
  } finally {
    closeSync(file)
  }
}

function openBlob(path: string, digest: Digest | undefined): number {
  let file: number
  try {
    // Without waiting: opening a FIFO would otherwise never return.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileFailed(path, error)
    throw new ChiaroError('IMAGE_NOT_FOUND', `the blob of layer ${digest ?? ''} is missing`, {
      where: path,
      cause: error,
    })
  }
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  throw fileFailed(path, new Error('it is not a regular file'))
}

function fileFailed(path: string, cause: unknown): ChiaroError {
  return new ChiaroError('FILE_FAILED', `cannot be read: ${messageOf(cause)}`, { where: path, cause })
}
