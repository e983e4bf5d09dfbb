import { type Static, Type } from 'typebox'

/** What Clair v1 takes and answers (quay/clair v2.1, api/v1/models.go): nearly everything may be left out. */

const text = Type.String()
const strict = { additionalProperties: false }
const optional = Type.Optional(Type.Union([text, Type.Null()]))

/** What is submitted. Members that are not known are passed over. */
export const layerRequestSchema = Type.Object({
  Layer: Type.Object({
    Name: optional,
    Path: optional,
    ParentName: optional,
    Format: optional,
    Headers: Type.Optional(Type.Union([Type.Record(Type.String(), text), Type.Null()])),
  }),
})
export type LayerRequest = Static<typeof layerRequestSchema>['Layer']

/** The severities of Clair v1, which reads them in any case. */
export const severities = ['Unknown', 'Negligible', 'Low', 'Medium', 'High', 'Critical', 'Defcon1'] as const
export type V1Severity = (typeof severities)[number]

const fixRequest = Type.Object({
  Name: optional,
  NamespaceName: optional,
  VersionFormat: optional,
  Version: optional,
})
export type FixRequest = Static<typeof fixRequest>

export const fixRequestSchema = Type.Object({ Feature: fixRequest })

/** A vulnerability that is added or changed. Members that are not known are passed over. */
export const vulnerabilityRequestSchema = Type.Object({
  Vulnerability: Type.Object({
    Name: optional,
    NamespaceName: optional,
    Description: optional,
    Link: optional,
    Severity: optional,
    FixedIn: Type.Optional(Type.Union([Type.Array(fixRequest), Type.Null()])),
  }),
})
export type VulnerabilityRequest = Static<typeof vulnerabilityRequestSchema>['Vulnerability']

const severity = Type.Enum([...severities])

const fix = Type.Object({ Name: text, NamespaceName: text, Version: text }, strict)
export type V1Fix = Static<typeof fix>

const metadata = Type.Object(
  {
    NVD: Type.Object(
      {
        CVSSv2: Type.Object({ PublishedDateTime: text, Vectors: text, Score: Type.Number() }, strict),
        CVSSv3: Type.Object(
          { Vectors: text, Score: Type.Number(), ExploitabilityScore: Type.Number(), ImpactScore: Type.Number() },
          strict,
        ),
      },
      strict,
    ),
  },
  strict,
)

const vulnerability = Type.Object(
  {
    Name: text,
    NamespaceName: text,
    Description: Type.Optional(text),
    Link: Type.Optional(text),
    Severity: severity,
    Metadata: Type.Optional(metadata),
    FixedBy: Type.Optional(text),
    FixedIn: Type.Optional(Type.Array(fix)),
  },
  strict,
)
export type V1Vulnerability = Static<typeof vulnerability>

const change = Type.Object(
  {
    Vulnerability: vulnerability,
    OrderedLayersIntroducingVulnerability: Type.Array(Type.Object({ Index: Type.Integer(), LayerName: text }, strict)),
    LayersIntroducingVulnerability: Type.Array(text),
  },
  strict,
)
export type V1Change = Static<typeof change>

export const notificationSchema = Type.Object(
  {
    Notification: Type.Object(
      {
        Name: text,
        Created: text,
        Notified: Type.Optional(text),
        Limit: Type.Integer(),
        Page: text,
        NextPage: Type.Optional(text),
        Old: Type.Optional(change),
        New: Type.Optional(change),
      },
      strict,
    ),
  },
  strict,
)

const feature = Type.Object(
  {
    Name: text,
    NamespaceName: text,
    VersionFormat: text,
    Version: text,
    Vulnerabilities: Type.Optional(Type.Array(vulnerability)),
    AddedBy: text,
  },
  strict,
)
export type V1Feature = Static<typeof feature>

const layer = {
  Name: text,
  ParentName: Type.Optional(text),
  IndexedByVersion: Type.Integer(),
}

export const layerAnswerSchema = Type.Object(
  {
    Layer: Type.Object(
      {
        ...layer,
        Path: text,
        Headers: Type.Optional(Type.Record(Type.String(), text)),
        Format: text,
      },
      strict,
    ),
  },
  strict,
)

export const layerSchema = Type.Object(
  {
    Layer: Type.Object(
      { ...layer, NamespaceName: Type.Optional(text), Features: Type.Optional(Type.Array(feature)) },
      strict,
    ),
  },
  strict,
)

export const namespacesSchema = Type.Object(
  { Namespaces: Type.Array(Type.Object({ Name: text, VersionFormat: text }, strict)) },
  strict,
)

export const vulnerabilitySchema = Type.Object({ Vulnerability: vulnerability }, strict)

export const vulnerabilitiesSchema = Type.Object(
  { Vulnerabilities: Type.Array(vulnerability), NextPage: Type.Optional(text) },
  strict,
)

export const fixesSchema = Type.Object({ Features: Type.Array(fix) }, strict)

export const errorSchema = Type.Object({ Error: Type.Object({ Message: text }, strict) }, strict)
