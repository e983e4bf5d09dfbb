import type { FastifyInstance, RouteHandlerMethod } from 'fastify'
import type { RouteLimits } from './route-limits.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** A path, what it does for which method, and how it counts in the metrics. */
export interface Resource {
  readonly path: string
  /** The name of the group of metrics, and of the handler in it: `indexerv1`, `index_report`. */
  readonly metrics: readonly [group: string, handler: string]
  readonly handlers: Readonly<Partial<Record<(typeof methods)[number], RouteHandlerMethod>>>
  /** Answers the methods that have no handler. */
  readonly refuse: RouteHandlerMethod
  /** The most bytes of a body, where that is not `limits.requestBodyBytes`. */
  readonly bodyLimit?: number
  /** Where they are not the usual ones. */
  readonly limits?: Readonly<Partial<Record<(typeof methods)[number], RouteLimits>>>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly metrics?: readonly [group: string, handler: string]
  }
}

/** Adds a resource with an answer for every method. */
export function addResource(scope: FastifyInstance, { path, metrics, handlers, refuse, ...more }: Resource): void {
  const config = { metrics }
  for (const method of methods.filter((name) => handlers[name] !== undefined)) {
    const limits = more.limits?.[method]
    scope.route({
      method,
      url: path,
      handler: handlers[method]!,
      config: { ...config, ...(limits && { limits }) },
      ...(more.bodyLimit && { bodyLimit: more.bodyLimit }),
    })
  }
  const others = methods.filter((method) => handlers[method] === undefined)
  scope.route({ method: others, url: path, handler: refuse, config })
}
