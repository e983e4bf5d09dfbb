import type { Api } from '../contract.ts'
import { addGateway } from './gateway.ts'
import { addGrpc } from './grpc.ts'
import { createCall, createProcedures } from './procedures.ts'

/** The API of Clair 3, which never was released and which Klar speaks: gRPC, and REST at the root. */
export const clairV3: Api = {
  id: 'clair-v3',
  register(scope, context) {
    const procedures = createProcedures(context)
    const call = createCall(context.metrics)
    scope.register(async (grpc) => addGrpc(grpc, Object.values(procedures), call))
    scope.register(async (rest) => addGateway(rest, procedures, call))
    scope.get('/metrics', async (_, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(await context.metrics.text()),
    )
  },
}
