import { Code } from '@connectrpc/connect'
import { printable } from '../../../core/errors.ts'
import type { GetNotificationRequest, MarkNotificationAsReadRequest } from './clair_pb.ts'
import { failure } from './errors.ts'

/** Nothing is notified of yet, so that no notification is known. Throws `ConnectError`, always. */
export function getNotification({ name, limit }: GetNotificationRequest): never {
  if (name !== '' && limit <= 0) {
    throw failure(Code.InvalidArgument, 'notification page limit should not be empty or less than 1')
  }
  throw unknown(name)
}

/** As `getNotification`. */
export function markNotificationAsRead({ name }: MarkNotificationAsReadRequest): never {
  throw unknown(name)
}

function unknown(name: string) {
  if (name === '') return failure(Code.InvalidArgument, 'notification name should not be empty')
  return failure(Code.NotFound, `requested notification '${printable(name.slice(0, 200))}' is not found`)
}
