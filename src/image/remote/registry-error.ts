import { ChiaroError, type ErrorCode, printable } from '../../core/errors.ts'
import type { HttpResponse } from '../../io/http-response.ts'
import { JsonValue } from '../document.ts'

/** The most bytes of an error's body that are read. */
const maxBytes = 64 * 1024

interface Outcome {
  readonly code: ErrorCode
  readonly message: string
  readonly advice?: string
}

/** What was asked for when a registry answered otherwise. */
export interface Asked {
  readonly path: string
  /** Whether it was to be written, not read. */
  readonly writing: boolean
  /** Whether credentials were sent. */
  readonly known: boolean
}

/** The error for an answer that is not the one hoped for (distribution specification, "Error codes"). Reads its body. */
export async function registryError(response: HttpResponse, repository: string, asked: Asked): Promise<ChiaroError> {
  const said = await readErrors(response)
  const { code, message, advice } = outcomeOf(response, asked)
  const { path } = asked
  const where = `${repository}, ${path.replace('/', ' ')}`
  return new ChiaroError(code, said === '' ? message : `${message}: ${said}`, {
    where,
    ...(advice === undefined ? {} : { advice }),
  })
}

function outcomeOf({ status, headers }: HttpResponse, { path, writing, known }: Asked): Outcome {
  if (status === 401 || status === 403) {
    const verb = writing ? 'write' : 'read'
    const refused =
      status === 401 ? 'the registry refused the credentials' : `the registry does not allow this user to ${verb} it`
    const message = known ? refused : `the registry does not let anonymous users ${verb} it`
    const advice = writing
      ? 'Log in with docker login as a user who may push there.'
      : 'Check the name: registries answer so for images that do not exist, too. Or log in with docker login.'
    return { code: 'AUTH_FAILED', message, advice }
  }
  if (status === 404) {
    const blob = path.startsWith('blobs/')
    const message = blob ? 'the registry does not have this part of the image' : 'the registry does not have this image'
    const advice = blob
      ? 'The image was pushed or mirrored incompletely. Push it again.'
      : 'Check the name, the tag and the registry.'
    return { code: 'IMAGE_NOT_FOUND', message, advice }
  }
  if (status === 429) {
    const after = headers.get('retry-after')
    const wait = after === null ? 'Try again later' : `Try again after ${printable(after).slice(0, 40)}`
    const advice = `${wait}${/^\d+$/.test(after ?? '') ? ' seconds' : ''}, or log in: registries allow more to users they know.`
    return { code: 'REGISTRY_FAILED', message: 'the registry has had too many requests', advice }
  }
  const advice = status >= 500 ? 'Try again later; if it stays so, tell those who run the registry.' : undefined
  return {
    code: 'REGISTRY_FAILED',
    message: `the registry answered with status ${status}`,
    ...(advice === undefined ? {} : { advice }),
  }
}

/** The registry's own words, if it says some as the specification wants it. */
async function readErrors(response: HttpResponse): Promise<string> {
  try {
    const errors = JsonValue.parse(await response.bytes(maxBytes), '')
      .get('errors')
      .list(100)
    const words = errors.slice(0, 3).map((error) => {
      const [code, message] = [error.get('code').optionalString() ?? '', error.get('message').optionalString() ?? '']
      return printable(code === '' || message === '' ? code + message : `${code}, ${message}`).slice(0, 300)
    })
    return words.filter((word) => word !== '').join('; ')
  } catch {
    // An error page of something in between is of no use here; the status tells enough.
    return ''
  }
}
