import { statSync } from 'node:fs'
import { join } from 'node:path'
import { ChiaroError, isChiaroError } from '../core/errors.ts'
import type { Image, ImageOptions, ImageSource } from '../core/image.ts'
import { type Location, locate } from './location.ts'
import { openLayoutDirectory, openOciLayout } from './oci-layout.ts'

/**
 * Every kind of place that images come from. One entry adds one; its code is loaded when it is used, but for that of layouts,
 * which need little beside.
 */
export const imageSources: readonly ImageSource[] = [
  source(
    'registry',
    '[HOST[:PORT]/]NAME[:TAG][@DIGEST]  an image in a registry; the prefix may be left out',
    async () => (await import('./remote/registry.ts')).openRegistry,
  ),
  source(
    'docker',
    'NAME[:TAG]|ID  an image of the Docker daemon',
    async () => (await import('./daemon.ts')).openDocker,
  ),
  source(
    'podman',
    'NAME[:TAG]|ID  an image of Podman, through its socket',
    async () => (await import('./daemon.ts')).openPodman,
  ),
  source(
    'docker-archive',
    'FILE[:TAG]  a tar archive made by docker save, podman save, skopeo …',
    async () => (await import('./docker-archive.ts')).openDockerArchiveFile,
  ),
  source(
    'oci-archive',
    'FILE[:TAG|@DIGEST]  a tar archive with an OCI image layout',
    async () => (await import('./oci-archive.ts')).openOciArchiveFile,
  ),
  source('oci-layout', 'DIR[:TAG|@DIGEST]  a directory with an OCI image layout', async () => openOciLayout),
  source(
    'rootfs',
    'DIR  a directory with an unpacked root file system',
    async () => (await import('./rootfs.ts')).openRootfs,
  ),
]

/** What is a path, whether it exists or not: it begins like one, or ends like an archive's. */
const pathPattern = /^(?:\.{0,2}\/|\.{1,2}\\|[A-Za-z]:[\\/])|\.(?:tar|tgz|tar\.\w+)(?:[:@].*)?$/

/**
 * Opens an image: `SCHEME:REFERENCE` by the source of that scheme; without a scheme an archive or OCI layout that exists at
 * the path, its kind detected; else an image in a registry. Throws `REFERENCE_INVALID`, `FILE_FAILED`, and what
 * `ImageSource.open` throws. Dispose the image when its layers have been read.
 */
export async function openImage(reference: string, options: ImageOptions, signal: AbortSignal): Promise<Image> {
  const image = await open(reference, options, signal)
  return { ...image, reference }
}

async function open(reference: string, options: ImageOptions, signal: AbortSignal): Promise<Image> {
  const colon = reference.indexOf(':')
  const named = imageSources.find(({ scheme }) => scheme === reference.slice(0, colon))
  if (named !== undefined) return named.open(reference.slice(colon + 1), options, signal)
  const location = locatePath(reference)
  if (location === undefined) return imageSources[0]!.open(reference, options, signal)
  if (location.kind === 'file') return openArchiveFile(location, reference, options, signal)
  return openLayoutDirectory(location, reference, options)
}

/** Opens an archive of either kind. What newer Dockers save is both; what it holds for sure is in its manifest.json. */
async function openArchiveFile(
  location: Location,
  reference: string,
  options: ImageOptions,
  signal: AbortSignal,
): Promise<Image> {
  const { openedArchive, openOciArchive } = await import('./oci-archive.ts')
  return openedArchive(location, signal, async (archive) => {
    const { selector, path } = location
    if (archive.find('manifest.json') !== undefined) {
      const { openDockerArchive } = await import('./docker-archive.ts')
      return openDockerArchive(archive, selector, reference, options, signal)
    }
    if (archive.find('index.json') !== undefined) return openOciArchive(archive, selector, reference, options)
    const advice =
      'An image archive has a manifest.json (docker save) or an index.json (OCI). For a root file system, unpack it and use rootfs:DIR.'
    throw new ChiaroError('ARCHIVE_INVALID', 'it is a tar archive, but there is no image in it', {
      where: path,
      advice,
    })
  })
}

/** The archive or layout that a reference without a scheme means, if it means one: `debian` is not the folder of that name. */
function locatePath(reference: string): Location | undefined {
  if (pathPattern.test(reference)) return locate(reference)
  try {
    const location = locate(reference)
    if (location.kind === 'file') return location
    return statSync(join(location.path, 'oci-layout')).isFile() ? location : undefined
  } catch (error) {
    if (isChiaroError(error, 'FILE_FAILED') || (error as NodeJS.ErrnoException).code !== undefined) return undefined
    throw error
  }
}

function source(scheme: string, form: string, load: () => Promise<ImageSource['open']>): ImageSource {
  return {
    scheme,
    help: `${scheme}:${form}`,
    open: async (reference, options, signal) => (await load())(reference, options, signal),
  }
}
