import type { ImageOptions } from '../core/image.ts'
import type { Progress } from '../core/progress.ts'
import type { Transfer, TransferOptions } from './import.ts'
import type { PushOutcome } from './push.ts'

/** How something is run. */
export interface RunOptions {
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** How data goes to and comes from a registry. */
export interface ArtifactRunOptions extends RunOptions {
  readonly image: Pick<ImageOptions, 'offline' | 'registry'>
}

/** What a file of vulnerability data can be: our own, or a bundle of Clair's updaters. */
export type DataFormat = 'chiaro' | 'clair'

/** How data goes to a file. */
export interface ExportOptions extends RunOptions {
  readonly format: DataFormat
  readonly compression: 'none' | 'gzip' | 'zstd'
  /** A time (ISO 8601) or a generation's number: only what changed after the state of then. Of our own format only. */
  readonly since: string | number | undefined
}

/**
 * Data as files and as OCI artifacts. Feeds are named by their ids, by what several begin with (`alpine`), or by a pattern
 * with `*`; none named are all that are there. All throw `FEED_UNKNOWN` for a name that means none of these.
 */
export interface Exchange {
  /** The bytes of a file, and the feeds that have no place in it. Also throws `CONFIG_INVALID`. */
  export(
    names: readonly string[],
    options: ExportOptions,
  ): Promise<{ readonly content: AsyncIterable<Uint8Array>; readonly leftOut: readonly string[] }>
  /** Imports a file of either format, all of it or nothing: a path, or bytes, of which `where` tells. Throws `DATA_FILE_INVALID`. */
  import(
    source: string | { readonly bytes: AsyncIterable<Uint8Array>; readonly where: string },
    names: readonly string[],
    options: RunOptions,
  ): Promise<Transfer>
  /** Puts feeds into an artifact of a registry. Throws what a registry can throw. */
  push(reference: string, names: readonly string[], options: ArtifactRunOptions): Promise<readonly PushOutcome[]>
  /** Imports feeds out of an artifact, all of them or none. Throws what a registry can throw, and `DATA_FILE_INVALID`. */
  pull(reference: string, names: readonly string[], options: ArtifactRunOptions): Promise<Transfer>
}

/** What it does is loaded when it is used. */
export function createExchange(parts: Pick<TransferOptions, 'advisories' | 'feeds' | 'versions'>): Exchange {
  const common = <T extends RunOptions>(options: T): T & TransferOptions => ({ ...options, ...parts })
  return {
    async export(names, options) {
      const { exportFeeds } = await import('./export.ts')
      const { compressed } = await import('./compressed.ts')
      const feeds = await exportFeeds(names, options.since, common(options))
      if (options.format === 'clair') {
        const { clairFeeds, writeClairBundle } = await import('./clair-bundle-writer.ts')
        const { known, others } = clairFeeds(feeds)
        return { content: compressed(writeClairBundle(known), options.compression), leftOut: others }
      }
      const { writeDataFile } = await import('./data-file.ts')
      return { content: compressed(writeDataFile(feeds), options.compression), leftOut: [] }
    },
    async import(source, names, options) {
      const { keepInput, openInput } = await import('./input.ts')
      const { openData } = await import('./open.ts')
      const { importFeeds } = await import('./import.ts')
      const { signal } = options
      await using input = await (typeof source === 'string'
        ? openInput(source, signal)
        : keepInput(source.bytes, source.where, signal))
      return await importFeeds(await openData(input, common(options)), names, input.where, common(options))
    },
    async push(reference, names, options) {
      const { exportFeeds } = await import('./export.ts')
      const { pushData } = await import('./push.ts')
      return pushData(reference, await exportFeeds(names, undefined, common(options)), common(options))
    },
    async pull(reference, names, options) {
      const { pullData } = await import('./pull.ts')
      return pullData(reference, names, common(options))
    },
  }
}
