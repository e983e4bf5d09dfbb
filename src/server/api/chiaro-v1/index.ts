import type { FastifyInstance } from 'fastify'
import { compressAnswers } from '../../compression.ts'
import { clientOf, createRateLimit, rateLimitHeaders } from '../../rate-limit.ts'
import type { Api, ApiContext } from '../contract.ts'
import { createJobs } from './jobs.ts'
import { allOperations } from './operations.ts'
import { answerProblems, failure, problemOf, sendProblem } from './problem.ts'
import { addOperations, basePath } from './routes.ts'
import { imageWork } from './submissions.ts'
import { updateWork } from './updates.ts'

/** Chiaro's own API. */
export const chiaroV1: Api = {
  id: 'chiaro-v1',
  register(scope, context) {
    const ended = new AbortController()
    const works = { image: imageWork(context), update: updateWork(context, scope.log) }
    const { engine, jobSilence: silence } = context
    const jobs = createJobs({ store: engine.store.jobs, log: scope.log, works, silence })
    // Those who watch are sent away first; whoever waits for an answer gets it before jobs end.
    scope.addHook('preClose', async () => ended.abort())
    scope.addHook('onClose', () => jobs.close())
    scope.addHook('onSend', async ({ id }, reply) => void reply.header('x-request-id', id))
    answerProblems(scope)
    limitRate(scope, context)
    compressAnswers(scope, () => JSON.stringify(problemOf('MEDIA_TYPE_UNSUPPORTED', 'Accept another content coding.')))
    addOperations(scope, allOperations({ ...context, jobs }), ended.signal)
    scope.all(`${basePath}/*`, (request, reply) =>
      sendProblem(request, reply, problemOf('NOT_FOUND', `GET ${basePath}/openapi.json says what there is.`)),
    )
  },
}

/** Keeps each client to its share of requests, where the configuration wants that. */
function limitRate(scope: FastifyInstance, { config, metrics }: ApiContext): void {
  const { burst, per_second: perSecond } = config.chiaro.rate_limit
  if (perSecond <= 0) return
  const limit = createRateLimit({ burst: Math.max(1, burst), perSecond })
  const limited = metrics.counter({
    name: 'chiaro_http_ratelimited_total',
    help: 'Requests that were refused, as their clients asked too often.',
    labels: [],
  })
  scope.addHook('onRequest', async ({ ip }, reply) => {
    const taken = limit.take(clientOf(ip), performance.now())
    const headers = rateLimitHeaders(limit.policy, taken)
    reply.headers(headers)
    if (taken.allowed) return
    limited.add([])
    const again = { 'retry-after': String(taken.retryAfter) }
    throw failure('TOO_MANY_REQUESTS', `Ask again in ${taken.retryAfter} s.`, { headers: again })
  })
}
