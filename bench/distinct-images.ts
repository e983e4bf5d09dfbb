// Images of one layer each that nothing else has: what a real layer has, behind a file of its own.
import { createReadStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, gunzipSync, gzip } from 'node:zlib'
import { digestOf, tarOf } from '../test/support/layout.ts'
import { layoutManifest } from '../test/support/server.ts'

/** Makes and serves images, as long as it is not disposed of. */
export interface DistinctImages extends AsyncDisposable {
  /** The manifest of the next one, as clients submit it. */
  next(): Promise<string>
}

/** Images that are kept: of older ones there are no layers any more. */
const keptImages = 16

/** Of a header and a content of a small file in a tar. */
const entryBytes = 1024

/** Serves images out of a folder, made of the one layer of a layout. */
export async function distinctImages(layout: string, folder: string): Promise<DistinctImages> {
  const [layer] = layoutManifest(layout).layers
  const base = gunzipSync(readFileSync(join(layout, 'blobs', layer!.replace(':', '/'))))
  const server = createServer((request, response) => {
    const file = join(folder, request.url!.slice(1))
    if (existsSync(file)) createReadStream(file, { highWaterMark: 2 ** 20 }).pipe(response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  let count = 0
  return {
    async next() {
      const name = `image-${count++}`
      const own = (await tarOf({ 'etc/image': name })).subarray(0, entryBytes)
      const bytes = await promisify(gzip)(Buffer.concat([own, base]), { level: constants.Z_BEST_SPEED })
      writeFileSync(join(folder, name), bytes)
      rmSync(join(folder, `image-${count - keptImages}`), { force: true })
      return JSON.stringify({
        hash: digestOf(Buffer.from(name)),
        layers: [{ hash: digestOf(bytes), uri: `http://${host}/${name}` }],
      })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
