import type { FastifyInstance, FastifyReply } from 'fastify'

/** Whether an answer whose connection or stream has closed went out whole: else the client had gone. */
export function wasTaken({ raw }: FastifyReply): boolean {
  // What Node makes of HTTP/2 in the form of HTTP/1.1 does not tell what was flushed.
  const { writableFinished, writableEnded } = raw as Partial<FastifyReply['raw']>
  return writableFinished ?? writableEnded ?? false
}

/**
 * Gives up answers of which a client takes nothing for `patience` milliseconds: in HTTP/1.1 with its connection, in HTTP/2 that
 * answer alone.
 */
export function dropUnread(app: FastifyInstance, patience: number): void {
  app.addHook('onSend', async (_, { raw }) => {
    raw.setTimeout(patience, () => {
      if (raw.writableLength > 0) raw.destroy()
      else raw.setTimeout(patience)
    })
  })
}
