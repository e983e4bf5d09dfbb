import type { FastifyInstance, RouteHandlerMethod, RouteShorthandOptions } from 'fastify'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** A path, what it does for which method, and how it counts in the metrics. */
export interface Resource {
  readonly path: string
  /** The name of the group of metrics, and of the handler in it: `indexerv1`, `index_report`. */
  readonly metrics: readonly [group: string, handler: string]
  readonly handlers: Readonly<Partial<Record<(typeof methods)[number], RouteHandlerMethod>>>
  /** Answers the methods that have no handler. */
  readonly refuse: RouteHandlerMethod
  readonly options?: RouteShorthandOptions
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly metrics?: readonly [group: string, handler: string]
  }
}

/** Adds a resource with an answer for every method. */
export function addResource(scope: FastifyInstance, { path, metrics, handlers, refuse, options }: Resource): void {
  const config = { metrics }
  for (const [method, handler] of Object.entries(handlers)) {
    scope.route({ ...options, method, url: path, handler, config })
  }
  const others = methods.filter((method) => handlers[method] === undefined)
  scope.route({ method: others, url: path, handler: refuse, config })
}
