import { type Static, type TSchema, Type } from 'typebox'

/** What Clair v4 takes and answers (quay/clair, httptransport/types/v1), as its server really writes it. */

const text = Type.String()
const id = Type.String({ pattern: '^[0-9]*$' })
const digest = Type.String({ pattern: '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$' })
const time = Type.String({ format: 'date-time' })
const uuid = Type.String({ format: 'uuid' })
const strict = { additionalProperties: false }
const byId = <Schema extends TSchema>(schema: Schema) => Type.Record(Type.String(), schema)
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** What is submitted. Members that are not known are passed over, as Clair does. */
export const manifestSchema = Type.Object({
  hash: Type.Optional(text),
  layers: Type.Optional(
    orNull(
      Type.Array(
        Type.Object({
          hash: text,
          uri: Type.Optional(text),
          headers: Type.Optional(orNull(Type.Record(Type.String(), orNull(Type.Array(text))))),
        }),
      ),
    ),
  ),
})
export type ManifestBody = Static<typeof manifestSchema>

const severity = Type.Enum(['Unknown', 'Negligible', 'Low', 'Medium', 'High', 'Critical'])
export type ClairSeverity = Static<typeof severity>

const sourcePackage = Type.Object(
  {
    id,
    name: text,
    version: text,
    kind: Type.Enum(['source', 'binary']),
    normalized_version: text,
    cpe: text,
  },
  strict,
)

const binaryPackage = Type.Object(
  {
    id,
    name: text,
    version: text,
    kind: Type.Literal('binary'),
    source: sourcePackage,
    normalized_version: text,
    module: text,
    arch: text,
    cpe: text,
  },
  strict,
)
export type ClairPackage = Static<typeof binaryPackage>

const distribution = Type.Object(
  {
    id,
    did: text,
    name: text,
    version: text,
    version_code_name: text,
    version_id: text,
    arch: text,
    cpe: text,
    pretty_name: text,
  },
  strict,
)
export type ClairDistribution = Static<typeof distribution>

const repository = Type.Object({ id, name: text, key: text, uri: text, cpe: text }, strict)
export type ClairRepository = Static<typeof repository>

const environment = Type.Object(
  {
    package_db: text,
    introduced_in: text,
    distribution_id: text,
    repository_ids: orNull(Type.Array(text)),
  },
  strict,
)
export type ClairEnvironment = Static<typeof environment>

/** What could not be read, compared or looked up. Clair has no such thing: it is there only where there are gaps. */
const gaps = Type.Optional(Type.Array(Type.Object({ code: text, where: text, detail: text }, strict), { minItems: 1 }))

const content = {
  manifest_hash: digest,
  packages: byId(binaryPackage),
  distributions: byId(distribution),
  repository: byId(repository),
  environments: byId(Type.Array(environment)),
}

export const indexReportSchema = Type.Object(
  { ...content, state: Type.Enum(['IndexFinished', 'IndexError']), success: Type.Boolean(), err: text, gaps },
  strict,
)
export type ClairIndexReport = Static<typeof indexReportSchema>

const vulnerability = Type.Object(
  {
    id,
    updater: text,
    name: text,
    description: text,
    issued: time,
    links: text,
    severity: text,
    normalized_severity: severity,
    package: sourcePackage,
    distribution,
    repository: Type.Object({ cpe: text }, strict),
    fixed_in_version: text,
    arch_op: Type.Enum(['equals', 'not equals', 'pattern match', 'invalid']),
  },
  strict,
)
export type ClairVulnerability = Static<typeof vulnerability>

const cvss = Type.Object({ version: text, vectorString: text, baseScore: Type.Number(), baseSeverity: text }, strict)
export type ClairCvss = Static<typeof cvss>

const epss = Type.Object(
  { modelVersion: text, date: text, cve: text, epss: Type.Number(), percentile: Type.Number() },
  strict,
)
export type ClairEpss = Static<typeof epss>

const kev = Type.Object(
  {
    cve: text,
    vulnerability_name: text,
    catalog_version: text,
    date_added: text,
    short_description: text,
    required_action: text,
    due_date: text,
    known_ransomware_campaign_use: text,
  },
  strict,
)
export type ClairKev = Static<typeof kev>

export const vulnerabilityReportSchema = Type.Object(
  {
    ...content,
    vulnerabilities: byId(vulnerability),
    package_vulnerabilities: byId(Type.Array(id)),
    enrichments: Type.Record(Type.String(), Type.Array(byId(Type.Array(Type.Union([cvss, epss, kev]))))),
    gaps,
  },
  strict,
)
export type ClairVulnerabilityReport = Static<typeof vulnerabilityReportSchema>

const notification = Type.Object(
  {
    id: uuid,
    manifest: digest,
    reason: Type.Enum(['added', 'removed']),
    vulnerability: Type.Object(
      {
        name: text,
        description: text,
        package: binaryPackage,
        distribution,
        repo: Type.Optional(repository),
        repository: Type.Optional(repository),
        severity,
        normalized_severity: severity,
        fixed_in_version: text,
        links: text,
      },
      strict,
    ),
  },
  strict,
)
export type ClairNotification = Static<typeof notification>

export const notificationPageSchema = Type.Object(
  {
    page: Type.Object({ size: Type.Integer(), next: Type.Optional(uuid) }, strict),
    notifications: Type.Array(notification),
  },
  strict,
)

/** Vulnerabilities whose images are asked for. Members that are not known are given back as they came. */
export const affectedRequestSchema = Type.Array(
  Type.Object({
    id: text,
    normalized_severity: Type.Optional(text),
    package: Type.Object({ name: text }),
    distribution: Type.Optional(
      orNull(
        Type.Object({
          did: Type.Optional(text),
          version_id: Type.Optional(text),
          version_code_name: Type.Optional(text),
          cpe: Type.Optional(text),
        }),
      ),
    ),
    fixed_in_version: Type.Optional(text),
  }),
)
export type AffectedRequest = Static<typeof affectedRequestSchema>

export const affectedManifestsSchema = Type.Object(
  {
    vulnerabilities: byId(Type.Object({ id: text })),
    vulnerable_manifests: byId(Type.Array(text)),
  },
  strict,
)

export const indexStateSchema = Type.Object({ state: Type.String({ pattern: '^[0-9a-f]{32}$' }) }, strict)

const updateOperation = Type.Object({ ref: uuid, updater: text, fingerprint: text, date: time, kind: text }, strict)
export type ClairUpdateOperation = Static<typeof updateOperation>

export const updateOperationsSchema = Type.Record(Type.String(), Type.Array(updateOperation))

export const updateDiffSchema = Type.Object(
  {
    prev: updateOperation,
    cur: updateOperation,
    added: orNull(Type.Array(vulnerability)),
    removed: orNull(Type.Array(vulnerability)),
  },
  strict,
)

export const bulkDeleteSchema = orNull(Type.Array(digest))

export const errorSchema = Type.Object({ code: text, message: text }, strict)
