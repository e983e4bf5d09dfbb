import type { FastifyInstance, FastifyRequest } from 'fastify'
import { limits } from '../../../core/limits.ts'
import type { OwnVulnerabilities } from '../../own-vulnerabilities.ts'
import type { ApiContext } from '../contract.ts'
import { failure, notFound, sendJson } from './errors.ts'
import { feedsAbout, type KnownNamespace, knownNamespaces } from './known-namespaces.ts'
import { postedAdvisory, postedStatement } from './posted-vulnerability.ts'
import { bodyReader } from './request-body.ts'
import { fixRequestSchema, vulnerabilityRequestSchema } from './schema.ts'

const vulnerabilityBody = bodyReader(vulnerabilityRequestSchema, 'failed to provide vulnerability')
const fixBody = bodyReader(fixRequestSchema, 'failed to provide feature')

/** What the path of a route names. */
interface Path {
  readonly namespace: string
  readonly name: string
  readonly fix: string
}

/**
 * The routes that add, change and remove vulnerabilities, and their fixes. They are kept beside those of the feeds, whose own cannot be
 * changed: the next update would bring them back.
 */
export function addOwnVulnerabilities(scope: FastifyInstance, { engine }: ApiContext, own: OwnVulnerabilities): void {
  const limited = { bodyLimit: limits.requestBodyBytesV1 }
  scope.post('/v1/namespaces/:namespace/vulnerabilities', limited, async (request, reply) => {
    const { Vulnerability } = vulnerabilityBody(request.body)
    // Clair reads it in the body.
    const named = Vulnerability.NamespaceName || pathOf(request).namespace
    const namespace = knownNamespaces(engine).find(({ name }) => name === named)
    if (namespace === undefined) throw failure(400, `nothing can be said of the namespace ${JSON.stringify(named)}`)
    const name = Vulnerability.Name ?? ''
    await own.change(namespace.scope, (known) => {
      if (!known.has(name) && known.size >= limits.ownVulnerabilities) {
        throw failure(400, `there are ${limits.ownVulnerabilities} vulnerabilities in this namespace already`)
      }
      return postedAdvisory(name, Vulnerability, namespace, known.get(name))
    })
    return sendJson(reply, 201, { Vulnerability })
  })
  const path = '/v1/namespaces/:namespace/vulnerabilities/:name'
  scope.put(path, limited, async (request, reply) => {
    const { Vulnerability } = vulnerabilityBody(request.body)
    if (Vulnerability.FixedIn != null) throw failure(400, 'Vulnerability.FixedIn must be empty')
    const { namespace, name } = await added(request)
    await own.change(namespace.scope, (known) =>
      postedAdvisory(name, Vulnerability, namespace, known.get(name) ?? gone()),
    )
    return sendJson(reply, 200, { Vulnerability: { ...Vulnerability, Name: name, NamespaceName: namespace.name } })
  })
  scope.delete(path, limited, async (request, reply) => {
    const { namespace, name } = await added(request)
    await own.change(namespace.scope, (known) => (known.has(name) ? { removed: name } : gone()))
    return reply.code(200).send()
  })
  scope.put(`${path}/fixes/:fix`, limited, async (request, reply) => {
    const { Feature } = fixBody(request.body)
    if (Feature.Name !== pathOf(request).fix) throw failure(400, 'feature name in URL and JSON do not match')
    const { namespace, name } = await added(request)
    const fix = postedStatement(Feature, namespace)
    await own.change(namespace.scope, (known) => {
      const before = known.get(name) ?? gone()
      const others = before.statements.filter(({ key }) => key.name !== fix.key.name)
      return { ...before, statements: [...others, fix] }
    })
    return sendJson(reply, 200, { Feature })
  })
  scope.delete(`${path}/fixes/:fix`, limited, async (request, reply) => {
    const { namespace, name } = await added(request)
    const { fix } = pathOf(request)
    await own.change(namespace.scope, (known) => {
      const before = known.get(name) ?? gone()
      const others = before.statements.filter(({ key }) => key.name !== fix)
      return others.length === before.statements.length ? gone() : { ...before, statements: others }
    })
    return reply.code(200).send()
  })

  /** The vulnerability of the path, which somebody has added. Throws failures with status 404, and 400 where a feed has it. */
  async function added(
    request: FastifyRequest,
  ): Promise<{ readonly namespace: KnownNamespace; readonly name: string }> {
    const { namespace: named, name } = pathOf(request)
    const namespace = knownNamespaces(engine).find((known) => known.name === named) ?? gone()
    if ((await own.read(namespace.scope)).has(name)) return { namespace, name }
    const [known] = await engine.store.advisories.vulnerabilities(await feedsAbout(engine, namespace), [name])
    if (known === undefined) throw notFound()
    throw failure(400, `${name} is of the feed ${known.feed}, and only what was added here can be changed`)
  }
}

function gone(): never {
  throw notFound()
}

function pathOf(request: FastifyRequest): Path {
  return request.params as Path
}
