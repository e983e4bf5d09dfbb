import type { Analyzer, LayerFile } from '../core/analyzer.ts'
import { messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Observation } from '../core/package.ts'
import { readDockerfileLabels } from './dockerfile-labels.ts'

/**
 * Which container an image of Red Hat is, by the labels that it was built with: a package of type `oci`, with the label `name`
 * (`ubi9`, `devspaces/udi-rhel8`) as its name and `com.redhat.component` as its source. Its version is what advisories call
 * the tag: `version-release` at the end of the name of a `root/buildinfo/Dockerfile-…`; the time of the build, in seconds,
 * of the newer `labels.json`. What has no name or version is no container of Red Hat's.
 */
export const containerLabels: Analyzer = {
  id: 'container-labels',
  version: 1,
  anchors: [],
  maxBytes: limits.contentManifestBytes,
  wants: (path) => path.includes('/buildinfo/') && (isDockerfile.test(path) || isLabels.test(path)),
  analyze: readContainerLabels,
}

const isDockerfile = /^root\/buildinfo\/Dockerfile-[^/]+$/
const isLabels = /^(?:root|usr\/share)\/buildinfo\/labels\.json$/

function* readContainerLabels({ path, bytes }: LayerFile): Iterable<Observation> {
  const text = bytes.toString('utf8')
  if (isDockerfile.test(path)) {
    yield* containerOf(readDockerfileLabels(text), versionIn(path))
    return
  }
  try {
    const labels = labelsIn(JSON.parse(text))
    yield* containerOf(labels, buildTime(labels.get('org.opencontainers.image.created')))
  } catch (error) {
    const detail = `It is no JSON: ${messageOf(error).slice(0, 200)}.`
    yield { kind: 'gap', code: 'database-unreadable', detail }
  }
}

function* containerOf(labels: ReadonlyMap<string, string>, version: string): Iterable<Observation> {
  const name = labels.get('name') ?? ''
  if (name === '' || version === '' || name.length > limits.packageFieldBytes) return
  const component = (labels.get('com.redhat.component') || name).slice(0, limits.packageFieldBytes)
  const arch = (labels.get('architecture') ?? '').slice(0, limits.packageFieldBytes)
  const source = { name: component, version }
  yield { kind: 'package', package: { type: 'oci', name, version, arch, source } }
}

/** `8.8-854` of `Dockerfile-ubi8-8.8-854`. */
function versionIn(path: string): string {
  return /-([^-/]+-[^-/]+)$/.exec(path)?.[1] ?? ''
}

/** Seconds since 1970. */
function buildTime(created: string | undefined): string {
  const time = Date.parse(created ?? '')
  return Number.isNaN(time) ? '' : String(Math.floor(time / 1000))
}

function labelsIn(json: unknown): ReadonlyMap<string, string> {
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : []
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
