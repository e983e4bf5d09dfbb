import { compressAnswers } from '../../compression.ts'
import { createOwnVulnerabilities } from '../../own-vulnerabilities.ts'
import type { Api } from '../contract.ts'
import { answerErrors, errorBody } from './errors.ts'
import { addLayers } from './layers.ts'
import { addNotifications } from './notifications.ts'
import { addOwnVulnerabilities } from './own-vulnerabilities.ts'
import { addVulnerabilities } from './vulnerabilities.ts'

/** The API of Clair 2, which Klar and the old clairctl speak. */
export const clairV1: Api = {
  id: 'clair-v1',
  register(scope, context) {
    answerErrors(scope)
    compressAnswers(scope, () => errorBody('unable to negotiate a common content coding'))
    scope.addHook('onRequest', async (_, reply) => void reply.header('server', 'clair'))
    addLayers(scope, context)
    const own = createOwnVulnerabilities(context.engine)
    addVulnerabilities(scope, context, own)
    addOwnVulnerabilities(scope, context, own)
    if (context.notifications === 'by-vulnerability') addNotifications(scope, context)
    scope.get('/v1/metrics', async (_, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(await context.metrics.text()),
    )
    scope.all('/v1/*', (_, reply) => reply.code(404).type('text/plain').send('404 page not found\n'))
  },
}
