import { create, type DescMessage, type DescMethodUnary, type MessageShape } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyBaseLogger } from 'fastify'
import type { Counter, Metrics } from '../../metrics.ts'
import type { ApiContext } from '../contract.ts'
import { createAncestries } from './ancestries.ts'
import {
  AncestryService,
  GetAncestryResponseSchema,
  GetNotificationResponseSchema,
  GetStatusResponseSchema,
  MarkNotificationAsReadResponseSchema,
  NotificationService,
  PostAncestryResponseSchema,
  StatusService,
} from './clair_pb.ts'
import { failureOf, isOurs } from './errors.ts'
import { createNotifications } from './notifications.ts'
import { clairStatus, scannersOf } from './status.ts'

/** A method of a service, and what it does. */
export interface Procedure<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  readonly method: DescMethodUnary<I, O>
  /** Its work ends by itself: it is not given up after `limits.answerTime`. */
  readonly untimed?: true
  run(request: MessageShape<I>): Promise<MessageShape<O>>
}

/** Who calls a method. */
export interface Caller {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  readonly log: FastifyBaseLogger
}

/** Calls a method, whichever protocol it was asked for in. Throws `ConnectError` only. */
export type Call = <I extends DescMessage, O extends DescMessage>(
  procedure: Procedure<I, O>,
  request: MessageShape<I>,
  caller: Caller,
) => Promise<MessageShape<O>>

/** Every method of the API. */
export type Procedures = ReturnType<typeof createProcedures>

export function createProcedures(context: ApiContext) {
  const { engine } = context
  const scanners = scannersOf(engine)
  const ancestries = createAncestries(context, scanners)
  const notifications = createNotifications(context)
  const status = () => clairStatus(engine, scanners)
  return {
    getAncestry: procedure(AncestryService.method.getAncestry, async (request) =>
      create(GetAncestryResponseSchema, { ancestry: await ancestries.get(request), status: await status() }),
    ),
    postAncestry: {
      ...procedure(AncestryService.method.postAncestry, async (request) => {
        await ancestries.post(request)
        return create(PostAncestryResponseSchema, { status: await status() })
      }),
      untimed: true as const,
    },
    getNotification: procedure(NotificationService.method.getNotification, async (request) =>
      create(GetNotificationResponseSchema, { notification: await notifications.get(request) }),
    ),
    markNotificationAsRead: procedure(NotificationService.method.markNotificationAsRead, async (request) => {
      await notifications.markAsRead(request)
      return create(MarkNotificationAsReadResponseSchema)
    }),
    getStatus: procedure(StatusService.method.getStatus, async () =>
      create(GetStatusResponseSchema, { status: await status() }),
    ),
  }
}

/** What is done for every call: it is counted, given up when nobody waits any more, and its errors are put into gRPC's terms. */
export function createCall(metrics: Metrics): Call {
  const handled = metrics.counter({
    name: 'grpc_server_handled_total',
    help: 'Calls of methods that have ended.',
    labels: ['grpc_type', 'grpc_service', 'grpc_method', 'grpc_code'],
  })
  return async ({ method, run }, request, { signal, log }) => {
    try {
      const answer = await whileWaitedFor(run(request), signal)
      count(handled, method, 'OK')
      return answer
    } catch (error) {
      const failed = failureOf(error)
      count(handled, method, Code[failed.code])
      if (isOurs(failed)) log.error({ err: error }, 'the request failed')
      throw failed
    }
  }
}

function procedure<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  run: (request: MessageShape<I>) => Promise<MessageShape<O>>,
): Procedure<I, O> {
  return { method, run }
}

function count(handled: Counter, { parent, name }: DescMethodUnary, code: string): void {
  handled.add(['unary', parent.typeName, name, code])
}

/** What work gives, unless nobody waits for it any more. It goes on all the same: others may wait, and it is kept. */
async function whileWaitedFor<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: gone, reject } = Promise.withResolvers<never>()
  const leave = () => reject(reasonOf(signal))
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  work.catch(() => {}) // it was given up
  try {
    return await Promise.race([gone, work])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

function reasonOf({ reason }: AbortSignal): ConnectError {
  if (reason instanceof ConnectError) return reason
  const late = reason instanceof Error && reason.name === 'TimeoutError'
  return late
    ? new ConnectError('the operation timed out', Code.DeadlineExceeded)
    : new ConnectError('the client has gone', Code.Canceled)
}
