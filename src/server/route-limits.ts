import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Metrics } from './metrics.ts'
import type { ServerLimits } from './server-limits.ts'
import { createSlots, type Slots } from './slots.ts'

/** How much of a route is answered, where it is not as much as of others. */
export interface RouteLimits {
  /** Places of its own, or that it shares with others; default: `limits.answersAtOnce` for the route. */
  readonly places?: Slots
  /** Its work ends by itself, or lasts as long as the client stays: it is not given up after `limits.answerTime`. */
  readonly untimed?: true
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly limits?: RouteLimits
  }
}

/** Seconds after which clients that are refused may try again. */
const retryAfter = '2'

/**
 * Limits every route that is added later, in whatever scope: so many requests at a time (429), and so much time until an answer
 * begins (503). What is refused is thrown, for the scope to answer in its form. A place is held until the work is done, whether or not the client waits, and the answer is taken.
 */
export function limitRoutes(app: FastifyInstance, metrics: Metrics, bounds: ServerLimits): void {
  const refused = metrics.counter({
    name: 'clair_http_concurrencylimited_total',
    help: 'Requests that were refused, as too many were being answered.',
    labels: ['handler', 'method'],
  })
  app.addHook('onRoute', (route) => {
    const { places = createSlots(bounds.answersAtOnce), untimed } = route.config?.limits ?? {}
    const { handler } = route
    route.handler = async function (request, reply) {
      const release = places.take()
      if (release === undefined) {
        const name = request.routeOptions.config.metrics?.[1] ?? route.url
        refused.add([name, request.method.toLowerCase()])
        reply.header('retry-after', retryAfter)
        throw refusal(429, 'server handling too many requests')
      }
      const work = held(handler.bind(this), request, reply, release)
      return untimed === true ? work : inTime(work, bounds.answerTime, reply)
    }
  })
}

/** Does the work, and gives the place back once that is done and nothing of the answer is left. */
async function held(handler: RouteHandlerMethod, request: FastifyRequest, reply: FastifyReply, release: () => void) {
  const closed = new Promise((resolve) => reply.raw.once('close', resolve))
  try {
    return await (handler as (request: FastifyRequest, reply: FastifyReply) => unknown)(request, reply)
  } finally {
    closed.then(release)
  }
}

async function inTime<T>(work: Promise<T>, time: number, reply: FastifyReply): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reply.header('retry-after', retryAfter)
      reject(refusal(503, `the answer takes longer than ${time / 1000} s`))
    }, time)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => {}) // it was given up
  }
}

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode })
}
