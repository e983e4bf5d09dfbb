import { checkReference } from '../../../compose.ts'
import { parsePlatform } from '../../../config/values.ts'
import type { Digest } from '../../../core/digest.ts'
import { isChiaroError } from '../../../core/errors.ts'
import { workOf } from './job-body.ts'
import type { KnownJob } from './jobs.ts'
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

/** Submitting images by their names, and how far that is. */
export function submissionOperations({ jobs, indexing }: Services): readonly Operation[] {
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
        const release = indexing.take()
        if (release === undefined) {
          const headers = { 'retry-after': retryAfter }
          throw failure('BUSY', 'As many images are being read as may be at a time.', { headers })
        }
        const request: ImageRequest = { reference, platform: platform ?? null }
        const started = await jobs.start('image', { ...request }, async ({ begin, signal, progress }) => {
          try {
            begin()
            const options = { platform: platform === undefined ? undefined : parsePlatform(platform), credentials }
            const index = await indexing.pull(reference, { ...options, signal, progress })
            return { digest: index.image.digest ?? null }
          } finally {
            release()
          }
        })
        const headers = { location: `${basePath}/jobs/${started.id}`, 'cache-control': 'no-store' }
        return { status: 202, headers, body: bodyOf({ job: started, lost: false }) }
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

function bodyOf(known: KnownJob): JobBody {
  const { reference, platform } = known.job.request as unknown as ImageRequest
  const result = known.job.result as { readonly digest: Digest | null } | null
  const digest = result?.digest ?? null
  const image = digest === null ? null : { digest, href: `${basePath}/images/${digest}` }
  return { ...workOf(known), reference, platform, image }
}
