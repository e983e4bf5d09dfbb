import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { finished } from '../../../../test/support/chiaro-v1.ts'
import { startRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, layoutManifest, startTestServer } from '../../../../test/support/server.ts'
import type { JobBody, UpdateBody } from './schema.ts'

const run = promisify(execFile)
const text = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'server.md'), 'utf8')
const commands = [...text.matchAll(/^\$ (curl .*)$/gm)].map((match) => match[1]!)
const curl = await run('curl', ['--version']).then(
  () => true,
  () => false,
)

it.skipIf(!curl)(
  'the examples of docs/server.md do what they say (skipped where there is no curl)',
  async () => {
    await using registry = await startRegistry(exampleLayout)
    await using server = await startTestServer()
    const folder = mkdtempSync(join(tmpdir(), 'chiaro-examples-'))
    const { digest } = layoutManifest(exampleLayout)
    const environment: Record<string, string> = { DIGEST: digest }
    const outputs: string[] = []
    for (const command of commands) {
      const real = command
        .replace('localhost:6060', server.urls.api.replace('http://', ''))
        .replace('registry.example.com/app:1.0', `${registry.host}/test/image:debian`)
      const { stdout } = await run('sh', ['-c', real], { cwd: folder, env: { ...process.env, ...environment } })
      outputs.push(stdout)
      const id = /"id":"([0-9a-f-]{36})"/.exec(stdout)?.[1]
      if (command.includes('/images -H')) {
        environment.JOB = id!
        expect(stdout).toContain(`location: /api/v1/jobs/${id}`)
        expect((await finished<JobBody>(server, `/jobs/${id}`)).image?.digest).toBe(digest)
      }
      if (command.includes('/updates -H')) environment.UPDATE = id!
    }
    expect(outputs).toHaveLength(11)
    expect(JSON.parse(outputs[1]!)).toMatchObject({ state: 'succeeded' })
    expect(JSON.parse(outputs[2]!)).toMatchObject({ items: [{}, {}, {}, {}], total: 4 })
    expect(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))).toMatchObject({ schemaVersion: 1 })
    for (const place of [4, 5]) expect(JSON.parse(outputs[place]!)).toMatchObject({ items: [{ digest }] })
    expect(JSON.parse(outputs[6]!)).toMatchObject({ feed: 'debian', generation: 1 })
    expect(JSON.parse(outputs[7]!).items.length).toBeGreaterThan(0)
    expect(outputs[9]).toContain('event: end')
    const update = await finished<UpdateBody>(server, `/updates/${environment.UPDATE}`)
    expect(update.outcomes![0]).toMatchObject({ feed: 'debian', outcome: 'unchanged' })
    expect(outputs[10]).toBe('')
    rmSync(folder, { recursive: true })
  },
  60_000,
)
