// Finds the files that an update reads: it is run once from a server that notes them.
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** Runs `update` with the URL of a mirror that serves the folder `mirror`, and gives the files that were fetched from it. */
export async function servedFiles(
  mirror: string,
  update: (url: string) => Promise<unknown>,
): Promise<readonly string[]> {
  const files = new Set<string>()
  const server = createServer((request, response) => {
    const file = join(mirror, decodeURIComponent(new URL(request.url!, 'http://localhost').pathname))
    const size = statSync(file, { throwIfNoEntry: false })
    if (!size?.isFile()) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-length': size.size })
    if (request.method === 'HEAD') response.end()
    else {
      files.add(file)
      createReadStream(file).pipe(response)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await update(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    return [...files]
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
