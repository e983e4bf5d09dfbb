import { compressAnswers } from '../../compression.ts'
import type { Api } from '../contract.ts'
import { addAffectedManifests } from './affected-manifests.ts'
import { addDiscovery } from './discovery.ts'
import { answerErrors, errorBody, sendError } from './errors.ts'
import { addIndexer } from './indexer.ts'
import { addMatcher } from './matcher.ts'
import { addNotifier } from './notifier.ts'

/** The HTTP API of Clair v4. */
export const clairV4: Api = {
  id: 'clair-v4',
  split: true,
  register(scope, context) {
    answerErrors(scope)
    compressAnswers(scope, () => errorBody(415, 'unable to negotiate a common content coding'))
    if (context.services.includes('indexer')) {
      addIndexer(scope, context)
      addAffectedManifests(scope, context)
    }
    if (context.services.includes('matcher')) addMatcher(scope, context)
    if (context.services.includes('notifier') && context.notifications === 'by-update') addNotifier(scope, context)
    addDiscovery(scope)
    scope.all('/*', (_, reply) => sendError(reply, 404, 'not found'))
  },
}
