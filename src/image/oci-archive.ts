import type { Digest } from '../core/digest.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Image, ImageOptions, ImageSource } from '../core/image.ts'
import { type Archive, openArchive } from './archive.ts'
import { openLayout } from './layout-index.ts'
import { type Location, locate } from './location.ts'
import { sizeMismatch } from './manifest.ts'

/** Opens an OCI layout in a tar archive, in place. */
export const openOciArchiveFile: ImageSource['open'] = async (reference, options, signal) => {
  const location = locate(reference)
  return openedArchive(location, signal, (archive) => openOciArchive(archive, location.selector, reference, options))
}

/** Opens the archive at `location`, and an image of it by `use`; if that fails, the archive is closed. */
export async function openedArchive(
  location: Location,
  signal: AbortSignal,
  use: (archive: Archive) => Promise<Image>,
): Promise<Image> {
  if (location.kind !== 'file') {
    const advice = 'For a directory with an OCI layout, use oci-layout:DIR or only the path.'
    throw new ChiaroError('ARCHIVE_INVALID', 'it is a directory and no archive', { where: location.path, advice })
  }
  const archive = await openArchive(location.path, signal)
  try {
    return await use(archive)
  } catch (error) {
    await archive[Symbol.asyncDispose]()
    throw error
  }
}

/** Opens an image of an archive that has an `index.json`. The image closes the archive. */
export async function openOciArchive(
  archive: Archive,
  selector: string,
  reference: string,
  options: ImageOptions,
): Promise<Image> {
  const index = await archive.read('index.json')
  if (index === undefined) {
    const advice = 'It may be a docker-archive, or no image at all.'
    throw new ChiaroError('ARCHIVE_INVALID', 'it has no index.json, as an OCI layout does', {
      where: archive.where,
      advice,
    })
  }
  const layout = {
    where: archive.where,
    index,
    close: async () => archive[Symbol.asyncDispose](),
    async document({ digest }: { digest: Digest }) {
      return (await archive.read(blobPath(digest))) ?? missing(archive, digest)
    },
    async layer({ digest, size }: { digest: Digest; size: number }) {
      const member = archive.find(blobPath(digest)) ?? missing(archive, digest)
      if (member.size !== size) throw sizeMismatch(member.size, size, `${archive.where}, blob ${digest}`)
      return { kind: 'file' as const, ...member }
    },
  }
  return openLayout(layout, selector, reference, options)
}

function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`
}

function missing(archive: Archive, digest: Digest): never {
  throw new ChiaroError('IMAGE_NOT_FOUND', `its blob ${digest} is missing`, {
    where: archive.where,
    advice: 'The archive is not complete, or was made without this platform.',
  })
}
