import { isDigest } from '../core/digest.ts'
import { ChiaroError, printable } from '../core/errors.ts'
import type { Image, ImageOptions } from '../core/image.ts'
import { invalidDocument } from './document.ts'
import { type Descriptor, parseManifest } from './manifest.ts'
import { normalizedTag } from './reference.ts'
import { assembleImage, type Content, type Root, resolveImage } from './resolve.ts'

/** An OCI layout, in a directory or an archive. */
export interface Layout extends Content {
  /** The content of `index.json`. */
  readonly index: Uint8Array
  close(): Promise<void>
}

/**
 * Opens an image of an OCI layout (image-spec, image-layout.md). `selector` is a tag, a full name with a tag, `@` and a
 * digest, or empty where the layout has one image. Throws `IMAGE_NOT_FOUND` naming the tags there are, and what
 * `resolveImage` throws.
 */
export async function openLayout(
  layout: Layout,
  selector: string,
  reference: string,
  options: ImageOptions,
): Promise<Image> {
  const { roots, tags } = select(layout, selector)
  const resolved = await resolveImage(layout, roots, options)
  return assembleImage(layout, resolved, { reference, tags }, layout.close)
}

function select(
  layout: Layout,
  selector: string,
): { readonly roots: readonly Root[]; readonly tags: readonly string[] } {
  const where = `${layout.where}, index.json`
  const index = parseManifest(layout.index, where)
  if (index.kind !== 'index') throw invalidDocument(where, 'it is no image index')
  const entries = index.manifests.filter((entry) => !entry.attestation)
  if (selector.startsWith('@')) return { roots: [byDigest(entries, selector.slice(1), layout.where)], tags: [] }
  const found = selector === '' ? entries : entries.filter((entry) => isNamed(entry, selector))
  const names = [...new Set(entries.map(nameOf))]
  if (found.length === 0) throw notFound(layout.where, selector, names)
  if (selector === '' && names.length > 1) throw severalImages(layout.where, names)
  return { roots: found, tags: [...new Set(found.flatMap(tagsOf))] }
}

function byDigest(entries: readonly Descriptor[], digest: string, where: string): Root {
  if (!isDigest(digest)) {
    const advice = 'A digest is "sha256:" and 64 lower-case hexadecimal digits, or "sha512:" and 128.'
    throw new ChiaroError('REFERENCE_INVALID', `${JSON.stringify(digest.slice(0, 100))} is not a digest`, {
      where,
      advice,
    })
  }
  return entries.find((entry) => entry.digest === digest) ?? { digest, mediaType: '' }
}

function isNamed({ refName, imageName }: Descriptor, selector: string): boolean {
  if (refName === selector || imageName === selector) return true
  return imageName !== undefined && normalizedTag(imageName) === normalizedTag(selector)
}

function nameOf({ refName, imageName }: Descriptor): string {
  return imageName ?? refName ?? ''
}

/** A bare tag, `latest`, names no repository. */
function tagsOf({ refName, imageName }: Descriptor): readonly string[] {
  if (imageName !== undefined) return [normalizedTag(imageName)]
  return refName?.includes('/') ? [normalizedTag(refName)] : []
}

function notFound(where: string, selector: string, names: readonly string[]): ChiaroError {
  const message = selector === '' ? 'there is no image in it' : `there is no image ${printable(selector)} in it`
  return new ChiaroError('IMAGE_NOT_FOUND', message, {
    where,
    ...(names.some((name) => name !== '') ? { advice: `There are: ${listNames(names)}.` } : {}),
  })
}

/** The error for an archive or layout with several images, and none named. */
export function severalImages(where: string, names: readonly string[]): ChiaroError {
  return new ChiaroError('IMAGE_NOT_FOUND', 'there are several images in it', {
    where,
    advice: `Say which, with :TAG or @DIGEST behind the path. There are: ${listNames(names)}.`,
  })
}

/** Names of images for a message, 20 at most. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => (name === '' ? 'one without a name' : printable(name)))
  return shown.join(', ') + (names.length > 20 ? ', …' : '')
}
