import { Code, ConnectError } from '@connectrpc/connect'
import { type ErrorCode, isChiaroError } from '../../../core/errors.ts'

/** What stops a layer from being had or read, by whose it is to change. Everything else is ours. */
const codes: Readonly<Partial<Record<ErrorCode, Code>>> = {
  ABORTED: Code.Unavailable,
  ADDRESS_REFUSED: Code.InvalidArgument,
  AUTH_FAILED: Code.FailedPrecondition,
  DATABASE_FAILED: Code.Unavailable,
  DIGEST_MISMATCH: Code.FailedPrecondition,
  IMAGE_NOT_FOUND: Code.FailedPrecondition,
  LAYER_INVALID: Code.InvalidArgument,
  LIMIT_EXCEEDED: Code.InvalidArgument,
  NETWORK_FAILED: Code.FailedPrecondition,
  REGISTRY_FAILED: Code.FailedPrecondition,
}

/** HTTP's statuses for those of gRPC, as grpc-gateway has them. */
const statuses: Readonly<Record<Code, number>> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
}

/** gRPC's statuses for those of HTTP that are answered before a method is called. */
const answered: Readonly<Record<number, Code>> = {
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.Unimplemented,
  413: Code.ResourceExhausted,
  429: Code.ResourceExhausted,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
}

/** The error for an answer with this status and message. */
export function failure(code: Code, message: string): ConnectError {
  // What is not Unicode cannot be sent.
  return new ConnectError(message.toWellFormed(), code)
}

/** Anything that was thrown, as clients are told of it. What is not ours, as a message of the runtime, is for the log only. */
export function failureOf(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error
  const known = isChiaroError(error)
  const reason = known ? error.message : 'the server failed: see its log'
  return failure((known ? codes[error.code] : undefined) ?? Code.Internal, `clair error reason: '${reason}'`)
}

/** Whether an error is for the log, too. */
export function isOurs({ code }: ConnectError): boolean {
  return code === Code.Internal || code === Code.Unknown || code === Code.DataLoss || code === Code.Unavailable
}

export function httpStatusOf(code: Code): number {
  return statuses[code]
}

/** The status in gRPC of an answer that is an error in HTTP. */
export function codeOfStatus(status: number): Code {
  return answered[status] ?? (status < 500 ? Code.InvalidArgument : Code.Internal)
}
