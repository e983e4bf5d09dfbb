import { type Static, Type } from 'typebox'
import { recordCheck } from '../feeds/record-check.ts'

/**
 * A bundle of Clair's updaters (claircore, `libvuln/jsonblob`): JSON, one vulnerability or enrichment a line. The lines of one
 * operation, the data of one updater, have the same `Ref` and follow each other. Only what is used is looked at.
 */

const text = Type.Optional(Type.String())

const line = Type.Object({
  Updater: Type.String({ minLength: 1, maxLength: 500 }),
  Fingerprint: text,
  /** When the updater ran. */
  Date: Type.String({ maxLength: 100 }),
  Ref: Type.String({ minLength: 1, maxLength: 100 }),
  Kind: Type.Union([Type.Literal('vulnerability'), Type.Literal('enrichment')]),
  Vuln: Type.Optional(Type.Unknown()),
  Enrichment: Type.Optional(Type.Unknown()),
})

/** A line of a bundle. */
export type ClairLine = Static<typeof line>

export const checkLine = recordCheck(line)

const distribution = Type.Object({ did: text, version_id: text, version: text, pretty_name: text })
const repository = Type.Object({ name: text, key: text, uri: text, cpe: text })

const vulnerability = Type.Object({
  name: Type.String({ minLength: 1 }),
  description: text,
  issued: text,
  /** Separated by spaces. */
  links: text,
  severity: text,
  normalized_severity: text,
  package: Type.Object({
    name: Type.String({ minLength: 1 }),
    version: text,
    kind: text,
    module: text,
    arch: text,
  }),
  distribution: Type.Optional(Type.Union([distribution, Type.Null()])),
  repository: Type.Optional(Type.Union([repository, Type.Null()])),
  fixed_in_version: text,
  range: Type.Optional(Type.Union([Type.Object({ '[': text, ')': text }), Type.Null()])),
  arch_op: text,
  Invert: Type.Optional(Type.Boolean()),
})

/** `claircore.Vulnerability`: what is said of one package. */
export type ClairVulnerability = Static<typeof vulnerability>

export const checkVulnerability = recordCheck(vulnerability)

const tags = Type.Array(Type.String({ pattern: '^CVE-\\d{4}-\\d{4,}$' }), { minItems: 1 })
const share = Type.Number({ minimum: 0, maximum: 1 })

/** What the enrichers say of the vulnerabilities in `Tags`. */
export const checkCvss = recordCheck(
  Type.Object({
    Tags: tags,
    Enrichment: Type.Object({
      vectorString: Type.String(),
      baseScore: Type.Number({ minimum: 0, maximum: 10 }),
      baseSeverity: text,
    }),
  }),
)

export const checkEpss = recordCheck(
  Type.Object({ Tags: tags, Enrichment: Type.Object({ epss: share, percentile: share }) }),
)

export const checkKev = recordCheck(
  Type.Object({
    Tags: tags,
    Enrichment: Type.Object({ date_added: Type.String(), due_date: text, known_ransomware_campaign_use: text }),
  }),
)
