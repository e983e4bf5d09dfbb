import type { Feed, Spool, Validators } from '../core/feed.ts'

/** The name under which the document of a feed that has but one is spooled. */
export const documentName = 'document'

/** `Feed.fetch` for a feed that is one document at `url`. What the server says of its state is the fingerprint. */
export function fetchDocument(url: string): Feed['fetch'] {
  return async (spool: Spool, last: string | undefined, signal: AbortSignal) => {
    const validators = await spool.fetch(documentName, url, validatorsOf(last), signal)
    if (validators === 'unchanged') return validators
    const dataTime = timeOf(validators.lastModified)
    return { fingerprint: fingerprintOf(validators), ...(dataTime === undefined ? {} : { dataTime }) }
  }
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
