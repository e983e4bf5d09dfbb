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

/** Starts one; with `clock` its clock is that of `moving-clock.ts`, which this file sets. */
export async function serveInChild(options: TestServerOptions, clock?: string): Promise<ChildServer> {
  const script = join(import.meta.dirname, 'serve-child.ts')
  const before = clock === undefined ? [] : ['--import', join(import.meta.dirname, 'moving-clock.ts')]
  const child = spawn(process.execPath, [...before, script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(clock === undefined ? {} : { CHIARO_TEST_CLOCK: clock }) },
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
