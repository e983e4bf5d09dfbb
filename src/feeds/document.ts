import { isChiaroError } from '../core/errors.ts'
import type { Feed, Spool, Validators } from '../core/feed.ts'

/** The name under which the document of a feed that has but one is spooled. */
export const documentName = 'document'

/**
 * `Feed.fetch` for a feed that is one document at `url`, or where that cannot be had, at one of `others`: the same document in
 * the places that it moved to. What the server says of its state is the fingerprint. Fails as the fetch of `url` did.
 */
export function fetchDocument(url: string, ...others: readonly string[]): Feed['fetch'] {
  return async (spool: Spool, last: string | undefined, signal: AbortSignal) => {
    const validators = await fetchFirst(spool, [url, ...others], validatorsOf(last), signal)
    if (validators === 'unchanged') return validators
    const dataTime = timeOf(validators.lastModified)
    return { fingerprint: fingerprintOf(validators), ...(dataTime === undefined ? {} : { dataTime }) }
  }
}

async function fetchFirst(
  spool: Spool,
  urls: readonly string[],
  last: Validators | undefined,
  signal: AbortSignal,
): Promise<Validators | 'unchanged'> {
  let failure: unknown
  for (const url of urls) {
    try {
      return await spool.fetch(documentName, url, last, signal)
    } catch (error) {
      if (!isChiaroError(error, 'FEED_FAILED') && !isChiaroError(error, 'NETWORK_FAILED')) throw error
      failure ??= error
    }
  }
  throw failure
}

/** What tells this state from others: where the server says nothing of it, that it was fetched now. */
function fingerprintOf(validators: Validators): string {
  const said = validators.etag !== undefined || validators.lastModified !== undefined
  return JSON.stringify(said ? validators : { fetched: new Date().toISOString() })
}

/** What `fetchDocument` made a fingerprint of; `undefined` if it is none of this kind, or says nothing. */
function validatorsOf(fingerprint: string | undefined): Validators | undefined {
  if (fingerprint === undefined) return undefined
  try {
    const { etag, lastModified } = JSON.parse(fingerprint) as Record<string, unknown>
    return {
      ...(typeof etag === 'string' ? { etag } : {}),
      ...(typeof lastModified === 'string' ? { lastModified } : {}),
    }
  } catch {
    return undefined
  }
}

function timeOf(httpDate: string | undefined): string | undefined {
  const time = Date.parse(httpDate ?? '')
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}
