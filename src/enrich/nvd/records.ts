import type { FeedRecord, Vulnerability } from '../../core/advisory.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { jsonElements } from '../../io/json-stream.ts'
import { ratingsOf } from './ratings.ts'
import { type CpeMatch, type Cve, checkElement } from './schema.ts'
import { encodeScores } from './scores.ts'
import { timeOf } from './times.ts'

/**
 * The records of a document, a file of a year or an answer of the API: `{ vulnerabilities: [{ cve }] }`. Each vulnerability comes
 * with its scores as a fact; one that was rejected is a removal.
 */
export async function* readRecords(document: AsyncIterable<Buffer>, where: string): AsyncGenerator<FeedRecord> {
  for await (const element of jsonElements(document, { path: ['vulnerabilities'], where })) {
    const checked = 'bad' in element ? { problem: element.bad } : checkElement(element.value)
    if ('problem' in checked) {
      const id = 'bad' in element ? undefined : (element.value as { cve?: { id?: unknown } } | null)?.cve?.id
      yield badRecord(typeof id === 'string' ? id : `vulnerability ${element.key}`, checked.problem)
    } else if (checked.value.cve.vulnStatus === 'Rejected') {
      yield { removed: checked.value.cve.id }
    } else {
      const vulnerability = vulnerabilityOf(checked.value.cve)
      yield { vulnerability, statements: [] }
      yield encodeScores(vulnerability)
    }
  }
}

function vulnerabilityOf(cve: Cve): Vulnerability {
  const { id, descriptions = [] } = cve
  const weaknesses = weaknessesOf(cve)
  const cpes = cpesOf(cve)
  const published = timeOf(cve.published)
  const modified = timeOf(cve.lastModified)
  return {
    id,
    aliases: [],
    description: descriptions.find(({ lang }) => lang === 'en')?.value ?? '',
    ratings: ratingsOf(cve.metrics),
    links: [`https://nvd.nist.gov/vuln/detail/${id}`],
    ...(weaknesses.length === 0 ? {} : { weaknesses }),
    ...(published === undefined ? {} : { published }),
    ...(modified === undefined ? {} : { modified }),
    ...(cpes.length === 0 ? {} : { cpes }),
  }
}

/** Ids of weaknesses only: `NVD-CWE-noinfo` and `NVD-CWE-Other` say that there is none. */
function weaknessesOf({ weaknesses = [] }: Cve): readonly string[] {
  const ids = weaknesses.flatMap(({ description }) => description.map(({ value }) => value))
  return [...new Set(ids.filter((id) => /^CWE-\d+$/.test(id)))]
}

function cpesOf({ configurations = [] }: Cve): readonly string[] {
  const matches = configurations.flatMap(({ nodes }) => nodes.flatMap(({ cpeMatch = [] }) => cpeMatch))
  return [...new Set(matches.filter(({ vulnerable }) => vulnerable).map(cpeText))]
}

/** The notation of `Vulnerability.cpes`. */
function cpeText(match: CpeMatch): string {
  const { criteria, versionStartIncluding, versionStartExcluding, versionEndIncluding, versionEndExcluding } = match
  const start = versionStartIncluding ?? versionStartExcluding
  const end = versionEndIncluding ?? versionEndExcluding
  if (start === undefined && end === undefined) return criteria
  const open = versionStartIncluding === undefined ? '(' : '['
  const close = versionEndIncluding === undefined ? ')' : ']'
  return `${criteria} ${open}${start ?? ''},${end ?? ''}${close}`
}
