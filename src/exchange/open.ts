import { isChiaroError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { readLines } from '../io/lines.ts'
import { openClairBundle } from './clair-bundle.ts'
import { openDataFile } from './data-file.ts'
import type { DataSet } from './data-set.ts'
import type { TransferOptions } from './import.ts'
import { contentOf, type DataInput } from './input.ts'

/** The feeds of a file, whichever it is: a data file, or a bundle of Clair's. Throws `DATA_FILE_INVALID`. */
export async function openData(input: DataInput, options: TransferOptions): Promise<DataSet> {
  if (await isClairBundle(input, options.signal)) return openClairBundle(input, options)
  return openDataFile(input.bytes(), input.where, options.signal)
}

/** Whether the first line is one of a bundle: no other has an updater and a reference. */
async function isClairBundle(input: DataInput, signal: AbortSignal): Promise<boolean> {
  try {
    const { where } = input
    const content = contentOf(input.bytes(), where, signal)
    for await (const line of readLines(content, where, limits.feedRecordBytes)) {
      const value = JSON.parse(line.toString('utf8')) as { Updater?: unknown; Ref?: unknown } | null
      return typeof value?.Updater === 'string' && typeof value.Ref === 'string'
    }
  } catch (error) {
    // Whoever opens it as a data file says what is wrong with it.
    if (!(error instanceof SyntaxError) && !isChiaroError(error, 'FEED_FAILED')) throw error
  }
  return false
}
