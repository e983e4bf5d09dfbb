import type { Fact, FeedRecord, Json } from '../core/advisory.ts'
import type { Severity } from '../core/severity.ts'
import { badRecord } from '../feeds/gaps.ts'
import { type ClairLine, checkCvss, checkEpss, checkKev } from './clair-bundle-schema.ts'

/** What Clair's enrichers know, as records of the feed with the same source, and back. */
interface Enricher {
  read(line: unknown): readonly FeedRecord[] | { readonly problem: string }
  /** The enrichment of a fact; `undefined` for a value that the feed never has. */
  write?(fact: Fact, date: string): Json | undefined
}

const enrichers: Readonly<Record<string, Enricher>> = {
  'clair.cvss': {
    read(line) {
      const checked = checkCvss(line)
      if ('problem' in checked) return checked
      const { vectorString: vector, baseScore: score, baseSeverity = '' } = checked.value.Enrichment
      const severity = severities.get(baseSeverity.toLowerCase()) ?? 'unknown'
      const rating = {
        severity,
        source: 'nvd',
        ...(baseSeverity === '' ? {} : { original: baseSeverity }),
        vector,
        score,
      }
      // As NVD's feeds have it: once as a vulnerability, and once as the fact that findings are enriched with.
      return checked.value.Tags.flatMap((id) => [
        { vulnerability: { id, aliases: [], description: '', ratings: [rating], links: [] }, statements: [] },
        { fact: id, value: [null, [[rating.source, vector, score]], []] },
      ])
    },
  },
  'clair.epss': {
    read(line) {
      const checked = checkEpss(line)
      if ('problem' in checked) return checked
      const { epss, percentile } = checked.value.Enrichment
      return checked.value.Tags.map((fact) => ({ fact, value: [epss, percentile] }))
    },
    write({ fact, value }, date) {
      const [epss, percentile] = listOf(value)
      if (typeof epss !== 'number' || typeof percentile !== 'number') return undefined
      return { modelVersion: '', date, cve: fact, epss, percentile }
    },
  },
  'clair.kev': {
    read(line) {
      const checked = checkKev(line)
      if ('problem' in checked) return checked
      const { date_added, due_date, known_ransomware_campaign_use: use } = checked.value.Enrichment
      return checked.value.Tags.map((fact) => ({ fact, value: [date_added, due_date || null, use === 'Known'] }))
    },
    write({ fact, value }, date) {
      const [added, due, ransomware] = listOf(value)
      if (typeof added !== 'string') return undefined
      return {
        cve: fact,
        vulnerability_name: '',
        catalog_version: date.slice(0, 10).replaceAll('-', '.'),
        date_added: added,
        short_description: '',
        required_action: '',
        due_date: typeof due === 'string' ? due : '',
        known_ransomware_campaign_use: ransomware === true ? 'Known' : 'Unknown',
      }
    },
  },
}

const severities: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'critical'],
  ['high', 'high'],
  ['medium', 'medium'],
  ['low', 'low'],
  ['none', 'negligible'],
])

/** Whether the enrichments of an updater have a place here. */
export function isKnownEnricher(updater: string): boolean {
  return Object.hasOwn(enrichers, updater)
}

/** The records of an enricher's lines; of one that is not known there are none. */
export async function* enrichmentRecords(lines: AsyncIterable<ClairLine>): AsyncGenerator<FeedRecord> {
  for await (const { Updater, Enrichment } of lines) {
    const read = enrichers[Updater]!.read(Enrichment)
    if ('problem' in read) yield badRecord(tagOf(Enrichment) ?? Updater, read.problem)
    else yield* read
  }
}

/** What an enricher would write of a fact, as `Enrichment` of a line has it. */
export function enrichmentOf(updater: string, fact: Fact, date: string): Json | undefined {
  const written = enrichers[updater]?.write?.(fact, date)
  return written === undefined ? undefined : { Tags: [fact.fact], Enrichment: written }
}

function tagOf(enrichment: unknown): string | undefined {
  const tags = (enrichment as { Tags?: unknown } | null | undefined)?.Tags
  return Array.isArray(tags) && typeof tags[0] === 'string' ? tags[0] : undefined
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}
