import { type Static, Type } from 'typebox'
import { cveId } from '../../core/cve.ts'
import { recordCheck } from '../../feeds/record-check.ts'

const text = Type.Optional(Type.String())

const metric = Type.Object({
  source: Type.String(),
  type: Type.String(),
  cvssData: Type.Object({
    vectorString: Type.String(),
    baseScore: Type.Optional(Type.Number({ minimum: 0, maximum: 10 })),
  }),
})
const metrics = Type.Optional(Type.Array(metric))

const cpeMatch = Type.Object({
  vulnerable: Type.Boolean(),
  criteria: Type.String(),
  versionStartIncluding: text,
  versionStartExcluding: text,
  versionEndIncluding: text,
  versionEndExcluding: text,
})

const langString = Type.Object({ lang: Type.String(), value: Type.String() })

const cve = Type.Object({
  id: Type.String({ pattern: cveId.source }),
  vulnStatus: text,
  published: text,
  lastModified: text,
  descriptions: Type.Optional(Type.Array(langString)),
  metrics: Type.Optional(
    Type.Object({
      cvssMetricV40: metrics,
      cvssMetricV31: metrics,
      cvssMetricV30: metrics,
      cvssMetricV2: metrics,
    }),
  ),
  weaknesses: Type.Optional(Type.Array(Type.Object({ description: Type.Array(langString) }))),
  configurations: Type.Optional(
    Type.Array(Type.Object({ nodes: Type.Array(Type.Object({ cpeMatch: Type.Optional(Type.Array(cpeMatch)) })) })),
  ),
})

/** A vulnerability, a CVSS metric and a CPE match as NVD's JSON 2.0 has them: the fields that are used. */
export type Cve = Static<typeof cve>
export type Metric = Static<typeof metric>
export type CpeMatch = Static<typeof cpeMatch>

/** One element of `vulnerabilities`. */
export const checkElement = recordCheck(Type.Object({ cve }))
