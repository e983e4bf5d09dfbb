import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { analyzersKey, type ListedLayer } from '../../../compose.ts'
import type { Digest } from '../../../core/digest.ts'
import { type ChiaroError, isChiaroError } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import type { IndexReport } from '../../../core/report.ts'
import { enrichersOf, missingData } from '../../data-state.ts'
import { namespaceOfRelease } from '../../namespaces.ts'
import { nvdMetadata } from '../../nvd-metadata.ts'
import { listedLayer } from '../../posted-layer.ts'
import type { ApiContext } from '../contract.ts'
import { failure, notFound, sendJson } from './errors.ts'
import { v1Features } from './features.ts'
import { bodyReader } from './request-body.ts'
import { type LayerRequest, layerRequestSchema } from './schema.ts'

/** The version of Clair's engine that clients compare with; it never changes, as layers are known by their analyzers. */
const engineVersion = 3

const parentUnknown = 'worker: parent layer is unknown, it must be processed first'
const unsupported = 'worker: OS and/or package manager are not supported'

const layerBody = bodyReader(layerRequestSchema, 'failed to provide layer')

/** What a layer is submitted with, complete. */
interface Submitted {
  readonly layer: ListedLayer
  /** As they were written. */
  readonly headers: Readonly<Record<string, string>>
  readonly parent: string
  readonly format: string
}

/** The routes of layers. A layer is kept as an image of itself and those below it, under a digest of its name. */
export function addLayers(scope: FastifyInstance, context: ApiContext): void {
  const { engine, indexing, config } = context
  const { index: store } = engine.store
  const enrich = enrichersOf(config, ['nvd'])
  const limited = { limits: { places: indexing, untimed: true } } as const
  scope.post('/v1/layers', { bodyLimit: limits.requestBodyBytesV1, config: limited }, submit)
  scope.get('/v1/layers/:name', show)
  scope.delete('/v1/layers/:name', remove)

  async function submit(request: FastifyRequest, reply: FastifyReply) {
    const submitted = complete(layerBody(request.body).Layer)
    if ((await known(submitted.layer.createdBy)) === undefined) await index(submitted)
    return sendJson(reply, 201, { Layer: answerOf(submitted) })
  }

  async function index({ layer, parent }: Submitted): Promise<void> {
    const below = parent === '' ? undefined : await known(parent)
    if (parent !== '' && below === undefined) throw failure(400, parentUnknown)
    const digest = idOf(layer.createdBy)
    const layers = [...(below?.image.layers.map(knownLayer) ?? []), layer]
    const report = await indexing.index({ reference: layer.createdBy, digest, layers }).catch((error: unknown) => {
      throw isChiaroError(error) ? failureOf(error) : error
    })
    if (report.packages.length === 0 || namespaceOfRelease(report.release, engine.ecosystems) !== undefined) return
    await engine.fleet.remove([digest])
    throw failure(422, unsupported)
  }

  async function show(request: FastifyRequest, reply: FastifyReply) {
    const { name } = request.params as { readonly name: string }
    const query = request.query as Readonly<Record<string, unknown>>
    const index = await known(name)
    if (index === undefined) throw notFound()
    const namespace = namespaceOfRelease(index.release, engine.ecosystems)?.name
    const wantsVulnerabilities = Object.hasOwn(query, 'vulnerabilities')
    const layer = { Name: name, ...(namespace === undefined ? {} : { NamespaceName: namespace }) }
    const parent = index.image.layers.at(-2)?.createdBy
    const rest = { ...(parent === undefined ? {} : { ParentName: parent }), IndexedByVersion: engineVersion }
    if (!wantsVulnerabilities && !Object.hasOwn(query, 'features')) {
      return sendJson(reply, 200, { Layer: { ...layer, ...rest } })
    }
    const report = wantsVulnerabilities ? await matched(index) : undefined
    const features = v1Features(index, namespace ?? '', report)
    return sendJson(reply, 200, {
      Layer: { ...layer, ...rest, ...(features.length === 0 ? {} : { Features: features }) },
    })
  }

  /** Clients of this API take what is missing for what is not there: without the data there is no answer. */
  async function matched(index: IndexReport) {
    const report = await engine.report(index, { maxDataAge: Number.POSITIVE_INFINITY, enrich })
    const missing = missingData(report, config)
    if (missing === undefined) return { report, metadata: await nvdMetadata(report, engine) }
    throw failure(503, missing)
  }

  async function remove(request: FastifyRequest, reply: FastifyReply) {
    const { name } = request.params as { readonly name: string }
    const removed = await engine.fleet.remove([idOf(name)])
    if (removed.length === 0) throw notFound()
    return reply.code(200).send()
  }

  function known(name: string): Promise<IndexReport | undefined> {
    return store.image(idOf(name), analyzersKey)
  }
}

/** The digest that stands for the name of a layer. No manifest has it. */
function idOf(name: string): Digest {
  return `sha256:${createHash('sha256').update(`Clair v1 layer ${name}`).digest('hex')}`
}

function complete({ Name, Path, ParentName, Format, Headers }: LayerRequest): Submitted {
  if (!Name) throw failure(400, 'could not process a layer which does not have a name')
  if (!Path) throw failure(400, 'could not process a layer which does not have a path')
  if (!Format) throw failure(400, 'could not process a layer which does not have a format')
  if (Format.toLowerCase() !== 'docker') throw failure(400, 'could not find layer: unsupported image format')
  const layer = listedLayer({ name: Name, path: Path, headers: Headers ?? {} })
  if (typeof layer === 'string') throw failure(400, `could not find layer: ${layer}`)
  return { layer, headers: Headers ?? {}, parent: ParentName ?? '', format: Format }
}

/** A layer that has been read before: it is not fetched again. */
function knownLayer({ digest, createdBy }: IndexReport['image']['layers'][number]): ListedLayer {
  return { digest, uri: '', headers: {}, createdBy }
}

function answerOf({ layer: { createdBy, uri }, headers, parent, format }: Submitted) {
  return {
    Name: createdBy,
    Path: uri,
    ...(Object.keys(headers).length === 0 ? {} : { Headers: headers }),
    ...(parent === '' ? {} : { ParentName: parent }),
    Format: format,
    IndexedByVersion: engineVersion,
  }
}

/** 422 is for what is in a layer, 400 for what cannot be had. */
function failureOf(error: ChiaroError): Error {
  switch (error.code) {
    case 'LAYER_INVALID':
    case 'LIMIT_EXCEEDED':
      return failure(422, `could not extract the layer: ${error.message}`)
    case 'CONFIG_INVALID':
      // Only a layer below has no address: what was read of it has been forgotten.
      return failure(400, parentUnknown)
    case 'ADDRESS_REFUSED':
    case 'AUTH_FAILED':
    case 'DIGEST_MISMATCH':
    case 'IMAGE_NOT_FOUND':
    case 'NETWORK_FAILED':
      return failure(400, `could not find layer: ${error.message}`)
    default:
      return error
  }
}
