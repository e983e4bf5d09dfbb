import { analyzersKey } from '../../../compose.ts'
import { parseGoDuration } from '../../../config/clair/durations.ts'
import type { Digest } from '../../../core/digest.ts'
import type { VulnerabilityReport } from '../../../core/report.ts'
import { enrichersOf } from '../../data-state.ts'
import { entityTag } from '../../entity-tag.ts'
import type { Answer, Asked } from './operation.ts'
import { failure } from './problem.ts'
import type { Services } from './services.ts'

/** The reports of images of the fleet. */
export interface ImageReports {
  /** The report of an image, under the names that it has. Throws `NOT_FOUND`. */
  report(digest: Digest): Promise<VulnerabilityReport>
  /**
   * An answer made of the report of an image; as it was made before, while nothing has changed that it depends on, or none where the
   * client has it. `question` tells it from others. Throws `NOT_FOUND`.
   */
  answer(
    digest: Digest,
    question: string,
    knows: Asked['knows'],
    make: (report: VulnerabilityReport) => unknown,
  ): Promise<Answer>
  /** An entity tag that stays the same while the report does, but for the age of the data; one short look-up. Throws `NOT_FOUND`. */
  tag(digest: Digest, question: string): Promise<string>
}

/** Minutes in which a report says the same of the age of its data. */
const tagMinutes = 10

export function createImageReports({ engine, config, reports }: Services): ImageReports {
  const { fleet, index } = engine.store
  const period = parseGoDuration(config.matcher.period)!
  // Data that two rounds of updates have missed is stale.
  const maxDataAge = config.matcher.disable_updaters ? Number.POSITIVE_INFINITY : 2 * period + 60 * 60 * 1000
  const enrich = enrichersOf(
    config,
    engine.enrichers.map(({ id }) => id),
  )

  async function report(digest: Digest): Promise<VulnerabilityReport> {
    const [image, stored] = await Promise.all([fleet.image(digest), index.image(digest, analyzersKey)])
    if (image === undefined) throw unknownImage()
    if (stored === undefined) throw failure('NOT_FOUND', 'It was read by another version of Chiaro. Submit it again.')
    const reference = image.names[0] ?? digest
    const named = { ...stored, image: { ...stored.image, reference, tags: image.names } }
    return engine.report(named, { maxDataAge, enrich })
  }

  async function tag(digest: Digest, question: string): Promise<string> {
    const state = await fleet.state(digest)
    if (state === undefined) throw unknownImage()
    const image = await fleet.image(digest)
    const interval = String(Math.floor(Date.now() / (tagMinutes * 60_000)))
    return entityTag(digest, state, JSON.stringify(image?.names), analyzersKey, interval, question)
  }

  async function answer(...[digest, question, knows, make]: Parameters<ImageReports['answer']>): Promise<Answer> {
    const etag = await tag(digest, question)
    if (knows(etag)) return { status: 304, etag }
    const asked = `chiaro-v1 ${digest} ${question}`
    const kept = reports.get(asked, etag)
    if (kept !== undefined) return { status: 200, json: kept, etag }
    const json = Buffer.from(JSON.stringify(await make(await report(digest))))
    reports.put(asked, etag, json)
    return { status: 200, json, etag }
  }

  return { report, tag, answer }
}

/** The error for an image that the fleet does not have. */
export function unknownImage(): Error {
  return failure('NOT_FOUND', 'There is no such image. POST /api/v1/images submits one.')
}
