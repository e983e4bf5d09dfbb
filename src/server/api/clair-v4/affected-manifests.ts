import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Compile } from 'typebox/compile'
import type { Engine } from '../../../compose.ts'
import type { AdvisoryKey, Statement } from '../../../core/advisory.ts'
import type { Digest } from '../../../core/digest.ts'
import type { Ecosystem } from '../../../core/ecosystem.ts'
import { type FleetPackage, fleetPackageText } from '../../../core/fleet.ts'
import { judge } from '../../../core/judge.ts'
import { limits } from '../../../core/limits.ts'
import { severityRank } from '../../../core/severity.ts'
import { addResource } from '../../resource.ts'
import type { ApiContext } from '../contract.ts'
import { negotiated, sendJson } from './answers.ts'
import { failure, refuseMethod } from './errors.ts'
import { parseJson } from './manifest.ts'
import { type AffectedRequest, affectedRequestSchema } from './schema.ts'
import { severityOf } from './vulnerabilities.ts'

const types = ['application/vnd.clair.affected_manifests.v1+json', 'application/json']
const path = '/indexer/api/v1/internal/affected_manifest'
const what = 'failed to deserialize vulnerabilities'

const validator = Compile(affectedRequestSchema)

type Vulnerability = AffectedRequest[number]

/** The route that tells which of the images that are kept vulnerabilities affect. Clair has it with a slash at its end. */
export function addAffectedManifests(scope: FastifyInstance, { engine }: ApiContext): void {
  for (const one of [`${path}/`, path]) {
    addResource(scope, {
      path: one,
      metrics: ['indexerv1', 'affected_manifests'],
      handlers: { POST: answer },
      refuse: refuseMethod,
    })
  }

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    const type = negotiated(request, types)
    const vulnerabilities = parseVulnerabilities(request.body)
    const manifests = new Map<Digest, Vulnerability[]>()
    for (const vulnerability of vulnerabilities) {
      for (const digest of await affectedImages(engine, vulnerability)) {
        manifests.set(digest, [...(manifests.get(digest) ?? []), vulnerability])
      }
    }
    const affecting = new Set([...manifests.values()].flat())
    return sendJson(reply, type, {
      vulnerabilities: Object.fromEntries([...affecting].map((one) => [one.id, one])),
      vulnerable_manifests: Object.fromEntries([...manifests].map(([digest, found]) => [digest, idsBySeverity(found)])),
    })
  }
}

/** Clair's server takes an object with a list; its documentation has the list. */
function parseVulnerabilities(body: unknown): AffectedRequest {
  const value = parseJson(body, what)
  const list: unknown =
    typeof value === 'object' && value !== null && 'vulnerabilities' in value ? value.vulnerabilities : value
  if (validator.Check(list)) return list
  const [error] = validator.Errors(list)
  throw failure(400, `${what}: ${`${error?.instancePath ?? ''} ${error?.message ?? 'is not as expected'}`.trim()}`)
}

/** The images with a package that is looked up under the vulnerability's, in a version that it says is affected. */
async function affectedImages(engine: Engine, vulnerability: Vulnerability): Promise<ReadonlySet<Digest>> {
  const { fleet } = engine.store
  const digests = new Set<Digest>()
  for (const { ecosystem, keys } of placesOf(vulnerability, engine.ecosystems)) {
    for (let after = 0; ; ) {
      const packages = await fleet.packagesByKeys(keys, after, limits.pageSize)
      for (const { package: pkg } of packages) {
        if (!isAffected(pkg, vulnerability, ecosystem)) continue
        for await (const digest of imagesWith(engine, pkg)) digests.add(digest)
      }
      const last = packages.at(-1)
      if (last === undefined) break
      after = last.number
    }
  }
  return digests
}

/** Where the vulnerability's package is looked up: in its distribution, as an ecosystem calls that, or as its feeds do. */
function placesOf(
  { package: pkg, distribution }: Vulnerability,
  ecosystems: readonly Ecosystem[],
): readonly { readonly ecosystem: Ecosystem; readonly keys: readonly AdvisoryKey[] }[] {
  const { did = '', version_id: versionId = '', version_code_name: codename = '', cpe = '' } = distribution ?? {}
  const release = { id: did, versionId, codename, prettyName: '', idLike: [], cpe }
  return ecosystems.flatMap((ecosystem) => {
    const own = did === ecosystem.id ? [versionId === '' ? did : `${did}:${versionId}`] : []
    const scopes = new Set([...own, ...(ecosystem.coverage(release)?.scopes ?? [])])
    const keys = [...scopes].map((scope) => ({ scope, name: pkg.name }))
    return keys.length === 0 ? [] : [{ ecosystem, keys }]
  })
}

/** By the rule of the ecosystem. A version that cannot be compared counts as affected: it is told rather too much than too little. */
function isAffected({ package: pkg }: FleetPackage, vulnerability: Vulnerability, ecosystem: Ecosystem): boolean {
  const { package: named, fixed_in_version: fixedIn = '' } = vulnerability
  const key = { scope: ecosystem.id, name: named.name }
  const statement: Statement = fixedIn === '' ? { key, fix: 'open' } : { key, fix: 'fixed', fixedIn }
  const version = named.name === pkg.source.name ? pkg.source.version : pkg.version
  const verdict = ecosystem.judge?.(pkg, statement) ?? judge(version, statement, ecosystem.versions)
  return verdict.state !== 'clear'
}

async function* imagesWith({ store: { fleet } }: Engine, pkg: FleetPackage): AsyncGenerator<Digest> {
  const { name, version } = pkg.package
  const text = fleetPackageText(pkg)
  let after: string | undefined
  do {
    const { items, next } = await fleet.imagesWithPackage(name, { version, after, limit: limits.pageSize })
    for (const { digest, packages } of items) {
      if (packages.some((one) => fleetPackageText(one) === text)) yield digest
    }
    after = next
  } while (after !== undefined)
}

/** The most severe first. */
function idsBySeverity(found: readonly Vulnerability[]): readonly string[] {
  const rank = ({ normalized_severity: severity }: Vulnerability) => severityRank(severityOf(severity))
  return found.toSorted((left, right) => rank(left) - rank(right)).map(({ id }) => id)
}
