import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

/** A folder of feeds that is served on 127.0.0.1, of which documents can be changed. */
export interface MirrorServer extends AsyncDisposable {
  readonly url: string
  /** Changes a document, JSON, for who asks from then on; the folder stays as it is. */
  change<Document>(path: string, work: (document: Document) => void): void
}

/** Serves the folder, each file with an entity tag of what is in it. */
export async function serveMirror(folder: string): Promise<MirrorServer> {
  const changed = new Map<string, Buffer>()
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname).slice(1)
    const file = join(folder, path)
    const size = statSync(file, { throwIfNoEntry: false })
    const content = changed.get(path)
    const [tag, length] =
      content === undefined
        ? [`"${size?.mtimeMs} ${size?.size}"`, size?.size]
        : [`"${createHash('sha256').update(content).digest('hex')}"`, content.length]
    if (content === undefined && !size?.isFile()) return void response.writeHead(404).end()
    if (request.headers['if-none-match'] === tag) return void response.writeHead(304, { etag: tag }).end()
    response.writeHead(200, { etag: tag, 'content-length': length })
    if (request.method === 'HEAD') response.end()
    else send(response, content ?? file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    change(path, work) {
      const compressed = path.endsWith('.gz')
      const bytes = changed.get(path) ?? readFileSync(join(folder, path))
      const document = JSON.parse((compressed ? gunzipSync(bytes) : bytes).toString())
      work(document)
      const text = JSON.stringify(document)
      changed.set(path, compressed ? gzipSync(text, { level: 1 }) : Buffer.from(text))
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function send(response: ServerResponse, content: Buffer | string): void {
  if (typeof content === 'string') createReadStream(content).pipe(response)
  else response.end(content)
}
