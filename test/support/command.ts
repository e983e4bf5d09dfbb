import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** What a run of the command gave. */
export interface CommandResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
  /** Milliseconds from the signal of `stop` to the end. */
  readonly msToStop: number
  /** Peak resident memory in MiB. */
  readonly mib: number
}

/** How to run the command. */
export interface CommandOptions {
  readonly timeout?: number
  readonly env?: NodeJS.ProcessEnv
  /** The largest file that it may write, in blocks of 512 bytes. */
  readonly fileBlocks?: number
  /** Standard input; `open`: there is none, and it does not end. */
  readonly input?: string | Buffer | 'open'
  /** A file for standard output, which is then not in the result. */
  readonly output?: string
  /** A signal to send, so many milliseconds after the start or after something has come to pass. */
  readonly stop?: { readonly signal: NodeJS.Signals; readonly after: number | Promise<unknown> }
}

/** Runs `chiaro ARGS` from the sources, with no settings of the machine's user, and waits for its end. */
export function chiaro(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-command-'))
  const memory = join(folder, 'memory')
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_DATA_HOME: folder,
    CHIARO_BENCH_MEMORY: memory,
    ...options.env,
  }
  const command = ['--import', join(root, 'bench', 'report-memory.mjs'), join(root, 'src', 'cli', 'main.ts'), ...args]
  const output = options.output === undefined ? 'pipe' : openSync(options.output, 'w')
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const { fileBlocks } = options
    const limited = ['-c', 'ulimit -f "$0" && exec "$@"', String(fileBlocks), process.execPath, ...command]
    const [program, own] = fileBlocks === undefined ? [process.execPath, command] : ['sh', limited]
    const child = spawn(program, own, {
      cwd: root,
      env,
      stdio: ['pipe', output, 'pipe'],
      timeout: options.timeout ?? 60_000,
    })
    child.stdin!.on('error', () => {}) // it need not read what it is given
    if (options.input !== 'open') child.stdin!.end(options.input ?? '')
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    let stopped = Number.NaN
    const stop = () => {
      stopped = performance.now()
      child.kill(options.stop!.signal)
    }
    const after = options.stop?.after
    const timer = typeof after === 'number' ? setTimeout(stop, after) : undefined
    if (typeof after === 'object') after.then(stop, reject)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (typeof output === 'number') closeSync(output)
      const ended = performance.now()
      const msToStop = ended - stopped
      resolve({ code, signal, stdout, stderr, ms: ended - started, msToStop, mib: peak(memory) })
      rmSync(folder, { recursive: true, force: true })
    })
  })
}

function peak(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8')) / 1024
  } catch {
    return Number.NaN // a process that was killed leaves no measurement
  }
}
