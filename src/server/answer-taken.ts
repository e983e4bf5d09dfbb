import type { FastifyReply } from 'fastify'

/** Whether an answer whose connection or stream has closed went out whole: else the client had gone. */
export function wasTaken({ raw }: FastifyReply): boolean {
  // What Node makes of HTTP/2 in the form of HTTP/1.1 does not tell what was flushed.
  const { writableFinished, writableEnded } = raw as Partial<FastifyReply['raw']>
  return writableFinished ?? writableEnded ?? false
}
