import type { Server } from 'node:http'
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { limits } from '../core/limits.ts'

/** What a client of HTTP/2 says first (RFC 9113, 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** The names of protocols that a server which `speakHttp2` is for agrees on in TLS (RFC 7301). */
export const protocols: readonly string[] = ['h2', 'http/1.1']

/** How long clients may take; milliseconds. */
export interface Http2Patience {
  /** To send a request, and until it is known what a connection speaks. */
  readonly requestTimeout: number
  /** To ask for something. */
  readonly idleTimeout: number
}

/**
 * Lets a server of HTTP/1.1 speak HTTP/2 as well: with clients that agree on it in TLS, and with those that begin with it. Their
 * requests are the server's own. Its `closeIdleConnections` and `closeAllConnections` are for both protocols then.
 */
export function speakHttp2(server: Server, patience: Http2Patience): void {
  const event = server.listenerCount('secureConnection') > 0 ? 'secureConnection' : 'connection'
  const [speakHttp1] = server.listeners(event) as [(socket: Socket) => void]
  const sockets = new Set<Socket>()
  const undecided = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const engine = createServer({
    settings: { maxConcurrentStreams: limits.http2Streams, maxHeaderListSize: limits.http2HeaderBytes },
  })
  engine.on('request', (request, response) => {
    // In HTTP/1.1 whoever sees the connection end in the middle knows that something is missing; here it has to be said.
    response.destroy = () => {
      response.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      return response
    }
    server.emit('request', request, response)
  })
  // Whatever a client has done to its connection concerns nobody else.
  engine.on('sessionError', () => {})
  engine.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.once('close', () => void sessions.delete(session))
    closeWhenIdle(session, patience.idleTimeout)
    session.on('stream', (stream) => endWhenSlow(stream, patience))
  })
  server.removeAllListeners(event)
  server.on(event, (socket: Socket) => {
    const speak = (isHttp2: boolean) => {
      // Who has closed his side of a connection in HTTP/2 has closed all of it.
      socket.allowHalfOpen = !isHttp2
      if (isHttp2) engine.emit('connection', socket)
      else speakHttp1.call(server, socket)
    }
    if (socket instanceof TLSSocket) return speak(socket.alpnProtocol === 'h2')
    undecided.add(socket)
    decide(socket, patience.requestTimeout, (isHttp2) => {
      undecided.delete(socket)
      if (isHttp2 !== undefined) speak(isHttp2)
    })
  })
  server.prependListener('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => void sockets.delete(socket))
  })
  const { closeIdleConnections } = server
  server.closeIdleConnections = () => {
    closeIdleConnections.call(server)
    for (const socket of undecided) socket.destroy()
    for (const session of sessions) session.close()
  }
  server.closeAllConnections = () => {
    for (const socket of sockets) socket.destroy()
  }
}

/** Finds out whether a client begins with HTTP/2; `undefined`: it has gone, or said too little for too long. */
function decide(socket: Socket, patience: number, decided: (isHttp2: boolean | undefined) => void): void {
  let said = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), patience)
  const end = (isHttp2: boolean | undefined) => {
    clearTimeout(timer)
    socket.off('data', listen).off('end', leave).off('close', leave).off('error', leave)
    decided(isHttp2)
  }
  const leave = () => {
    socket.destroy()
    end(undefined)
  }
  const listen = (bytes: Buffer) => {
    said = Buffer.concat([said, bytes])
    const length = Math.min(said.length, preface.length)
    const isHttp2 = said.subarray(0, length).equals(preface.subarray(0, length))
    if (isHttp2 && length < preface.length) return
    // What is read again is read by who takes over: HTTP/2 by itself, HTTP/1.1 when it flows.
    socket.pause()
    socket.unshift(said)
    end(isHttp2)
    if (!isHttp2) socket.resume()
  }
  socket.on('data', listen).on('end', leave).on('close', leave).on('error', leave)
}

/** Ends a connection on which nothing has been asked for and nothing is answered. */
function closeWhenIdle(session: ServerHttp2Session, patience: number): void {
  let open = 0
  const wait = () => setTimeout(() => session.destroy(), patience)
  let timer = wait()
  session.once('close', () => clearTimeout(timer))
  session.on('stream', (stream) => {
    open++
    clearTimeout(timer)
    stream.once('close', () => {
      open--
      if (open === 0 && !session.destroyed) timer = wait()
    })
  })
}

/** Ends a request that does not come to its end. */
function endWhenSlow(stream: ServerHttp2Stream, { requestTimeout }: Http2Patience): void {
  const timer = setTimeout(() => {
    if (!stream.endAfterHeaders && !stream.readableEnded) stream.close(constants.NGHTTP2_CANCEL)
  }, requestTimeout)
  stream.once('close', () => clearTimeout(timer))
}
