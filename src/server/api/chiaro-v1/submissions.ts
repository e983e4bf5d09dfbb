import { checkReference, type PullOptions } from '../../../compose.ts'
import { parsePlatform } from '../../../config/values.ts'
import type { Digest } from '../../../core/digest.ts'
import { isChiaroError } from '../../../core/errors.ts'
import type { Job } from '../../../core/jobs.ts'
import type { Indexing } from '../../indexing.ts'
import type { ApiContext } from '../contract.ts'
import { workOf } from './job-body.ts'
import type { JobWork, Work } from './jobs.ts'
import { type Operation, operation } from './operation.ts'
import { failure } from './problem.ts'
import { basePath } from './routes.ts'
import { type JobBody, job, parameters, submission, uuid } from './schema.ts'
import type { Services } from './services.ts'

/** What is kept of a submission. Credentials are not. */
interface ImageRequest {
  readonly reference: string
  readonly platform: string | null
}

/** Seconds after which a place may be free. */
const retryAfter = '10'

/** Pulling images, as jobs, with the credentials that the server has. */
export function imageWork({ indexing }: ApiContext): JobWork {
  const run: JobWork['run'] = (request, task) => pull(indexing, request as unknown as ImageRequest, undefined)(task)
  return { take: () => indexing.take(), run }
}

function pull(indexing: Indexing, request: ImageRequest, credentials: PullOptions['credentials']): Work {
  const { reference } = request
  const platform = request.platform === null ? undefined : parsePlatform(request.platform)
  return async ({ begin, signal, progress }) => {
    begin()
    const index = await indexing.pull(reference, { platform, credentials, signal, progress })
    return { digest: index.image.digest ?? null }
  }
}

/** Submitting images by their names, and how far that is. */
export function submissionOperations(services: Services): readonly Operation[] {
  const { jobs, indexing } = services
  return [
    operation({
      id: 'submitImage',
      tag: 'images',
      method: 'POST',
      path: '/images',
      summary: 'Have the server pull an image',
      description:
        'The server reads what is in the image, from the registry that the reference names and from nowhere else. Private and ' +
        'link-local addresses are refused unless the configuration allows them. What comes of it is told by the job.',
      body: submission,
      answers: {
        202: { description: 'It is being done.', schema: job, headers: { location: 'Where the job is.' } },
      },
      problems: [400, 413, 415],
      async handle({ body: { reference, platform, credentials } }) {
        await refuseReference(reference)
        const request: ImageRequest = { reference, platform: platform ?? null }
        const own = credentials === undefined ? undefined : pull(indexing, request, credentials)
        const started = await jobs.start('image', { ...request }, own)
        if (started === undefined) {
          const headers = { 'retry-after': retryAfter }
          throw failure('BUSY', 'As many images are being read as may be at a time.', { headers })
        }
        const headers = { location: `${basePath}/jobs/${started.id}`, 'cache-control': 'no-store' }
        return { status: 202, headers, body: bodyOf(started) }
      },
    }),
    operation({
      id: 'getJob',
      tag: 'images',
      method: 'GET',
      path: '/jobs/{id}',
      summary: 'How far the work on a submitted image is',
      params: parameters({ id: uuid }),
      answers: { 200: { description: 'The job.', schema: job } },
      problems: [400, 404],
      async handle({ path: { id } }) {
        const known = await jobs.find('image', id)
        if (known === undefined) throw failure('NOT_FOUND', 'There is no such job, or not any more.')
        return { status: 200, body: bodyOf(known), etag: 'content' }
      },
    }),
  ]
}

async function refuseReference(reference: string): Promise<void> {
  try {
    await checkReference(reference)
  } catch (error) {
    if (!isChiaroError(error, 'REFERENCE_INVALID')) throw error
    const detail = `${error.message}${error.advice === undefined ? '' : `. ${error.advice}`}`
    throw failure('REQUEST_INVALID', 'The reference cannot be understood: "errors" says why.', {
      errors: [{ in: 'body', pointer: '/reference', detail }],
    })
  }
}

function bodyOf(known: Job): JobBody {
  const { reference, platform } = known.request as unknown as ImageRequest
  const result = known.result as { readonly digest: Digest | null } | null
  const digest = result?.digest ?? null
  const image = digest === null ? null : { digest, href: `${basePath}/images/${digest}` }
  return { ...workOf(known), reference, platform, image }
}
