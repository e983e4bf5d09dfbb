// Scans the bundled example image, offline, with a database of its own that is removed afterwards.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-demo-'))
try {
  for (const tag of ['debian', 'alpine']) {
    const args = ['scan', `oci-layout:examples/image:${tag}`, '--mirror', 'examples/feeds', '--offline']
    process.stdout.write(`$ chiaro ${args.join(' ')}    (sample data: invented vulnerabilities)\n\n`)
    const command = [join(root, 'src', 'cli', 'main.ts'), ...args, '--db', join(folder, 'chiaro.db')]
    const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
    if (status !== 0) process.exitCode = status ?? 2
    process.stdout.write('\n')
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
