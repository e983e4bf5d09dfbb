import { type Static, type TProperties, Type } from 'typebox'
import { cvssVersions } from '../../core/cvss.ts'
import { gapCodes } from '../../core/gap.ts'
import { severities } from '../../core/severity.ts'

// The one definition of the JSON report: `docs/schema/report-1.json` is written from it (`vitest run src/report -u`), and
// the types of `json.ts` come from it. Nothing of this file is loaded by the command.

const states = ['fixed', 'open', 'deferred', 'will-not-fix', 'end-of-life', 'undetermined'] as const

const text = (description: string) => Type.String({ description })
const textOrNull = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })
const count = (description: string) => Type.Integer({ minimum: 0, description })
const strings = (description: string) => Type.Array(Type.String(), { description })
const words = <const Words extends readonly string[]>(values: Words, description: string) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: [...values], description })
const object = <Properties extends TProperties>(properties: Properties, description: string) =>
  Type.Object(properties, { description })
const objectOrNull = <Properties extends TProperties>(properties: Properties, description: string) => {
  const schema = Type.Object(properties, { description })
  return Type.Unsafe<Static<typeof schema> | null>({ ...schema, type: ['object', 'null'] })
}

const digestPattern = '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$'
const digestOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], pattern: digestPattern, description })
const timeOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', description })

const layer = (description: string) =>
  object(
    {
      index: count('Its place in image.layers; 0 is the lowest layer.'),
      digest: digestOrNull('The digest of its blob; null for a directory.'),
    },
    description,
  )

const image = object(
  {
    reference: text('The image reference as it was given.'),
    tags: strings('The repository tags known for it.'),
    digest: digestOrNull(
      'The digest of the manifest, or of the configuration where the source has no manifest; null for a directory.',
    ),
    configDigest: digestOrNull("The digest of the configuration, which is Docker's image id; null for a directory."),
    platform: object(
      {
        os: text('The operating system, such as linux.'),
        architecture: text('The architecture in the words of the OCI image specification, such as amd64.'),
        variant: Type.Optional(text('The variant of the architecture, such as v7.')),
      },
      'What the image runs on.',
    ),
    layers: Type.Array(
      object(
        {
          digest: digestOrNull('The digest of the blob as it is stored; null for a directory.'),
          diffId: digestOrNull('The digest of the uncompressed tar archive; null for a directory.'),
          createdBy: text('The history entry that made it; empty where the image has no history.'),
        },
        'A layer.',
      ),
      { description: 'The layers, lowest first.' },
    ),
  },
  'The image that was scanned.',
)

const release = objectOrNull(
  {
    id: text('ID: debian, alpine, rhel.'),
    versionId: text('VERSION_ID: 12, 3.18.0, 22.04; empty for rolling releases.'),
    codename: text('VERSION_CODENAME, or what takes its place; empty if not stated.'),
    prettyName: text('PRETTY_NAME, for people.'),
    idLike: strings('ID_LIKE, split.'),
    cpe: text('CPE_NAME; empty if not stated.'),
  },
  'The distribution, in the words of its release file (os-release); null if the image does not say.',
)

const indexedPackage = object(
  {
    type: text('The purl type: deb, apk, rpm.'),
    name: text('The name of the (binary) package.'),
    version: text('The full version as the packaging system compares it, with epoch and release where there are some.'),
    arch: text(
      "The architecture in the packaging system's own words: amd64, x86_64, all, noarch; empty if not stated.",
    ),
    source: object(
      {
        name: text('The name of the source package; the own name where there is no other.'),
        version: text("The source package's version, which can differ from the binary package's."),
      },
      'The source package that it is built from, which most advisories are about.',
    ),
    purl: text('The package URL, with architecture and distribution.'),
    layer: layer('The layer that brought it.'),
    path: text('The package database or file that lists it, inside the image, without a leading slash.'),
    module: Type.Optional(text('The module stream that it belongs to, name:stream (RPM modularity).')),
    vendor: Type.Optional(
      text('Who made it, if its database says so: rpm names everybody, dpkg only others than Debian and Ubuntu.'),
    ),
  },
  'A package that is in the image.',
)

const why = object(
  {
    feed: text('The feed that says so.'),
    scope: text('The release or ecosystem that the statement is about, such as debian:12.'),
    name: text('The (source) package name that the statement is about.'),
    scheme: text('The version scheme that compared: dpkg, apk, rpm.'),
    compared: text("The version that was compared: the source package's where the statement is about source packages."),
    because: text('The rule in words: 3.0.9-1 is older than 3.0.11-1~deb12u2.'),
    path: text('The file that proves the package.'),
    layer: layer('The layer that brought the package.'),
    createdBy: text('The history entry that made that layer; empty where the image has no history.'),
  },
  'Why the finding is a finding.',
)

const cvssScore = object(
  {
    source: text('Who scored it: redhat, nvd, or another organisation in the words of NVD.'),
    version: words(cvssVersions, 'The version of CVSS.'),
    vector: text('The vector.'),
    score: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      minimum: 0,
      maximum: 10,
      description: 'The base score; null if there is none.',
    }),
  },
  'A CVSS score.',
)

const probability = (description: string) => Type.Number({ minimum: 0, maximum: 1, description })

const epss = objectOrNull(
  {
    score: probability('The probability that it is exploited within 30 days.'),
    percentile: probability('The share of all vulnerabilities that are as likely to be exploited, or less.'),
    date: textOrNull('The day that the score is of; null if the source does not say.'),
  },
  'What EPSS says; null if it has no score, or none was looked up (see enrichment).',
)

const kev = objectOrNull(
  {
    dateAdded: text('The day on which it was added to the catalog.'),
    dueDate: textOrNull('The day by which US agencies have to have dealt with it; null if there is none.'),
    ransomware: Type.Boolean({ description: 'Whether it is known to be used in ransomware campaigns.' }),
  },
  'That it is exploited, as CISA knows; null if it is not in the KEV catalog, or that was not looked up (see enrichment).',
)

const finding = object(
  {
    id: text("The vulnerability's id: a CVE id where there is one, else the feed's own."),
    aliases: strings('Other ids of the same vulnerability, and the advisories that cover it; sorted.'),
    package: text('The name of the (binary) package in the image.'),
    version: text('The version of that package.'),
    arch: text('The architecture of that package; empty if not stated.'),
    purl: text('The package URL of that package, as in packages.'),
    fixedIn: textOrNull('The first version without the vulnerability; null if there is none.'),
    state: words(
      states,
      'What the vendor says of the fix. fixed: fixed in fixedIn. open: affected, no fix yet. deferred: to be fixed some day, ' +
        'not by an update of its own. will-not-fix: the vendor decided against. end-of-life: no longer supported. ' +
        'undetermined: the vendor does not know whether the package is affected.',
    ),
    severity: words(severities, 'The severity. unknown: nobody has rated it, which does not mean that it is harmless.'),
    severitySource: text('Whose severity it is; empty where nobody rated it.'),
    cvss: Type.Array(cvssScore, {
      description: "CVSS scores of all sources: the distribution's first, then NVD's, then those that NVD passes on.",
    }),
    weaknesses: strings('Kinds of weakness, such as CWE-79.'),
    epss,
    kev,
    risk: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      minimum: 0,
      maximum: 100,
      description:
        'Severity and likelihood in one number to sort by; docs/severity.md has the formula. null: neither EPSS nor KEV was looked up.',
    }),
    description: text('What the vulnerability is; may be empty.'),
    links: strings('Where to read more; http and https only.'),
    advisory: textOrNull("The vendor's advisory that brings the fix, such as DSA-5417-1; null where it is not known."),
    advisoryLink: textOrNull('Where that advisory can be read; null where that is not known.'),
    note: textOrNull('What has to be known about the fix, such as that it needs a subscription; mostly null.'),
    setAside: textOrNull('Why the finding means nothing for this package; there only if all findings were asked for.'),
    why,
  },
  'One vulnerability of one package.',
)

const gap = object(
  {
    code: words(
      Object.keys(gapCodes) as (keyof typeof gapCodes)[],
      'What kind of gap it is; docs/gaps.md explains each.',
    ),
    where: text('What is concerned: a path inside the image, a package, a feed, a release.'),
    detail: text('What happened, as a sentence.'),
  },
  'Something that could not be read, compared or looked up.',
)

const feedData = object(
  {
    feed: text('The feed.'),
    url: text('Where it was loaded from: the URL of its source, or the URL or path that took its place.'),
    generation: count('The generation of the data that was used; 0: never loaded.'),
    checkedAt: timeOrNull('When the data was last found to be current; null: never.'),
    importedAt: timeOrNull('When the generation was imported; null: never.'),
    dataTime: textOrNull("What the source says of the data's own time; null if it says nothing."),
    records: count('Statements in the generation.'),
    gaps: count('Records of the generation that could not be read.'),
  },
  'The state of one feed.',
)

const filter = objectOrNull(
  {
    severity: Type.Unsafe<(typeof severities)[number] | null>({
      type: ['string', 'null'],
      enum: [...severities, null],
      description: 'Findings below this severity were left out; null: all severities are there.',
    }),
    onlyFixed: Type.Boolean({ description: 'Whether findings without a fix were left out.' }),
    hidden: count('How many findings were left out.'),
    setAside: count(
      'How many findings were left out as they mean nothing for their package, such as those of kernel headers.',
    ),
  },
  'What was left out of findings on request; null if nothing was asked to be left out.',
)

/** The JSON report, version 1. */
export const reportSchema = Type.Object(
  {
    schemaVersion: Type.Literal(1, { description: 'The version of this format.' }),
    generator: object(
      { name: Type.Literal('chiaro', { description: 'Always chiaro.' }), version: text('The version of Chiaro.') },
      'The program that wrote the report.',
    ),
    asOf: timeOrNull('The time as of which the data was asked: the report says what was known then; null: now.'),
    image,
    release,
    packages: Type.Array(indexedPackage, {
      description: 'Every package in the image, sorted by type, name, version, architecture and path.',
    }),
    findings: Type.Array(finding, {
      description:
        'The vulnerabilities found, most severe first, then those with a fix, then by package and id; where it was asked for, the ' +
        'greatest risk first.',
    }),
    filter,
    gaps: Type.Array(gap, {
      description: 'What limits the result. A report with gaps never means that the image is clean.',
    }),
    data: Type.Array(feedData, { description: 'The vulnerability data that the report was made with.' }),
    enrichment: Type.Array(feedData, {
      description:
        'The data that cvss, weaknesses, epss and kev of findings come from; empty if nothing was looked up.',
    }),
  },
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:chiaro:report:1',
    title: 'Chiaro vulnerability report, version 1',
    description:
      'What `chiaro scan --format json` writes. Within version 1 fields may be added, but none is removed or changes its ' +
      'meaning: readers should ignore fields that they do not know.',
  },
)

/** The JSON report, version 1, as TypeScript sees it. */
export type JsonReport = Static<typeof reportSchema>
