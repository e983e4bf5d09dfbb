import { realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Digest } from '../core/digest.ts'
import { ChiaroError, messageOf } from '../core/errors.ts'
import type { Image, ImageOptions, ImageSource } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { readRange } from '../io/read-range.ts'
import { openLayout } from './layout-index.ts'
import { type Location, locate } from './location.ts'
import { sizeMismatch } from './manifest.ts'

/** Opens an OCI layout in a directory (image-spec, image-layout.md). */
export const openOciLayout: ImageSource['open'] = async (reference, options) =>
  openLayoutDirectory(locate(reference), reference, options)

/** Opens an image of a layout whose path is known. Throws what `ImageSource.open` throws. */
export async function openLayoutDirectory(
  location: Location,
  reference: string,
  options: ImageOptions,
): Promise<Image> {
  const { path, kind, selector } = location
  if (kind !== 'directory') {
    const advice = 'For a tar archive, use oci-archive: or docker-archive:, or only the path.'
    throw new ChiaroError('ARCHIVE_INVALID', 'it is a file, and an OCI layout is a directory', { where: path, advice })
  }
  const root = realpathSync(path)
  const layout = {
    where: path,
    index: readIndex(root, path),
    close: async () => {},
    async document({ digest }: { digest: Digest }) {
      return readWhole(findBlob(root, path, digest), `${path}, blob ${digest}`)
    },
    async layer({ digest, size }: { digest: Digest; size: number }) {
      const blob = findBlob(root, path, digest)
      if (blob.size !== size) throw sizeMismatch(blob.size, size, `${path}, blob ${digest}`)
      return { kind: 'file' as const, path: blob.path, offset: 0, size }
    },
  }
  return openLayout(layout, selector, reference, options)
}

function readIndex(root: string, shown: string): Buffer {
  const found = findInside(root, 'index.json')
  if (found === undefined) {
    const advice = 'An OCI layout has a file index.json. For an unpacked root file system, use rootfs:DIR.'
    throw new ChiaroError('ARCHIVE_INVALID', 'it is not an OCI layout: it has no index.json', { where: shown, advice })
  }
  return readWhole(found, `${shown}, index.json`)
}

function findBlob(root: string, shown: string, digest: Digest): { path: string; size: number } {
  const found = findInside(root, join('blobs', ...digest.split(':')))
  if (found !== undefined) return found
  throw new ChiaroError('IMAGE_NOT_FOUND', `its blob ${digest} is missing`, {
    where: shown,
    advice: 'The layout is not complete, or was made without this platform.',
  })
}

/**
 * A regular file of the layout, with links resolved, or `undefined`. The layout comes from outside: a link that leads out of it
 * would make any file of this machine part of the image. Throws `ARCHIVE_INVALID` for those.
 */
function findInside(root: string, name: string): { path: string; size: number } | undefined {
  const path = resolved(join(root, name))
  if (path === undefined) return undefined
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new ChiaroError('ARCHIVE_INVALID', 'it is a link that leads out of the layout', { where: join(root, name) })
  }
  const found = statSync(path)
  if (found.isFile()) return { path, size: found.size }
  throw new ChiaroError('ARCHIVE_INVALID', 'it is not a regular file', { where: join(root, name) })
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

function readWhole({ path, size }: { path: string; size: number }, where: string): Buffer {
  try {
    return readRange(path, 0, size, where, limits.manifestBytes)
  } catch (cause) {
    if (cause instanceof ChiaroError) throw cause
    throw new ChiaroError('FILE_FAILED', `it cannot be read: ${messageOf(cause)}`, { where, cause })
  }
}
