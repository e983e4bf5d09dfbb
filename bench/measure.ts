import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one run of a command took. */
export interface Run {
  /** From start to exit, in milliseconds. */
  readonly ms: number
  /** Peak resident memory of the process, in MiB; 0 if not asked for. */
  readonly mib: number
  readonly stdout: string
}

const reporter = join(import.meta.dirname, 'report-memory.mjs')

/** How to run. Memory costs a few milliseconds of start-up, so it is measured only where it is asked for. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly codes?: readonly number[]
  readonly memory?: boolean
  /** The file that is its standard input. */
  readonly input?: string
}

/** Runs a script under this Node and measures the whole process. Rejects if it exits with anything but an allowed code. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-bench-'))
  const memory = join(folder, 'memory')
  const env = { ...process.env, ...options.env, CHIARO_BENCH_MEMORY: memory }
  const input = options.input === undefined ? 'ignore' : openSync(options.input, 'r')
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(process.execPath, [...(options.memory ? ['--import', reporter] : []), ...args], {
      env,
      stdio: [input, 'pipe', 'inherit'],
    })
    if (typeof input === 'number') closeSync(input)
    let stdout = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const ms = performance.now() - started
      try {
        if (!(options.codes ?? [0]).includes(code ?? -1)) throw new Error(`${args.join(' ')} exited with ${code}`)
        resolve({ ms, mib: options.memory ? Number(readFileSync(memory, 'utf8')) / 1024 : 0, stdout })
      } catch (error) {
        reject(error as Error)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  })
}

/** The milliseconds that a script says it took, without its own start. */
export function millisecondsOf({ stdout }: Run): number {
  return (JSON.parse(stdout) as { ms: number }).ms
}

/** The median of at least one number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Runs commands in turn, `times` each, so that noise of the machine falls on all alike. */
export async function inTurn(
  commands: readonly (() => Promise<Run>)[],
  times: number,
): Promise<readonly (readonly Run[])[]> {
  const runs: Run[][] = commands.map(() => [])
  for (let round = 0; round < times; round++) {
    for (const [index, command] of commands.entries()) runs[index]!.push(await command())
  }
  return runs
}
