import { createHash } from 'node:crypto'
import { create } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { analyzersKey, type ListedLayer } from '../../../compose.ts'
import type { Digest } from '../../../core/digest.ts'
import { printable } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import type { IndexReport } from '../../../core/report.ts'
import { enrichersOf, missingData } from '../../data-state.ts'
import { featuresOf } from '../../features.ts'
import { namespaceOfRelease } from '../../namespaces.ts'
import { nvdMetadata } from '../../nvd-metadata.ts'
import { listedLayer } from '../../posted-layer.ts'
import type { ApiContext } from '../contract.ts'
import {
  type Feature,
  FeatureSchema,
  type GetAncestryRequest,
  type GetAncestryResponse_Ancestry,
  GetAncestryResponse_AncestrySchema,
  type PostAncestryRequest,
} from './clair_pb.ts'
import { failure } from './errors.ts'
import type { Scanners } from './status.ts'

/** Images as this API knows them: under names, which clients give to other images again. */
export interface Ancestries {
  post(request: PostAncestryRequest): Promise<void>
  get(request: GetAncestryRequest): Promise<GetAncestryResponse_Ancestry>
}

/**
 * An image is kept under a digest of what its layers are called, and what it is then under one of its name. A name that is given to another
 * image is that image's from then on, and never anything in between. Methods throw `ConnectError`, and what indexing throws.
 */
export function createAncestries({ engine, indexing, config }: ApiContext, scanners: Scanners): Ancestries {
  const store = engine.store.index
  const enrich = enrichersOf(config, ['nvd'])

  async function post(request: PostAncestryRequest): Promise<void> {
    const { ancestryName: name } = request
    const layers = layersOf(request)
    const release = indexing.take()
    if (release === undefined) throw failure(Code.ResourceExhausted, 'server handling too many requests')
    try {
      const digest = contentId(layers.map(({ createdBy }) => createdBy))
      const known = await store.image(nameId(name), analyzersKey)
      if (known !== undefined && contentIdOf(known) === digest) return
      const report = await indexing.index({ reference: name, digest, layers })
      if (report.packages.length > 0 && namespaceOfRelease(report.release, engine.ecosystems) === undefined) {
        await engine.fleet.remove([digest])
        throw failure(Code.InvalidArgument, "clair error reason: 'OS and/or package manager are not supported'")
      }
      // Under its name in the fleet, so that notifications can tell of it.
      await engine.fleet.add(report, [name], AbortSignal.timeout(limits.answerTime))
      const named = { ...report, image: { ...report.image, reference: name, digest: nameId(name) } }
      await store.putImage(named, analyzersKey, true)
    } finally {
      release()
    }
  }

  async function get(request: GetAncestryRequest): Promise<GetAncestryResponse_Ancestry> {
    const { ancestryName: name, withFeatures, withVulnerabilities } = request
    if (name === '') throw failure(Code.InvalidArgument, 'ancestry name should not be empty')
    const index = await store.image(nameId(name), analyzersKey)
    if (index === undefined) {
      throw failure(Code.NotFound, `requested ancestry '${printable(name.slice(0, 200))}' is not found`)
    }
    const layers = index.image.layers.map(({ createdBy: hash }) => ({ hash }))
    const scanned = { scannedListers: [...scanners.listers], scannedDetectors: [...scanners.detectors] }
    const wanted = withFeatures || withVulnerabilities
    const features = wanted ? await featuresIn(index, withVulnerabilities) : []
    return create(GetAncestryResponse_AncestrySchema, { name, layers, features, ...(wanted ? scanned : {}) })
  }

  async function featuresIn(index: IndexReport, withVulnerabilities: boolean): Promise<Feature[]> {
    const namespaceName = namespaceOfRelease(index.release, engine.ecosystems)?.name ?? ''
    const report = withVulnerabilities ? await matched(index) : undefined
    return featuresOf(index, report).map(({ name, version, format, vulnerabilities }) =>
      create(FeatureSchema, {
        name,
        namespaceName,
        version,
        versionFormat: format,
        vulnerabilities: vulnerabilities.map(({ id, description, link, severity, fixedBy, metadata }) => ({
          name: id,
          namespaceName,
          description,
          link,
          severity,
          metadata: metadata === undefined ? '' : JSON.stringify(metadata),
          fixedBy: fixedBy ?? '',
        })),
      }),
    )
  }

  /** Clients of this API take what is missing for what is not there: without the data there is no answer. */
  async function matched(index: IndexReport) {
    // What is kept of matching goes with what is in the image, whichever name it has at the moment.
    const image = { ...index.image, digest: contentIdOf(index) }
    const report = await engine.report({ ...index, image }, { maxDataAge: Number.POSITIVE_INFINITY, enrich })
    const missing = missingData(report, config)
    if (missing === undefined) return { report, metadata: await nvdMetadata(report, engine) }
    throw failure(Code.Unavailable, missing)
  }

  return { post, get }
}

/** What is to be fetched. Throws `ConnectError` for what cannot be asked for, in Clair's words. */
function layersOf({ ancestryName, format, layers }: PostAncestryRequest): readonly ListedLayer[] {
  const wrong = (what: string) => failure(Code.InvalidArgument, what)
  if (ancestryName === '') throw wrong('ancestry name should not be empty')
  if (layers.length === 0) throw wrong('ancestry should have at least one layer')
  if (format === '') throw wrong('ancestry format should not be empty')
  if (format.toLowerCase() !== 'docker') throw wrong('image blob format is not supported')
  return layers.map(({ hash, path, headers }) => {
    if (hash === '') throw wrong('ancestry layer hash should not be empty')
    if (path === '') throw wrong('ancestry layer path should not be empty')
    const layer = listedLayer({ name: hash, path, headers })
    if (typeof layer === 'string') throw wrong(`clair error reason: 'could not find layer: ${layer}'`)
    return layer
  })
}

/** The digest that stands for the name of an ancestry. No manifest has it. */
function nameId(name: string): Digest {
  return idOf('ancestry', name)
}

/** The digest that stands for an image of these layers. */
function contentId(hashes: readonly string[]): Digest {
  return idOf('layers', ...hashes)
}

function contentIdOf({ image }: IndexReport): Digest {
  return contentId(image.layers.map(({ createdBy }) => createdBy))
}

function idOf(...parts: readonly string[]): Digest {
  return `sha256:${createHash('sha256')
    .update(JSON.stringify(['Clair v3', ...parts]))
    .digest('hex')}`
}
