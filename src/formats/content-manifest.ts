import type { Analyzer, LayerFile } from '../core/analyzer.ts'
import { messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Observation } from '../core/package.ts'

/**
 * The repositories that a layer of a Red Hat image was built from: image content manifests, whose `content_sets` are the ids
 * of repositories. Current builds keep them beside other files of `usr/share/buildinfo`, so that one without is nothing.
 */
export const contentManifest: Analyzer = {
  id: 'content-manifest',
  version: 1,
  anchors: [],
  maxBytes: limits.contentManifestBytes,
  wants: (path) => path.endsWith('.json') && isManifest.test(path),
  analyze: readContentManifest,
}

const isManifest = /^(?:(?:root|usr\/share)\/buildinfo\/content_manifests|usr\/share\/buildinfo)\/[^/]+\.json$/

function* readContentManifest({ bytes }: LayerFile): Iterable<Observation> {
  let manifest: unknown
  try {
    manifest = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    yield gapOf(`It is no JSON: ${messageOf(error).slice(0, 200)}.`)
    return
  }
  const sets = (manifest as { content_sets?: unknown } | null)?.content_sets
  if (sets === undefined || sets === null) return
  if (!Array.isArray(sets)) {
    yield gapOf('Its content sets are no list: the repositories of the packages are not known.')
    return
  }
  const names = sets.filter((name): name is string => typeof name === 'string' && isName(name))
  if (names.length < sets.length) yield gapOf('Some of its content sets are no names of repositories.')
  if (names.length > 0) yield { kind: 'repositories', names }
}

function isName(name: string): boolean {
  return name !== '' && name.length <= limits.packageFieldBytes
}

function gapOf(detail: string): Observation {
  return { kind: 'gap', code: 'database-unreadable', detail }
}
