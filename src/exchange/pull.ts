import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { FeedRecord } from '../core/advisory.ts'
import type { Digest } from '../core/digest.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Gap } from '../core/gap.ts'
import { readBlob } from '../image/remote/blob.ts'
import type { RegistryClient } from '../image/remote/client.ts'
import { openRepository } from '../image/remote/repository.ts'
import { openNamelessFile } from '../io/nameless-file.ts'
import {
  type ArtifactOptions,
  annotations,
  type Descriptor,
  feedLayers,
  readManifest,
  sameState,
  stateOf,
} from './artifact.ts'
import { openDataFile } from './data-file.ts'
import type { DataSet, ExportedFeed } from './data-set.ts'
import { chooseFeeds } from './feed-names.ts'
import { importFeeds, isAt, type LoadedFeed, statesOf, type Transfer } from './import.ts'
import { chunksOf } from './input.ts'

/**
 * Imports the feeds of the artifact at `reference` that `names` mean, or all: every one of them, or none. Only blobs of feeds in
 * another state than here are fetched, all of them before anything is imported. Throws what a registry can throw, and
 * `DATA_FILE_INVALID`.
 */
export async function pullData(
  reference: string,
  names: readonly string[],
  options: ArtifactOptions,
): Promise<Transfer> {
  await using repository = openRepository(reference, options.image)
  const { client, tag } = repository
  const where = `${client.where}:${tag}`
  const layers = feedLayers(await readManifest(client, tag, options.signal), where)
  const ids = [...layers.keys()]
  const chosen = chooseFeeds(names, ids, { where, advice: `It has ${ids.join(', ')}.` })
  const loaded = await statesOf(chosen, options.advisories)
  await using file = await openNamelessFile()
  const artifact = new Artifact(file, where, options.signal)
  for (const id of chosen) {
    const layer = layers.get(id)!
    if (isAt(stateOf(layer), loaded.get(id))) artifact.addLoaded(id, layer, loaded.get(id)!)
    else await artifact.download(id, layer, client)
  }
  return importFeeds(artifact, [], where, options)
}

/** The feeds of an artifact that are wanted, their blobs one behind the other in a temporary file. */
class Artifact implements DataSet {
  readonly judged = true
  readonly leftOut: readonly Gap[] = []
  readonly #file: FileHandle
  readonly #where: string
  readonly #signal: AbortSignal
  readonly #feeds: ExportedFeed[] = []
  readonly #blobs = new Map<ExportedFeed, DataSet>()
  #size = 0

  constructor(file: FileHandle, where: string, signal: AbortSignal) {
    this.#file = file
    this.#where = where
    this.#signal = signal
  }

  get feeds(): readonly ExportedFeed[] {
    return this.#feeds
  }

  /** A feed that is in this state here already. */
  addLoaded(id: string, { annotations: labels }: Descriptor, { status }: LoadedFeed): void {
    const { fingerprint = '', version, url } = status
    this.#feeds.push(withTime({ id, url, fingerprint, version }, labels))
  }

  /** Fetches the blob of a feed whole, so that nothing is imported of one that does not hash to its digest. */
  async download(id: string, layer: Descriptor, client: RegistryClient): Promise<void> {
    const where = `${this.#where}, ${id}`
    const start = this.#size
    const hash = createHash('sha256')
    const blob = { digest: layer.digest as Digest, size: layer.size }
    for await (const chunk of readBlob(client, blob, this.#signal)) {
      hash.update(chunk)
      await this.#file.writeFile(chunk)
      this.#size += chunk.length
    }
    if (`sha256:${hash.digest('hex')}` !== layer.digest) {
      throw new ChiaroError('DIGEST_MISMATCH', 'the data does not hash to its digest', { where })
    }
    const data = await openDataFile(chunksOf(this.#file, where, this.#signal, start, this.#size), where, this.#signal)
    const [feed] = data.feeds
    if (data.feeds.length !== 1 || feed!.id !== id || !sameState(feed!, stateOf(layer))) {
      throw new ChiaroError('DATA_FILE_INVALID', `its blob for ${id} holds something else`, { where })
    }
    const own = withTime(feed!, layer.annotations)
    this.#feeds.push(own)
    this.#blobs.set(own, data)
  }

  async *records(feed: ExportedFeed): AsyncGenerator<FeedRecord> {
    const blob = this.#blobs.get(feed)!
    yield* blob.records(blob.feeds[0]!)
    await blob.finish()
  }

  /** Each blob is checked where its records end. */
  async finish(): Promise<void> {}
}

/** When it was checked stands in the manifest. */
function withTime(feed: ExportedFeed, labels: Descriptor['annotations']): ExportedFeed {
  const checkedAt = labels[annotations.checkedAt]
  return checkedAt === undefined ? feed : { ...feed, checkedAt }
}
