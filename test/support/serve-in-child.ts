import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TestServer, TestServerOptions } from './server.ts'

/** A test's server in a process of its own. */
export interface ChildServer extends AsyncDisposable {
  readonly urls: TestServer['urls']
  /** What it logged until now. */
  log(): string
  /** Sends a signal, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Starts one. `preload`: a module that is loaded before everything else. */
export async function serveInChild(options: TestServerOptions, preload?: string): Promise<ChildServer> {
  const script = join(import.meta.dirname, 'serve-child.ts')
  const args = preload === undefined ? [] : ['--import', preload]
  const child = spawn(process.execPath, [...args, script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    log += part
  })
  const urls = await new Promise<TestServer['urls']>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString())))
    child.once('exit', (code, signal) => reject(new Error(`the server ended with ${signal ?? code}: ${log}`)))
  })
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  return { urls, log: () => log, end, [Symbol.asyncDispose]: () => end('SIGKILL') }
}
