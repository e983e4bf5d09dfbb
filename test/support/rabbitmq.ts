import { spawn, spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestCertificate, testCertificate } from './certificate.ts'

/** The broker's own scripts, where Debian's package has them; those in the path run as a user of their own. */
const [scripts] = globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin')

/** Whether RabbitMQ is installed. */
export const hasRabbitMq = scripts !== undefined

/** A RabbitMQ on 127.0.0.1 that speaks AMQP 0-9-1 and STOMP, for as long as it is not disposed of. User and password: `guest`. */
export interface RabbitMq extends AsyncDisposable {
  readonly ports: { readonly amqp: number; readonly amqps: number; readonly stomp: number; readonly stomps: number }
  /** What the TLS ports are known by. */
  readonly certificate: TestCertificate
  /** The file that the certificate is in. */
  readonly caFile: string
}

export async function startRabbitMq(): Promise<RabbitMq> {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-rabbitmq-'))
  const [amqp, amqps, stomp, stomps, distribution, epmd] = await Promise.all(Array.from({ length: 6 }, freePort))
  const certificate = testCertificate()
  const caFile = join(folder, 'cert.pem')
  const path = (name: string) => join(folder, name)
  mkdirSync(path('log'))
  writeFileSync(caFile, certificate.cert)
  writeFileSync(path('key.pem'), certificate.key)
  writeFileSync(path('plugins'), '[rabbitmq_stomp].\n')
  writeFileSync(
    path('rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${amqp}`,
      `listeners.ssl.1 = 127.0.0.1:${amqps}`,
      `stomp.listeners.tcp.1 = 127.0.0.1:${stomp}`,
      `stomp.listeners.ssl.1 = 127.0.0.1:${stomps}`,
      `ssl_options.cacertfile = ${caFile}`,
      `ssl_options.certfile = ${caFile}`,
      `ssl_options.keyfile = ${path('key.pem')}`,
      '',
    ].join('\n'),
  )
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `chiaro-${amqp}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: path('mnesia'),
    RABBITMQ_LOG_BASE: path('log'),
    RABBITMQ_CONFIG_FILE: path('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: path('none.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path('plugins'),
    RABBITMQ_PID_FILE: path('pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1',
  }
  const child = spawn(join(scripts!, 'rabbitmq-server'), { env: environment, stdio: 'ignore', detached: true })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (const port of [amqp!, amqps!, stomp!, stomps!]) await answers(port, child)
  return {
    ports: { amqp: amqp!, amqps: amqps!, stomp: stomp!, stomps: stomps! },
    certificate,
    caFile,
    async [Symbol.asyncDispose]() {
      process.kill(-child.pid!, 'SIGKILL')
      await ended
      // The daemon that knows the nodes of Erlang, which the broker started, and which outlives it.
      for (let attempt = 0; attempt < 20; attempt++) {
        if (spawnSync('epmd', ['-kill'], { env: environment }).status === 0) break
        await sleep(250)
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function answers(port: number, child: ReturnType<typeof spawn>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`RabbitMQ ended with ${child.exitCode}`)
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('close', () => resolve(false))
      socket.on('connect', () => socket.end())
    })
    if (open) return
    await sleep(200)
  }
  throw new Error(`RabbitMQ does not listen on port ${port}`)
}
