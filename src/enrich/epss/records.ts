import type { FeedRecord } from '../../core/advisory.ts'
import { cveId } from '../../core/cve.ts'
import { ChiaroError } from '../../core/errors.ts'
import type { Spool } from '../../core/feed.ts'
import { limits } from '../../core/limits.ts'
import { documentName } from '../../feeds/document.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { readLines } from '../../io/lines.ts'

const columns = 'cve,epss,percentile'

/** A remark with the model and the day, the titles of the columns, then a line for each vulnerability. */
export async function* readRecords(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<FeedRecord> {
  let number = 0
  let titled = false
  for await (const line of lines(spool, signal, url)) {
    number++
    if (titled) {
      yield recordOf(line, number)
    } else if (line === columns) {
      titled = true
    } else if (!line.startsWith('#')) {
      throw new ChiaroError('FEED_FAILED', `The columns are not "${columns}", but "${line.slice(0, 100)}"`, {
        where: url,
      })
    }
  }
  if (!titled) throw new ChiaroError('FEED_FAILED', `It ends before the columns "${columns}"`, { where: url })
}

/** The day of the scores, which the first line states: `#model_version:v2025.03.14,score_date:2026-01-01T12:55:00Z`. */
export async function scoreDate(spool: Spool, signal: AbortSignal, url: string): Promise<string | undefined> {
  for await (const line of lines(spool, signal, url)) {
    const time = Date.parse(/^#.*\bscore_date:([^,\s]+)/.exec(line)?.[1] ?? '')
    return Number.isNaN(time) ? undefined : new Date(time).toISOString()
  }
  return undefined
}

async function* lines(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<string> {
  for await (const line of readLines(spool.read(documentName, signal), url, limits.feedRecordBytes)) {
    yield line.toString('utf8').trimEnd()
  }
}

function recordOf(line: string, number: number): FeedRecord {
  const [id = '', ...numbers] = line.split(',')
  const [score, percentile] = numbers.map(probability)
  if (!cveId.test(id) || numbers.length !== 2) return badRecord(`line ${number}`, `${JSON.stringify(line)} is no score`)
  if (score === undefined || percentile === undefined) {
    return badRecord(id, `its score and percentile have to be from 0 to 1, and are ${JSON.stringify(numbers)}`)
  }
  return { fact: id, value: [score, percentile] }
}

/** A number from 0 to 1. */
function probability(text: string): number | undefined {
  const value = /^[\d.]/.test(text) ? Number(text) : Number.NaN
  return value >= 0 && value <= 1 ? value : undefined
}
