import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Digest } from '../../../core/digest.ts'
import { isChiaroError } from '../../../core/errors.ts'
import type { FindingEvent, FleetCause, FleetImage, FleetPackage, Page } from '../../../core/fleet.ts'
import { severities } from '../../../core/severity.ts'
import { invalidCursor } from './cursor.ts'
import { type ImageReports, unknownImage } from './image-reports.ts'
import { type Answer, type Asked, type Operation, operation } from './operation.ts'
import { basePath } from './routes.ts'
import {
  type AffectedImageBody,
  affectedImage,
  digest,
  type EventBody,
  event,
  type ImageBody,
  image,
  imageDetail,
  type PackageBody,
  page,
  paging,
  parameters,
} from './schema.ts'
import type { Services } from './services.ts'

const path = parameters({ digest })
const name = (description: string) => Type.String({ minLength: 1, maxLength: 300, description })
const images = page('Images', image)
const affected = page('AffectedImages', affectedImage)

/** Where a list of the fleet goes on is its own matter. */
const place = Compile(Type.String({ maxLength: 200 }))

/** The images of the fleet, and what they have in common. */
export function imageOperations({ engine }: Services, reports: ImageReports): readonly Operation[] {
  const { fleet } = engine.store
  return [
    operation({
      id: 'listImages',
      tag: 'images',
      method: 'GET',
      path: '/images',
      summary: 'The images that were submitted, through whichever API',
      query: parameters({
        name: Type.Optional(name('Those of which a name has this in it.')),
        sort: Type.Optional(
          Type.Unsafe<'oldest' | 'newest'>({
            type: 'string',
            enum: ['oldest', 'newest'],
            default: 'oldest',
            description: 'Those that came first, or last, first.',
          }),
        ),
        ...paging,
      }),
      answers: { 200: { description: 'Some of them.', schema: images } },
      problems: [400],
      handle: (asked) =>
        list(asked, imageOf, (request) =>
          fleet.images({
            ...request,
            newestFirst: asked.query.sort === 'newest',
            ...(asked.query.name === undefined ? {} : { name: asked.query.name }),
          }),
        ),
    }),
    operation({
      id: 'getImage',
      tag: 'images',
      method: 'GET',
      path: '/images/{digest}',
      summary: 'An image, and how many findings it has',
      params: path,
      answers: { 200: { description: 'The image.', schema: imageDetail } },
      problems: [400, 404],
      async handle({ path, knows }) {
        const digest = path.digest as Digest
        return reports.answer(digest, 'image', knows, async (report) => {
          const found = await fleet.image(digest)
          if (found === undefined) throw unknownImage()
          const { release, packages, gaps } = report
          const findings = report.findings.filter(({ setAside }) => setAside === null)
          const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length
          return {
            ...imageOf(found),
            release: release === undefined ? null : { id: release.id, versionId: release.versionId },
            packages: packages.length,
            findings: Object.fromEntries(severities.map((severity) => [severity, count(severity)])),
            fixable: findings.filter(({ state }) => state === 'fixed').length,
            gaps: gaps.map(({ code, where, detail }) => ({ code, where, detail })),
          }
        })
      },
    }),
    operation({
      id: 'deleteImage',
      tag: 'images',
      method: 'DELETE',
      path: '/images/{digest}',
      summary: 'Forget an image',
      params: path,
      answers: { 204: { description: 'It is not there any more.' } },
      problems: [400, 404],
      async handle({ path }) {
        const digest = path.digest as Digest
        if ((await fleet.image(digest)) === undefined) throw unknownImage()
        await engine.fleet.remove([digest])
        return { status: 204 }
      },
    }),
    operation({
      id: 'getTimeline',
      tag: 'images',
      method: 'GET',
      path: '/images/{digest}/timeline',
      summary: 'When findings appeared in the packages of an image and went, and why; the latest first',
      params: path,
      query: parameters(paging),
      answers: { 200: { description: 'Some of it.', schema: page('Timeline', event) } },
      problems: [400, 404],
      async handle(asked) {
        const digest = asked.path.digest as Digest
        if ((await fleet.image(digest)) === undefined) throw unknownImage()
        return list(asked, eventOf, (request) => fleet.timeline(digest, request))
      },
    }),
    operation({
      id: 'imagesWithVulnerability',
      tag: 'images',
      method: 'GET',
      path: '/vulnerabilities/{id}/images',
      summary: 'The images in which a vulnerability is found, by any of its ids',
      params: parameters({
        id: Type.String({ minLength: 1, maxLength: 200, description: 'Its id, such as a CVE id.' }),
      }),
      query: parameters({ package: Type.Optional(name('In packages of this name only.')), ...paging }),
      answers: { 200: { description: 'Some of them.', schema: affected } },
      problems: [400],
      handle: (asked) =>
        list(asked, affectedOf, (request) => {
          const { package: only } = asked.query
          return fleet.imagesWithVulnerability(asked.path.id, {
            ...request,
            ...(only === undefined ? {} : { package: only }),
          })
        }),
    }),
    operation({
      id: 'imagesWithPackage',
      tag: 'images',
      method: 'GET',
      path: '/packages/{name}/images',
      summary: 'The images that have a package',
      params: parameters({ name: name('The name of the (binary) package.') }),
      query: parameters({ version: Type.Optional(name('This version only.')), ...paging }),
      answers: { 200: { description: 'Some of them.', schema: affected } },
      problems: [400],
      handle: (asked) =>
        list(asked, affectedOf, (request) => {
          const { version } = asked.query
          return fleet.imagesWithPackage(asked.path.name, { ...request, ...(version === undefined ? {} : { version }) })
        }),
    }),
  ]
}

/** A page of a list of the fleet. */
async function list<Item>(
  {
    query: { limit = 100 },
    cursor,
    next,
  }: Pick<Asked<unknown, { readonly limit?: number }>, 'query' | 'cursor' | 'next'>,
  bodyOf: (item: Item) => unknown,
  read: (request: { readonly after: string | undefined; readonly limit: number }) => Promise<Page<Item>>,
): Promise<Answer> {
  const after = cursor(place)
  try {
    const found = await read({ after, limit })
    return { status: 200, body: { items: found.items.map(bodyOf), next: next(found.next) }, etag: 'content' }
  } catch (error) {
    // The limit has been checked.
    if (after !== undefined && isChiaroError(error, 'CONFIG_INVALID')) throw invalidCursor()
    throw error
  }
}

function imageOf({ digest, names, indexedAt }: FleetImage): ImageBody {
  const self = `${basePath}/images/${digest}`
  const links = { self, findings: `${self}/findings`, report: `${self}/report`, timeline: `${self}/timeline` }
  return { digest, names: [...names], indexedAt, links }
}

function affectedOf(image: FleetImage & { readonly packages: readonly FleetPackage[] }): AffectedImageBody {
  return { ...imageOf(image), packages: image.packages.map(packageOf) }
}

function packageOf({ release, package: pkg, repositories }: FleetPackage): PackageBody {
  const { type, name, version, arch, source, module } = pkg
  const { id, versionId } = release
  return {
    type,
    name,
    version,
    arch,
    source: { name: source.name, version: source.version },
    module: module ?? null,
    release: { id, versionId },
    repositories: [...repositories],
  }
}

function eventOf({ change, at, cause, package: pkg, finding }: FindingEvent): EventBody {
  const { id, aliases, severity, state, fixedIn, why } = finding
  return {
    change,
    at,
    cause: causeOf(cause),
    package: packageOf(pkg),
    vulnerability: id,
    aliases: [...aliases],
    severity,
    state,
    fixedIn,
    because: why.because,
  }
}

function causeOf(cause: FleetCause): Static<typeof event>['cause'] {
  const nothing = { feed: null, from: null, to: null, rules: null }
  if (cause.kind === 'data') return { ...nothing, kind: 'data', feed: cause.feed, from: cause.from, to: cause.to }
  return cause.kind === 'rules' ? { ...nothing, kind: 'rules', rules: cause.rules } : { ...nothing, kind: 'image' }
}
