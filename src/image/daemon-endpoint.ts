import { readFileSync, statSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ChiaroError, messageOf, printable } from '../core/errors.ts'

/** Which daemon. */
export type DaemonKind = 'docker' | 'podman'

/** How a daemon is reached. */
export interface DaemonEndpoint {
  /** As it is shown: `/var/run/docker.sock`, `tcp://host:2375`. */
  readonly where: string
  readonly secure: boolean
  /** Whether the way to it is a network. */
  readonly network: boolean
  readonly request: RequestOptions
}

type Environment = Readonly<Record<string, string | undefined>>

const names: Readonly<Record<DaemonKind, string>> = { docker: 'Docker', podman: 'Podman' }
const variables: Readonly<Record<DaemonKind, string>> = { docker: 'DOCKER_HOST', podman: 'CONTAINER_HOST' }

/**
 * Where a daemon listens: `DOCKER_HOST` (for Podman `CONTAINER_HOST`), else the first socket there is of those that they use,
 * with or without root. Throws `DAEMON_UNAVAILABLE` if there is none, `CONFIG_INVALID` for a variable that cannot be used.
 */
export function findEndpoint(kind: DaemonKind, environment: Environment, home: string = homedir()): DaemonEndpoint {
  const variable = variables[kind]
  const named = environment[variable]
  if (named) return parseEndpoint(named, variable, environment)
  if (process.platform === 'win32') return pipeEndpoint(kind === 'docker' ? 'docker_engine' : 'podman-machine-default')
  const sockets = kind === 'docker' ? dockerSockets(environment, home) : podmanSockets(environment, home)
  const path = sockets.find(isSocket)
  if (path !== undefined) return socketEndpoint(path)
  throw new ChiaroError('DAEMON_UNAVAILABLE', `no socket of ${names[kind]} was found`, {
    where: sockets[0]!,
    advice:
      kind === 'docker'
        ? `Start Docker, or say in ${variable} where it listens. Without Docker: NAME[:TAG] reads from the registry, docker-archive:FILE what docker save wrote.`
        : `Start its socket with "systemctl --user start podman.socket", or say in ${variable} where it listens.`,
  })
}

/** What to do when a socket is there and does not answer. */
export function daemonAdvice(kind: DaemonKind, code: string | undefined): string {
  if (code === 'EACCES' || code === 'EPERM') {
    return kind === 'docker'
      ? 'This user may not use it: become a member of the group docker, or use sudo.'
      : 'This user may not use it: start its own with "systemctl --user start podman.socket".'
  }
  return `Check that ${names[kind]} runs, and that ${variables[kind]} is right if it is set.`
}

function dockerSockets(environment: Environment, home: string): readonly string[] {
  return [
    '/var/run/docker.sock',
    ...(environment.XDG_RUNTIME_DIR ? [join(environment.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    join(home, '.rd/docker.sock'),
  ]
}

function podmanSockets(environment: Environment, home: string): readonly string[] {
  const user = process.getuid?.() ?? 0
  const runtime = environment.XDG_RUNTIME_DIR || `/run/user/${user}`
  const rootless = [
    join(runtime, 'podman/podman.sock'),
    join(home, '.local/share/containers/podman/machine/podman.sock'),
  ]
  return user === 0 ? ['/run/podman/podman.sock', ...rootless] : [...rootless, '/run/podman/podman.sock']
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
}

function socketEndpoint(path: string): DaemonEndpoint {
  return { where: path, secure: false, network: false, request: { socketPath: path } }
}

function pipeEndpoint(name: string): DaemonEndpoint {
  return socketEndpoint(`\\\\.\\pipe\\${name}`)
}

function parseEndpoint(value: string, variable: string, environment: Environment): DaemonEndpoint {
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/.exec(value) ?? []
  if (scheme === 'unix' && rest) return socketEndpoint(rest)
  if (scheme === 'npipe' && rest) return socketEndpoint(rest.replaceAll('/', '\\'))
  const url = scheme === 'tcp' || scheme === 'http' || scheme === 'https' ? URL.parse(`http://${rest}`) : null
  if (url === null || url.hostname === '') {
    throw new ChiaroError(
      'CONFIG_INVALID',
      `${variable} is not an address that can be used: ${printable(value).slice(0, 200)}`,
      {
        where: variable,
        advice:
          'unix:///PATH and tcp://HOST:PORT can be. For ssh, use "docker save" there and docker-archive:FILE here.',
      },
    )
  }
  const secure = scheme === 'https' || !!environment.DOCKER_TLS_VERIFY
  const request = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port || (secure ? 2376 : 2375),
    ...(secure ? certificates(environment) : {}),
  }
  return { where: `tcp://${url.host}`, secure, network: true, request }
}

/** `ca.pem`, `cert.pem` and `key.pem` in `DOCKER_CERT_PATH`, as Docker names them. */
function certificates(environment: Environment): RequestOptions {
  const folder = environment.DOCKER_CERT_PATH || join(homedir(), '.docker')
  try {
    const read = (name: string) => readFileSync(join(folder, name))
    return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') }
  } catch (cause) {
    throw new ChiaroError('CONFIG_INVALID', `the certificates for Docker cannot be read: ${messageOf(cause)}`, {
      where: folder,
      advice: 'DOCKER_CERT_PATH names the folder with ca.pem, cert.pem and key.pem.',
    })
  }
}
