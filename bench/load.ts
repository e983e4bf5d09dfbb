// A client that costs little: it writes the bytes of requests, and of answers reads the status and the length only.
import { connect, type Socket } from 'node:net'

/** What is asked again and again. */
export interface Load {
  /** Where the server listens, `http://127.0.0.1:6060`. */
  readonly url: string
  /** The next request, as bytes that a connection is sent. */
  readonly request: () => string
  /** The status of every answer: with any other the load fails. */
  readonly status: number
  /** So many connections, each with one request at a time. */
  readonly connections: number
}

/** A request of HTTP/1.1 as bytes. */
export function requestText(method: string, path: string, body = ''): string {
  const length = body === '' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
  return `${method} ${path} HTTP/1.1\r\nhost: bench\r\n${length}\r\n${body}`
}

/** Asks for so many milliseconds, and gives the answers a second. */
export async function rateOf(load: Load, milliseconds: number): Promise<number> {
  const started = performance.now()
  const until = started + milliseconds
  const counts = await Promise.all(
    Array.from({ length: load.connections }, () => askUntil(load, () => performance.now() >= until)),
  )
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - started) / 1000)
}

/** Asks over one connection until it is enough, and gives the number of answers. */
export function askUntil(
  { url, request, status }: Omit<Load, 'connections'>,
  isEnough: () => boolean,
): Promise<number> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  let answers = 0
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed a connection')))
    const next = () => {
      if (!isEnough()) return void socket.write(request())
      socket.removeAllListeners('close').end()
      resolve(answers)
    }
    readAnswers(socket, (head) => {
      answers++
      if (head.startsWith(`HTTP/1.1 ${status} `)) next()
      else socket.destroy(new Error(`an answer that is not ${status}: ${head}`))
    })
    next()
  })
}

/** Tells the head of each answer once all of its body has come. */
function readAnswers(socket: Socket, onAnswer: (head: string) => void): void {
  let head = ''
  let rest = 0
  socket.on('data', (chunk) => {
    if (rest === 0) {
      head += (chunk as Buffer).toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head.slice(0, end))?.[1])
      if (Number.isNaN(length))
        return void socket.destroy(new Error(`an answer without a length: ${head.slice(0, end)}`))
      rest = end + 4 + length - head.length
      head = head.slice(0, end)
    } else rest -= chunk.length
    if (rest > 0) return
    const whole = head
    head = ''
    onAnswer(whole)
  })
}
