import type { Engine } from '../compose.ts'
import type { CvssScore, Finding, VulnerabilityReport } from '../core/report.ts'

/** What NVD knows of a vulnerability, as Clair told it before v4. Zeros and empty texts are what is not known. */
export interface NvdMetadata {
  readonly NVD: {
    readonly CVSSv2: { readonly PublishedDateTime: string; readonly Vectors: string; readonly Score: number }
    readonly CVSSv3: {
      readonly Vectors: string
      readonly Score: number
      readonly ExploitabilityScore: number
      readonly ImpactScore: number
    }
  }
}

/** What NVD knows of the vulnerabilities of a report that it has scored, by id. Throws `DATABASE_FAILED`. */
export async function nvdMetadata(
  { findings }: VulnerabilityReport,
  engine: Engine,
): Promise<ReadonlyMap<string, NvdMetadata>> {
  const scored = new Map(findings.filter((finding) => nvdScores(finding).length > 0).map((one) => [one.id, one]))
  const published = await publishedTimes([...scored.keys()], engine)
  const { default: calculator } = await import('ae-cvss-calculator')
  const parts = (vector: string) => calculator.fromVector(vector)?.calculateScores()
  return new Map([...scored].map(([id, finding]) => [id, metadataOf(finding, published.get(id) ?? '', parts)]))
}

/** What the score of a vector is made of. */
type Parts = (vector: string) => { readonly exploitability?: number; readonly impact?: number } | undefined

function metadataOf(finding: Finding, PublishedDateTime: string, partsOf: Parts): NvdMetadata {
  const scores = nvdScores(finding)
  const second = scores.find(({ version }) => version === '2.0')
  const third = ['3.1', '3.0'].flatMap((wanted) => scores.find(({ version }) => version === wanted) ?? [])[0]
  const parts = third === undefined ? undefined : partsOf(third.vector)
  return {
    NVD: {
      CVSSv2: { PublishedDateTime, Vectors: second?.vector ?? '', Score: second?.score ?? 0 },
      CVSSv3: {
        Vectors: third?.vector ?? '',
        Score: third?.score ?? 0,
        ExploitabilityScore: parts?.exploitability ?? 0,
        ImpactScore: parts?.impact ?? 0,
      },
    },
  }
}

/** Of versions that Clair had no place for there are none. */
function nvdScores({ cvss }: Finding): readonly CvssScore[] {
  return cvss.filter(({ source, version }) => source === 'nvd' && version !== '4.0')
}

/** When NVD published vulnerabilities, as far as it says. */
async function publishedTimes(
  ids: readonly string[],
  { enrichers, store }: Engine,
): Promise<ReadonlyMap<string, string>> {
  const nvd = enrichers.find(({ id }) => id === 'nvd')
  const feeds = [...(nvd?.feedsFor(ids) ?? []), ...(nvd?.supplements ?? [])].map(({ id }) => id)
  const known = await store.advisories.vulnerabilities(feeds, ids)
  return new Map(known.flatMap(({ vulnerability: { id, published } }) => (published ? [[id, published]] : [])))
}
