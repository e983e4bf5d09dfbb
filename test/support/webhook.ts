import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that a webhook received. */
export interface Received {
  readonly method: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** A webhook on 127.0.0.1, for as long as it is not disposed of. */
export interface TestWebhook extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
}

/** A webhook that answers like this: by default that it has taken it. Port 0: any. */
export async function startWebhook(
  answer: RequestListener = (_, response) => void response.end(),
  port = 0,
): Promise<TestWebhook> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method, headers } = request
      received.push({ method, headers, body: JSON.parse(Buffer.concat(chunks).toString()) })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
