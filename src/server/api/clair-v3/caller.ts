import type { IncomingHttpHeaders } from 'node:http'
import { parseTimeout } from '@connectrpc/connect/protocol-grpc'
import type { FastifyReply } from 'fastify'

/** What timers can wait for, in milliseconds. */
const longest = 2 ** 31 - 1

/** Aborted when the client does not wait for its answer any more. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  return gone.signal
}

/** The header `grpc-timeout`, unless it is longer than anything that is waited for. */
export function timeoutOf(headers: IncomingHttpHeaders): string | undefined {
  const timeout = headers['grpc-timeout']
  if (typeof timeout !== 'string') return undefined
  const { timeoutMs = 0 } = parseTimeout(timeout, longest)
  return timeoutMs > longest ? undefined : timeout
}
