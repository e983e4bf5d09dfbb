import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { versionScheme } from '../../../compose.ts'
import type { Digest } from '../../../core/digest.ts'
import { byRisk, bySeverity, compareText, type FindingOrder } from '../../../core/finding-order.ts'
import type { Finding } from '../../../core/report.ts'
import { reaches, severities } from '../../../core/severity.ts'
import { findingOf, json } from '../../../report/json.ts'
import type { ImageReports } from './image-reports.ts'
import { type Operation, operation } from './operation.ts'
import { digest, findingsPage, paging, parameters, report } from './schema.ts'

const path = parameters({ digest })

const query = parameters({
  severity: Type.Optional(
    Type.Unsafe<(typeof severities)[number]>({
      type: 'string',
      enum: [...severities],
      description: 'Findings of this severity and more severe ones.',
    }),
  ),
  fixable: Type.Optional(Type.Boolean({ description: 'true: those that have a fix; false: those that have none.' })),
  package: Type.Optional(
    Type.String({ minLength: 1, maxLength: 300, description: 'Those of the (binary or source) package of this name.' }),
  ),
  id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Those of the vulnerability of this id.' }),
  ),
  all: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Also those that are set aside, as they mean nothing for their package.',
    }),
  ),
  sort: Type.Optional(
    Type.Unsafe<FindingOrder>({
      type: 'string',
      enum: ['severity', 'risk'],
      default: 'severity',
      description: 'The most severe first, or the greatest risk (docs/severity.md).',
    }),
  ),
  ...paging,
})
type Query = Static<typeof query>

/** The last finding of a page: what of it decides the order. */
const place = Compile(
  Type.Object(
    {
      risk: Type.Union([Type.Number(), Type.Null()]),
      severity: Type.Unsafe<Finding['severity']>({ type: 'string', enum: [...severities] }),
      fixed: Type.Boolean(),
      package: Type.String(),
      id: Type.String(),
      arch: Type.String(),
      path: Type.String(),
      version: Type.String(),
    },
    { additionalProperties: false },
  ),
)

/** What is wrong with an image. */
export function findingOperations(reports: ImageReports): readonly Operation[] {
  return [
    operation({
      id: 'getFindings',
      tag: 'images',
      method: 'GET',
      path: '/images/{digest}/findings',
      summary: 'The vulnerabilities of an image',
      params: path,
      query,
      answers: { 200: { description: 'Some of them.', schema: findingsPage } },
      problems: [400, 404],
      async handle({ path, query, cursor, next, knows }) {
        const { limit = 100, sort = 'severity' } = query
        const after = cursor(place)
        return reports.answer(
          path.digest as Digest,
          `findings ${JSON.stringify(query)}`,
          knows,
          ({ findings, gaps, image }) => {
            const compare = orderOf(sort)
            const wanted = findings.filter((finding) => isWanted(finding, query)).sort(compare)
            const rest = after === undefined ? wanted : wanted.filter((finding) => compare(finding, stand(after)) > 0)
            const shown = rest.slice(0, limit)
            return {
              items: shown.map((finding) => findingOf(finding, image.layers)),
              next: next(rest.length > limit ? placeOf(shown.at(-1)!) : undefined),
              total: wanted.length,
              gaps: gaps.map(({ code, where, detail }) => ({ code, where, detail })),
            }
          },
        )
      },
    }),
    operation({
      id: 'getReport',
      tag: 'images',
      method: 'GET',
      path: '/images/{digest}/report',
      summary: 'The JSON report of an image, as `chiaro scan --format json` writes it',
      params: path,
      answers: { 200: { description: 'The report, with every finding.', schema: report } },
      problems: [400, 404],
      async handle({ path, knows }) {
        const etag = await reports.tag(path.digest as Digest, 'report')
        if (knows(etag)) return { status: 304, etag }
        const found = await reports.report(path.digest as Digest)
        const shown = { severity: undefined, onlyFixed: false, hidden: 0, setAside: [] }
        const parts = json.write(found, {
          width: undefined,
          color: false,
          now: undefined,
          versions: versionScheme,
          shown,
        })
        return { status: 200, etag, stream: { type: 'application/json', parts } }
      },
    }),
  ]
}

function isWanted(finding: Finding, { severity, fixable, package: name, id, all = false }: Query): boolean {
  if (severity !== undefined && !reaches(finding.severity, severity)) return false
  if (fixable !== undefined && (finding.state === 'fixed') !== fixable) return false
  if (name !== undefined && finding.package !== name && finding.why.name.split(' ')[0] !== name) return false
  if (id !== undefined && finding.id !== id && !finding.aliases.includes(id)) return false
  return all || finding.setAside === null
}

/** A whole order: of packages that are there in several versions each is told from the others. */
function orderOf(sort: FindingOrder): (left: Finding, right: Finding) => number {
  const order = sort === 'risk' ? byRisk : bySeverity
  return (left, right) => order(left, right) || compareText(left.version, right.version)
}

function placeOf({ risk, severity, state, package: name, id, arch, why, version }: Finding) {
  return { risk, severity, fixed: state === 'fixed', package: name, id, arch, path: why.path, version }
}

/** A finding that stands where the last one of a page does. */
function stand({ path, fixed, ...last }: ReturnType<typeof placeOf>): Finding {
  return { ...last, state: fixed ? 'fixed' : 'open', why: { path } } as Finding
}
