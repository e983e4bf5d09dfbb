import { ChiaroError } from '../core/errors.ts'
import type { ImageSource } from '../core/image.ts'
import { locate } from './location.ts'
import { defaultPlatform } from './platform.ts'

/** Opens a directory with an unpacked root file system, as an image of one layer. */
export const openRootfs: ImageSource['open'] = async (reference, options) => {
  const { path, kind, selector } = locate(reference)
  if (kind !== 'directory' || selector !== '') {
    throw new ChiaroError('FILE_FAILED', 'it is not a directory', { where: reference, advice: 'Check the path.' })
  }
  return {
    reference,
    tags: [],
    digest: undefined,
    configDigest: undefined,
    platform: options.platform ?? defaultPlatform(),
    layers: [{ digest: undefined, diffId: undefined, mediaType: '', createdBy: '', blob: { kind: 'directory', path } }],
    async [Symbol.asyncDispose]() {},
  }
}
