import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { severities } from '../../../core/severity.ts'
import { reportSchema } from '../../../report/json/schema.ts'
import { cursorLength } from './cursor.ts'

/** The forms of what this API takes and answers. What has a title is a component of the OpenAPI document. */

const text = (description: string) => Type.String({ description })
const count = (description: string) => Type.Integer({ minimum: 0, description })
const time = (description: string) => Type.String({ format: 'date-time', description })
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const words = <const Words extends readonly string[]>(values: Words, description: string) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: [...values], description })
const object = <Properties extends TProperties>(title: string, properties: Properties, description: string) =>
  Type.Object(properties, { title, description, additionalProperties: false })
const part = <Properties extends TProperties>(properties: Properties, description: string) =>
  Type.Object(properties, { description, additionalProperties: false })

export const digest = Type.String({
  pattern: '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$',
  description: 'The digest of a manifest.',
})
export const uuid = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'A UUID, in lower case.',
})
export const feedId = Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,99}$', description: 'The id of a feed.' })

/** The parameters of every list. */
export const paging = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'How many items an answer has at most.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: cursorLength,
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'Where to go on: the `next` of the answer before, with the same parameters.',
    }),
  ),
}

/** The object of the parameters of a query or path; others than these are errors. */
export const parameters = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false })

/** A page of a list. */
export const page = <Item extends TSchema>(title: string, item: Item) =>
  object(
    title,
    {
      items: Type.Array(item),
      next: orNull(text('The cursor of the next page; null at the end.')),
    },
    'A part of a list.',
  )

const problemError = part(
  {
    in: words(['path', 'query', 'body'], 'The part of the request.'),
    pointer: text('The place in it, as a JSON pointer (RFC 6901).'),
    detail: text('What is wrong there.'),
  },
  'Something that is wrong with a request.',
)
export type ProblemError = Static<typeof problemError>

export const problem = object(
  'Problem',
  {
    type: text('`urn:chiaro:problem:` and the code.'),
    code: text('A stable code; docs/server.md and docs/errors.md list all of them.'),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The status of HTTP.' }),
    title: text('What the code means.'),
    detail: text('What happened, for people.'),
    instance: Type.Optional(text('The id of the request, `urn:uuid:…`; it is in the log, too.')),
    errors: Type.Optional(Type.Array(problemError)),
  },
  'A problem (RFC 9457).',
)
export type Problem = Static<typeof problem>

export const jobStates = ['queued', 'running', 'succeeded', 'failed'] as const

const progress = orNull(
  part(
    {
      label: text('What is going on, for people.'),
      unit: words(['bytes', 'records', 'items'], 'What is counted.'),
      done: count('How many are done.'),
      total: orNull(count('Of how many; null: that is not known.')),
    },
    'The step that is being worked on.',
  ),
)

const work = {
  id: uuid,
  state: words(jobStates, 'How far it is.'),
  createdAt: time('When it was asked for.'),
  startedAt: orNull(time('When work on it began.')),
  endedAt: orNull(time('When it was done, or failed.')),
  progress,
  error: orNull(problem),
}

export const job = object(
  'Job',
  {
    ...work,
    reference: text('The image as it was named.'),
    platform: orNull(text('The platform that was asked for.')),
    image: orNull(part({ digest, href: text('Where the image is, relative to the host.') }, 'What came of it.')),
  },
  'The work on an image that was submitted.',
)
export type JobBody = Static<typeof job>

const outcome = part(
  {
    feed: text('The feed.'),
    url: text('Where it comes from.'),
    outcome: words(['imported', 'unchanged', 'fresh', 'failed'], 'What became of it.'),
    generation: orNull(count('The generation that was made; null: none was.')),
    added: count('Statements that came.'),
    changed: count('Statements that changed.'),
    closed: count('Statements that went.'),
    gaps: count('Records that could not be read.'),
    error: orNull(part({ code: text('The code of the error.'), message: text('What happened.') }, 'Why it failed.')),
  },
  'What became of one feed.',
)
export type Outcome = Static<typeof outcome>

export const update = object(
  'Update',
  {
    ...work,
    feeds: orNull(
      Type.Array(Type.String(), { description: 'What was asked for; null: all that are kept up to date.' }),
    ),
    force: Type.Boolean({ description: 'Whether feeds are read anew although nothing changed.' }),
    outcomes: orNull(
      Type.Array(outcome, { description: 'One for each feed. A feed that failed is no failed update.' }),
    ),
  },
  'An update of vulnerability data.',
)
export type UpdateBody = Static<typeof update>

export const submission = object(
  'Submission',
  {
    reference: Type.String({
      minLength: 1,
      maxLength: 512,
      description: 'An image in a registry, as `docker pull` takes it: `[HOST[:PORT]/]NAME[:TAG][@DIGEST]`.',
    }),
    platform: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9]{1,32}/[a-z0-9_]{1,32}(/[a-z0-9]{1,32})?$',
        description: "OS/ARCHITECTURE[/VARIANT]; by default linux on the server's own architecture.",
      }),
    ),
    credentials: Type.Optional(
      part(
        {
          username: Type.String({ minLength: 1, maxLength: 1024 }),
          password: Type.String({ minLength: 1, maxLength: 8192 }),
        },
        "For the registry of the reference, instead of those in the server's Docker configuration. They are not stored.",
      ),
    ),
  },
  'An image that the server is to pull.',
)

export const updateRequest = object(
  'UpdateRequest',
  {
    feeds: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
        minItems: 1,
        maxItems: 1000,
        description:
          'Ids of feeds, or of the distribution or source that has several; by default all that are kept up to date.',
      }),
    ),
    force: Type.Optional(Type.Boolean({ default: false, description: 'Read them anew although nothing changed.' })),
  },
  'What is to be updated.',
)

const feedError = part(
  { at: time('When.'), code: text('The code of the error.'), message: text('What happened.') },
  'The last attempt, if it failed.',
)

const feedState = {
  feed: text('The id of the feed.'),
  url: orNull(text('Where it comes from; null: it was never tried.')),
  wanted: Type.Boolean({ description: 'Whether this server keeps it up to date.' }),
  generation: count('The generation that is used; 0: it was never loaded.'),
  checkedAt: orNull(time('When it was last found to be current; null: never.')),
  importedAt: orNull(time('When the generation was imported.')),
  dataTime: orNull(text("What the source says of the data's own time.")),
  age: orNull(count('Seconds since `checkedAt`.')),
  records: count('Statements in the generation.'),
  gaps: count('Records of it that could not be read.'),
  error: orNull(feedError),
}

export const dataStatus = object(
  'Data',
  {
    ready: Type.Boolean({ description: 'Whether the data is there that images are judged by, as /readyz says.' }),
    feeds: Type.Array(part(feedState, 'The state of a feed.'), { description: 'By id.' }),
  },
  'The vulnerability data.',
)
export type DataBody = Static<typeof dataStatus>

const gap = part(
  { code: text('A code of docs/gaps.md.'), where: text('What is concerned.'), detail: text('What happened.') },
  'Something that is missing.',
)

export const feedDetail = object(
  'Feed',
  { ...feedState, gapList: Type.Array(gap, { description: 'The gaps of the generation, 1,000 at most.' }) },
  'A feed.',
)

export const generation = object(
  'Generation',
  {
    number: count('Its number.'),
    importedAt: time('When it was imported.'),
    dataTime: orNull(text("What the source says of the data's own time.")),
    records: count('Statements in it.'),
    gaps: count('Records that could not be read.'),
  },
  'A state of a feed.',
)

const statement = part(
  {
    state: text('What the vendor says of the fix; `not-affected`: the package does not have the vulnerability.'),
    fixedIn: orNull(text('The first version without it.')),
    severity: orNull(words(severities, "The vendor's severity for this package.")),
    advisory: orNull(text('The advisory that brings the fix.')),
    note: orNull(text('What has to be known about the fix.')),
  },
  'What was said.',
)
export type StatementBody = Static<typeof statement>

export const change = object(
  'Change',
  {
    change: words(['added', 'changed', 'closed'], 'What happened to the statement.'),
    scope: text('The release or ecosystem that it is about.'),
    name: text('The package that it is about.'),
    vulnerability: text('The id of the vulnerability, or of the advisory that covers some.'),
    before: orNull(statement),
    after: orNull(statement),
  },
  'A statement that differs between two generations.',
)
export type ChangeBody = Static<typeof change>

const release = part(
  {
    id: text('ID of os-release: debian, alpine, rhel.'),
    versionId: text('VERSION_ID: 12, 3.18.0; empty for rolling releases.'),
  },
  'The distribution.',
)

const fleetPackage = object(
  'Package',
  {
    type: text('The purl type: deb, apk, rpm.'),
    name: text('The name of the (binary) package.'),
    version: text('The version.'),
    arch: text('The architecture; empty if not stated.'),
    source: part({ name: text('Its name.'), version: text('Its version.') }, 'The source package.'),
    module: orNull(text('The module stream that it belongs to.')),
    release,
    repositories: Type.Array(Type.String(), { description: 'The repositories that its layer names.' }),
  },
  'A package, in however many images it is.',
)
export type PackageBody = Static<typeof fleetPackage>

const imageMembers = {
  digest,
  names: Type.Array(Type.String(), { description: 'What it was called when it was submitted, `registry/name:tag`.' }),
  indexedAt: time('When what is in it was read.'),
  links: part(
    {
      self: text('The image.'),
      findings: text('Its findings.'),
      report: text('Its report.'),
      timeline: text('Its timeline.'),
    },
    'Where more is, relative to the host.',
  ),
}

export const image = object('Image', imageMembers, 'An image.')
export type ImageBody = Static<typeof image>

const counts = (description: string) =>
  part(Object.fromEntries(severities.map((severity) => [severity, count('Findings.')])), description)

export const imageDetail = object(
  'ImageDetail',
  {
    ...imageMembers,
    release: orNull(release),
    packages: count('Packages in it.'),
    findings: counts('How many findings it has of each severity, without those that are set aside.'),
    fixable: count('How many of them have a fix.'),
    gaps: Type.Array(gap, { description: 'What limits that. An image with gaps is never clean.' }),
  },
  'An image with what is in it, counted.',
)

export const affectedImage = object(
  'AffectedImage',
  { ...imageMembers, packages: Type.Array(fleetPackage, { description: 'Its packages that were asked about.' }) },
  'An image, and why it is in the list.',
)
export type AffectedImageBody = Static<typeof affectedImage>

const cause = part(
  {
    kind: words(['image', 'data', 'rules'], 'The image came, the data changed, or the rules by which Chiaro judges.'),
    feed: orNull(text('The feed whose data changed.')),
    from: orNull(count('Its generation before.')),
    to: orNull(count('Its generation after.')),
    rules: orNull(text('The rules that it is judged by since.')),
  },
  'Why.',
)

export const event = object(
  'Event',
  {
    change: words(['opened', 'closed'], 'Whether the finding appeared or went.'),
    at: time('When.'),
    cause,
    package: fleetPackage,
    vulnerability: text('The id of the vulnerability.'),
    aliases: Type.Array(Type.String(), { description: 'Its other ids.' }),
    severity: words(severities, 'The severity, as it was said then.'),
    state: text('What the vendor said of the fix.'),
    fixedIn: orNull(text('The first version without it.')),
    because: text('The rule in words.'),
  },
  'The appearance or end of a finding.',
)
export type EventBody = Static<typeof event>

/** The schemas of the JSON report, which is the same everywhere. */
export const finding = { ...reportSchema.properties.findings.items, title: 'Finding' } as FindingSchema
export const report = { ...reportSchema, title: 'Report' } as typeof reportSchema

type FindingSchema = typeof reportSchema.properties.findings.items

export const findingsPage = object(
  'Findings',
  {
    items: Type.Array(finding),
    next: orNull(text('The cursor of the next page; null at the end.')),
    total: count('How many findings there are, on all pages.'),
    gaps: Type.Array(gap, { description: 'What limits the findings. An image with gaps is never clean.' }),
  },
  'A part of the findings of an image.',
)
