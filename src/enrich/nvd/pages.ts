import type { FeedRecord } from '../../core/advisory.ts'
import { ChiaroError } from '../../core/errors.ts'
import type { Fetched, Spool } from '../../core/feed.ts'
import { limits } from '../../core/limits.ts'
import { jsonElements } from '../../io/json-stream.ts'
import { wait } from '../../io/retry.ts'
import { readRecords } from './records.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour

/** The most that the API gives in one answer. */
const pageSize = 2000

/** What is asked for the first time: the files of the years are made every day, and this spans a week without. */
const firstSpan = 8 * day

/** After this it begins anew, as the files have the older changes, and it would grow for ever. The API allows spans of 120 days. */
const longestSpan = 30 * day

/** What is asked for again, in case that clocks differ. */
const overlap = hour

/** Milliseconds between two requests: the API asks for 6 seconds, and allows ten times as many with a key. */
const pauses = { withKey: 600, withoutKey: 6000 }

/** How the API is asked. */
export interface ChangesRequest {
  readonly url: string
  /** The user's API key; it only makes it quicker. */
  readonly key: string | undefined
  readonly now: Date
  readonly signal: AbortSignal
  /** Milliseconds between two requests, in place of what the API asks for. */
  readonly pause?: number
}

/** From when, and until when, changes have been fetched: milliseconds since 1970. */
interface Span {
  readonly from: number
  readonly until: number
}

/**
 * Fetches what changed, page by page (https://nvd.nist.gov/developers/vulnerabilities). Throws what `Spool.fetch` throws,
 * `FEED_FAILED` for an answer that is not the page asked for, and `LIMIT_EXCEEDED` for more than `limits.feedPages`.
 */
export async function fetchChanges(
  spool: Spool,
  last: string | undefined,
  request: ChangesRequest,
): Promise<Fetched | 'unchanged'> {
  const { url, signal } = request
  const key = request.key?.trim() || undefined
  const now = request.now.getTime()
  const before = spanOf(last, now)
  const span = { from: before?.from ?? now - firstSpan, until: now }
  const query = new URLSearchParams({
    lastModStartDate: new Date(before === undefined ? span.from : before.until - overlap).toISOString(),
    lastModEndDate: request.now.toISOString(),
    resultsPerPage: String(pageSize),
  })
  const headers = key === undefined ? {} : { apiKey: key }
  const pause = request.pause ?? (key === undefined ? pauses.withoutKey : pauses.withKey)
  let total = 0
  for (let page = 0, start: number | undefined = 0; start !== undefined; page++) {
    if (page > 0) await wait(pause, signal)
    if (page === limits.feedPages) {
      throw new ChiaroError('LIMIT_EXCEEDED', `It has more than ${limits.feedPages} pages`, { where: url })
    }
    const address = `${url}?${query}&startIndex=${start}`
    await spool.fetch(pageName(page), address, undefined, signal, headers)
    const header = await readHeader(spool, { page, start, url }, signal)
    total = header.totalResults
    start = nextStart(header)
  }
  if (total === 0 && before !== undefined) return 'unchanged'
  const fetched = { fingerprint: JSON.stringify(span), dataTime: request.now.toISOString() }
  return before === undefined ? fetched : { ...fetched, partial: true }
}

/** The records of the pages that were fetched. */
export async function* readChanges(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<FeedRecord> {
  for (let page = 0, start: number | undefined = 0; start !== undefined; page++) {
    start = nextStart(await readHeader(spool, { page, start, url }, signal))
    yield* readRecords(spool.read(pageName(page), signal), url)
  }
}

/** The span of a fingerprint, if changes can be asked for from its end; else it begins anew. */
function spanOf(fingerprint: string | undefined, now: number): Span | undefined {
  if (fingerprint === undefined) return undefined
  try {
    const { from, until } = JSON.parse(fingerprint) as Record<string, unknown>
    if (typeof from !== 'number' || typeof until !== 'number') return undefined
    return from <= until && until <= now && now - from <= longestSpan ? { from, until } : undefined
  } catch {
    return undefined
  }
}

function pageName(page: number): string {
  return `page-${page}`
}

interface PageHeader {
  readonly startIndex: number
  readonly resultsPerPage: number
  readonly totalResults: number
}

interface Page {
  readonly page: number
  /** Where it has to start. */
  readonly start: number
  readonly url: string
}

/** What a page says of itself, which stands before its vulnerabilities: those are not read for it. Throws if it is another page. */
async function readHeader(spool: Spool, { page, start, url }: Page, signal: AbortSignal): Promise<PageHeader> {
  const found: Record<string, number> = {}
  for await (const element of jsonElements(spool.read(pageName(page), signal), { path: [], where: url })) {
    if ('bad' in element) continue
    if (Number.isInteger(element.value)) found[element.key] = element.value as number
    const { startIndex, resultsPerPage, totalResults } = found
    if (startIndex === undefined || resultsPerPage === undefined || totalResults === undefined) continue
    if (startIndex === start) return { startIndex, resultsPerPage, totalResults }
    throw new ChiaroError('FEED_FAILED', `The answer begins at ${startIndex}, and not at ${start} as asked`, {
      where: url,
      advice: 'A mirror that serves a file in place of the API has to have everything in one page.',
    })
  }
  throw new ChiaroError('FEED_FAILED', 'The answer does not say which page it is, and of how many', { where: url })
}

/** Where the next page starts, if there is one. */
function nextStart({ startIndex, resultsPerPage, totalResults }: PageHeader): number | undefined {
  const next = startIndex + resultsPerPage
  return resultsPerPage > 0 && next < totalResults ? next : undefined
}
