import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testCertificate } from '../support/certificate.ts'
import { image, indexPath, manifestIn, reportPath } from '../support/clair-v4.ts'
import { chiaro } from '../support/command.ts'
import { createPostgres, type PostgresDatabase } from '../support/postgres.ts'
import { startRegistry } from '../support/registry.ts'
import { startServe } from '../support/serve-process.ts'
import { exampleLayout } from '../support/server.ts'

const root = join(import.meta.dirname, '..', '..')
const examples = join(root, 'examples')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-built-'))
const main = join(folder, 'dist', 'main.js')
const offline = ['--mirror', join(examples, 'feeds'), '--offline']
let database: PostgresDatabase

beforeAll(async () => {
  const { status, stderr } = run([join(root, 'scripts', 'build.ts'), join(folder, 'dist')])
  expect(status, stderr).toBe(0)
  database = await createPostgres()
}, 120_000)

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await database?.remove()
})

// What bundling does to the code shows nowhere else: all other tests run the sources.
describe('the command as it is built', () => {
  it.each([
    ['a file', () => join(folder, 'chiaro.db')],
    ['PostgreSQL', () => database.address],
  ])('does with %s what the sources do', { timeout: 120_000 }, async (name, address) => {
    const run = async (...args: string[]) => {
      const result = await chiaro([...args, '--db', address()], { main })
      expect(result, result.stderr).toMatchObject({ code: 0 })
      return result.stdout
    }
    const scan = ['scan', `oci-layout:${join(examples, 'image')}:debian`, ...offline, '--format', 'json']
    const expected = await chiaro([...scan, '--db', join(folder, `${name}.db`)])
    const findings = (stdout: string) => (JSON.parse(stdout) as { findings: readonly unknown[] }).findings
    await run('update', 'debian', 'kev', 'epss', ...offline)
    expect(findings(await run(...scan))).toEqual(findings(expected.stdout))
    expect(findings(await run(...scan))).toEqual(findings(expected.stdout))
    const exported = join(folder, `${name}.chiaro`)
    expect(await run('data', 'export', exported)).toContain('Wrote')
    expect(await run('data', 'import', exported)).toContain('Imported 0 feeds')
    expect(await run('data', 'diff', 'debian')).toContain('CVE-2099-')
    expect(await run('data', 'gc')).not.toBe('')
    expect(await run('data', 'verify')).toContain('The database is sound')
  })
})

describe('the server as it is built', () => {
  it.each([
    ['a file', () => join(folder, 'serve.db')],
    ['PostgreSQL', () => database.address],
  ])(
    'loads data into %s, indexes an image, judges it, and ends at SIGTERM',
    { timeout: 60_000 },
    async (_, address) => {
      await using registry = await startRegistry(exampleLayout)
      const { cert, key } = testCertificate()
      const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
      writeFileSync(tls.cert, cert)
      writeFileSync(tls.key, key)
      const mirror = join(examples, 'feeds')
      const chiaro = { database: address(), mirror, allow_layer_addresses: ['127.0.0.1'] }
      await using server = await startServe({ main, config: { updaters: { sets: ['debian'] }, tls, chiaro } })
      const introspect = (path: string) => fetch(`${server.urls.introspection}${path}`)
      await expect.poll(async () => (await introspect('/readyz')).status, { timeout: 10_000 }).toBe(200)
      expect(await (await introspect('/readyz')).json()).toEqual({ ready: true, missing: [] })
      const ask = (path: string, body?: object) =>
        new Promise<readonly [number | undefined, string]>((resolve, reject) => {
          const options = { ca: cert, method: body === undefined ? 'GET' : 'POST' }
          request(`${server.urls.api}${path}`, options, async (response) => {
            resolve([response.statusCode, Buffer.concat(await response.toArray()).toString()])
          })
            .on('error', reject)
            .end(body && JSON.stringify(body))
        })
      expect(await ask(indexPath, manifestIn(registry.host))).toEqual([201, expect.stringContaining('IndexFinished')])
      expect(await ask(`${reportPath}/${image.digest}`)).toEqual([200, expect.stringContaining('CVE-2099-1002')])
      expect(await ask('/v1/namespaces')).toEqual([200, expect.stringContaining('debian:13')])
      expect(await (await introspect('/metrics')).text()).toMatch(
        /^clair_http_indexerv1_request_total\{.*code="201".*\} 1$/m,
      )
      const asked = performance.now()
      expect(await server.end('SIGTERM')).toBe(143)
      expect(performance.now() - asked).toBeLessThan(5000)
      expect(server.log.find(({ msg }) => msg === 'request completed')).toHaveProperty('reqId')
    },
  )
})

/** Tells on standard error which modules were loaded: those of Node by their names, others by their URLs. */
const tellModules = `import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => (process._rawDebug('loaded ' + url), next(url, context)) })
process.on('exit', () => process._rawDebug(process.moduleLoadList.join('\\n')))`

function run(args: readonly string[]) {
  return spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder },
  })
}

function runScan(database: string, nodeOptions: readonly string[], options: readonly string[] = []) {
  const image = `oci-layout:${join(root, 'examples', 'image')}:debian`
  const data = ['--db', join(folder, database), '--mirror', join(root, 'examples', 'feeds'), '--offline']
  const { status, stdout, stderr } = run([...nodeOptions, main, 'scan', image, ...data, ...options])
  expect(status, stderr).toBe(0)
  return { stdout, stderr }
}

function scan(database: string, ...options: readonly string[]) {
  const hooks = `data:text/javascript,${encodeURIComponent(tellModules)}`
  const { stdout, stderr } = runScan(database, ['--import', hooks], options)
  const chunks = [...stderr.matchAll(/^loaded file:.*\/([a-z-]+)-[^/]*\.js$/gm)].map(([, name]) => name!)
  const builtins = [...stderr.matchAll(/^NativeModule (.*)$/gm)].map(([, name]) => name!)
  return { stdout, chunks, builtins }
}

describe('the second scan of an image', () => {
  it('gives the same as the first, and what is kept with enrichment is not taken for what is without', () => {
    const report = ['--format', 'json']
    const first = scan('same.db', ...report)
    expect(JSON.parse(first.stdout).findings).toHaveLength(8)
    expect(scan('same.db', ...report).stdout).toBe(first.stdout)
    const plain = scan('same.db', ...report, '--no-enrich')
    expect(plain.stdout).not.toBe(first.stdout)
    expect(scan('same.db', ...report, '--no-enrich').stdout).toBe(plain.stdout)
    expect(scan('same.db', ...report).stdout).toBe(first.stdout)
    const file = join(folder, 'report.json')
    expect(scan('same.db', '--output', `json=${file}`).stdout).toContain('8 findings')
    expect(readFileSync(file, 'utf8')).toBe(first.stdout)
  })

  it('loads nothing that matches, enriches, hashes, inflates or fetches', () => {
    const first = scan('loads.db')
    expect(first.chunks).toEqual(expect.arrayContaining(['match-index', 'enrich']))
    expect(first.builtins).toEqual(expect.arrayContaining(['crypto', 'zlib', 'sqlite']))
    const second = scan('loads.db')
    expect(second.chunks).toEqual(['scan'])
    expect(second.builtins).toContain('sqlite')
    for (const name of ['crypto', 'zlib', 'worker_threads', 'https', 'fs/promises']) {
      expect(second.builtins).not.toContain(name)
    }
  })

  it('has what it calls compiled with its module, but for methods', () => {
    const log = join(folder, 'functions.log')
    for (let round = 0; round < 2; round++) {
      rmSync(log, { force: true })
      runScan('compiled.db', ['--log-function-events', '--no-logfile-per-isolate', `--logfile=${log}`])
    }
    const events = readFileSync(log, 'utf8')
    const [, script] = /^script-details,(\d+),file:.*\/scan-[^/]*\.js,/m.exec(events)!
    const ofScript = (event: string) => [...events.matchAll(new RegExp(`^function,${event},${script},`, 'gm'))].length
    expect(ofScript('interpreter')).toBeGreaterThan(400)
    expect(ofScript('parse-function')).toBeLessThan(150)
  })
})
