// Servers that are measured: processes of their own, each on a core that it is held to.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const indexPath = '/indexer/api/v1/index_report'
export const reportPath = '/matcher/api/v1/vulnerability_report'

const command = join(import.meta.dirname, '..', 'bin', 'chiaro.mjs')

/** Connections that a server has, with one request at a time each, and submissions that it takes at a time. */
export const connections = 16

/** A server in a process of its own. */
export interface MeasuredServer extends AsyncDisposable {
  /** Where the API listens. */
  readonly url: string
  readonly pid: number
}

/** The built `chiaro serve` on a database, which updates nothing, held to a core. Its log is read and thrown away. */
export function startChiaro(folder: string, core: number, database: string): Promise<MeasuredServer> {
  const file = join(folder, `server-${core}.json`)
  const listen = '127.0.0.1:0'
  const config = {
    http_listen_addr: listen,
    introspection_addr: listen,
    indexer: { index_report_request_concurrency: connections },
    matcher: { disable_updaters: true },
    chiaro: { database, health_addr: listen, allow_layer_addresses: ['127.0.0.1'] },
  }
  writeFileSync(file, JSON.stringify(config))
  return startScript(core, [command, 'serve', '--config', file])
}

/** A script that logs where its listener `api` listens, as Chiaro does. */
export async function startScript(core: number, args: readonly string[]): Promise<MeasuredServer> {
  const child = spawn('taskset', ['-c', String(core), process.execPath, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    const lines: string[] = []
    const reader = createInterface(child.stderr).on('line', (line) => {
      lines.push(line)
      const [, address] = /"listener":"api".*"msg":"listening on ([^"]+)"/.exec(line) ?? []
      if (address === undefined) return
      resolve(address)
      reader.close()
    })
    child.once('exit', (code) => reject(new Error(`a server ended with ${code}: ${lines.join('\n')}`)))
  })
  child.stderr.resume()
  return {
    url,
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
