// Everything that can be said about the sources without running the product: types, style, structure, docs, dead code.
import { spawnSync } from 'node:child_process'

const steps: readonly (readonly string[])[] = [
  ['tsc', '-p', '.'],
  ['biome', 'ci', '.'],
  ['knip'],
  ['vitest', 'run', 'test/architecture.test.ts', 'test/docs.test.ts', 'test/registry.test.ts'],
]

for (const [command, ...args] of steps) {
  const started = performance.now()
  const { status } = spawnSync(command!, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${command} (${seconds} s)\n`)
  if (status !== 0) process.exit(1)
}
