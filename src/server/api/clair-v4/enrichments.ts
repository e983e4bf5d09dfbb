import type { Finding } from '../../../core/report.ts'
import type { ClairCvss, ClairEpss, ClairKev, ClairVulnerabilityReport } from './schema.ts'
import { cvssOf } from './vulnerabilities.ts'

type ClairEnrichment = ClairCvss | ClairEpss | ClairKev

/** The names under which Clair's clients look for what enrichers know, and what that is of a finding. */
const enrichments: readonly (readonly [name: string, of: (finding: Finding) => readonly ClairEnrichment[]])[] = [
  [
    'message/vnd.clair.map.vulnerability; enricher=clair.cvss schema=https://csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema',
    cvssOf,
  ],
  ['message/vnd.clair.map.vulnerability; enricher=clair.epss schema=none', epssOf],
  ['message/vnd.clair.map.vulnerability; enricher=clair.kev schema=none', kevOf],
]

/** What is known of findings beside: by name, and then by the ids that Clair's clients know the findings by. */
export function clairEnrichments(findings: ReadonlyMap<string, Finding>): ClairVulnerabilityReport['enrichments'] {
  return Object.fromEntries(
    enrichments.flatMap(([name, of]) => {
      const known = [...findings].map(([id, finding]): [string, ClairEnrichment[]] => [id, [...of(finding)]])
      const told = known.filter(([, entries]) => entries.length > 0)
      return told.length === 0 ? [] : [[name, [Object.fromEntries(told)]]]
    }),
  )
}

/** The version of the model is not kept. */
function epssOf({ id, epss }: Finding): readonly ClairEpss[] {
  if (epss === null) return []
  return [{ modelVersion: '', date: epss.date ?? '', cve: id, epss: epss.score, percentile: epss.percentile }]
}

/** Of the catalog's words none are kept. */
function kevOf({ id, kev }: Finding): readonly ClairKev[] {
  if (kev === null) return []
  return [
    {
      cve: id,
      vulnerability_name: '',
      catalog_version: '',
      date_added: kev.dateAdded,
      short_description: '',
      required_action: '',
      due_date: kev.dueDate ?? '',
      known_ransomware_campaign_use: kev.ransomware ? 'Known' : 'Unknown',
    },
  ]
}
