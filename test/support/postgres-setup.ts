// Keeps one PostgreSQL server for a whole run of the tests. It is started when the first test asks for it: most runs need none.
import { createServer } from 'node:http'
import type { TestProject } from 'vitest/node'
import { type Cluster, startCluster } from './postgres-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with the addresses of the server, as JSON. */
    readonly postgres: string
  }
}

/** What the server answers. */
export interface PostgresAddresses {
  readonly admin: string
  readonly chiaro: string
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let cluster: Promise<Cluster> | undefined
  const server = createServer(async (_, response) => {
    try {
      cluster ??= startCluster()
      const { address } = await cluster
      const addresses: PostgresAddresses = { admin: address('postgres', 'admin'), chiaro: address('postgres') }
      response.end(JSON.stringify(addresses))
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no address')
  project.provide('postgres', `http://127.0.0.1:${address.port}/`)
  return async () => {
    server.close()
    const running = await cluster?.catch(() => undefined) // that it did not start was said
    await running?.stop()
  }
}
