import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Mode } from '../../src/config/clair/modes.ts'

const root = join(import.meta.dirname, '..', '..')

/** A server in a process of its own. */
export interface ServeProcess extends AsyncDisposable {
  readonly urls: Readonly<Record<'api' | 'introspection' | 'health', string>>
  /** What it logged, parsed. */
  readonly log: readonly { readonly msg?: string; readonly [name: string]: unknown }[]
  /** Sends a signal, and waits for the end: the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>
}

/** How to start it. */
export interface ServeOptions {
  /** The whole configuration but for its addresses. */
  readonly config: { readonly chiaro?: object; readonly [name: string]: unknown }
  readonly mode?: Mode
  readonly env?: NodeJS.ProcessEnv
  /** The file of the command; without it that of the sources. */
  readonly main?: string
}

/** Starts `chiaro serve` on ports of its own, and waits until it listens. */
export async function startServe({ config, mode = 'combo', env, main }: ServeOptions): Promise<ServeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-serve-'))
  const file = join(folder, 'config.json')
  const listen = '127.0.0.1:0'
  const chiaro = { health_addr: listen, ...config.chiaro }
  writeFileSync(file, JSON.stringify({ http_listen_addr: listen, introspection_addr: listen, ...config, chiaro }))
  const args = [main ?? join(root, 'src', 'cli', 'main.ts'), 'serve', '--config', file, '--mode', mode]
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, TMPDIR: folder, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? -1))
  })
  const log: { readonly msg?: string; readonly [name: string]: unknown }[] = []
  const urls: Record<string, string> = {}
  const other: string[] = []
  const listening = new Promise<void>((resolve) => {
    createInterface(child.stderr).on('line', (line) => {
      if (!line.startsWith('{')) return void other.push(line)
      const entry = JSON.parse(line) as { readonly msg?: string; readonly listener?: string }
      log.push(entry)
      const [, url] = /^listening on (\S+)$/.exec(entry.msg ?? '') ?? []
      if (url !== undefined) urls[entry.listener!] = url
      if (Object.keys(urls).length === (mode === 'combo' ? 3 : 2)) resolve()
    })
  })
  const early = exited.then((code) => {
    throw new Error(`chiaro serve ended with ${code}: ${other.join('\n')}`)
  })
  early.catch(() => {})
  await Promise.race([listening, early])
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    const result = await exited
    rmSync(folder, { recursive: true, force: true })
    return result
  }
  return {
    urls: urls as ServeProcess['urls'],
    log,
    end,
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  }
}
