import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statfsSync,
} from 'node:fs'
import type { Analyzer } from '../core/analyzer.ts'
import { ChiaroError, messageOf } from '../core/errors.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { limits } from '../core/limits.ts'
import { GrowingBuffer } from '../io/growing-buffer.ts'
import { decodeName } from '../io/tar-header.ts'
import { LayerRecorder } from './layer-recorder.ts'

/** File systems that hold no files: proc and sysfs (statfs(2)). */
const virtualFileSystems: readonly number[] = [0x9fa0, 0x62656572]

/** A directory to be read: its path inside the root, and the real one, which need not be UTF-8. */
interface Place {
  readonly path: string
  readonly real: Buffer
}

/**
 * Reads a directory as if it were the only layer of an image. No link is followed and only regular files are opened, so
 * nothing outside `root` is read. What cannot be read is a gap. Throws `FILE_FAILED` if `root` itself cannot be listed,
 * `LIMIT_EXCEEDED` beyond `limits.layerEntries` and `limits.pathDepth`.
 */
export function readDirectory(root: string, analyzers: readonly Analyzer[]): LayerIndex {
  return new DirectoryReader(root, analyzers).read()
}

class DirectoryReader {
  readonly #root: string
  readonly #recorder: LayerRecorder
  readonly #rootDevice: number
  readonly #unreadable: string[] = []
  #entries = 0

  constructor(root: string, analyzers: readonly Analyzer[]) {
    this.#root = root
    this.#recorder = new LayerRecorder(root, analyzers)
    try {
      this.#rootDevice = lstatSync(root).dev
    } catch (error) {
      throw this.#failed(error)
    }
  }

  read(): LayerIndex {
    const places: Place[] = [{ path: '', real: Buffer.from(this.#root) }]
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      for (const entry of this.#list(place)) {
        const found = this.#visit(place, entry)
        if (found !== undefined) places.push(found)
      }
    }
    this.#reportUnreadable()
    return this.#recorder.index(undefined, undefined)
  }

  #list({ path, real }: Place): readonly Dirent<Buffer>[] {
    try {
      return readdirSync(real, { withFileTypes: true, encoding: 'buffer' })
    } catch (error) {
      if (path === '') throw this.#failed(error)
      this.#unreadable.push(path)
      return []
    }
  }

  /** Notes one entry; returns it if it is a directory to go into. */
  #visit(parent: Place, entry: Dirent<Buffer>): Place | undefined {
    if (++this.#entries > limits.layerEntries) this.#exceed(`has more than ${limits.layerEntries} files`)
    const name = decodeName(entry.name, 0, entry.name.length)
    const place = {
      path: parent.path === '' ? name : `${parent.path}/${name}`,
      real: Buffer.concat([parent.real, Buffer.from('/'), entry.name]),
    }
    if (entry.isSymbolicLink()) this.#recorder.add(place.path, 'link', readLink(place.real))
    else if (entry.isFile()) this.#readFile(place)
    else if (!entry.isDirectory()) this.#recorder.add(place.path, 'other')
    else if (this.#holdsFiles(place.real)) {
      this.#recorder.add(place.path, 'directory')
      if (place.path.length > limits.pathDepth && place.path.split('/').length > limits.pathDepth) {
        this.#exceed(`has a path that is more than ${limits.pathDepth} directories deep`)
      }
      return place
    }
    return undefined
  }

  #holdsFiles(directory: Buffer): boolean {
    try {
      return lstatSync(directory).dev === this.#rootDevice || !virtualFileSystems.includes(statfsSync(directory).type)
    } catch {
      return true
    }
  }

  #readFile({ path, real }: Place): void {
    const wanting = this.#recorder.add(path, 'file')
    if (wanting.length === 0) return
    try {
      // Without following a link that has come in its place, and without waiting for what is no file after all.
      const file = openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
      try {
        const stat = fstatSync(file)
        if (!stat.isFile() || !this.#recorder.admits(path, stat.size, wanting)) return
        this.#recorder.analyze(path, readWhole(file, stat.size), wanting)
      } finally {
        closeSync(file)
      }
    } catch (error) {
      if (error instanceof ChiaroError) throw error
      const detail = `cannot be read: ${messageOf(error)}`
      this.#recorder.observe(path, [{ kind: 'gap', code: 'database-unreadable', detail }])
    }
  }

  #reportUnreadable(): void {
    const [first] = this.#unreadable
    if (first === undefined) return
    const others = this.#unreadable.length === 1 ? '' : ` and ${this.#unreadable.length - 1} more directories`
    const detail = `${first}${others} cannot be listed; package databases in there were not found`
    this.#recorder.gap({ code: 'database-unreadable', where: first, detail })
  }

  #failed(cause: unknown): ChiaroError {
    return new ChiaroError('FILE_FAILED', `cannot be listed: ${messageOf(cause)}`, { where: this.#root, cause })
  }

  #exceed(what: string): never {
    throw new ChiaroError('LIMIT_EXCEEDED', `the directory ${what}`, { where: this.#root })
  }
}

function readLink(path: Buffer): string {
  try {
    const target = readlinkSync(path, 'buffer')
    return decodeName(target, 0, target.length)
  } catch {
    return ''
  }
}

/** Up to `size` bytes; a file that has shrunk in the meantime is as long as it is. */
function readWhole(file: number, size: number): Buffer {
  const content = new GrowingBuffer(size)
  const chunk = Buffer.allocUnsafeSlow(Math.max(1, Math.min(size, 1 << 18)))
  for (let done = 0; done < size; ) {
    const read = readSync(file, chunk, 0, Math.min(chunk.length, size - done), done)
    if (read === 0) break
    content.append(chunk, 0, read)
    done += read
  }
  return content.take()
}
