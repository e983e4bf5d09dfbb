import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestCertificate } from './certificate.ts'

/** Whether the CNCF distribution registry is installed, under the name that Debian gives it. */
export const hasDistribution = spawnSync('docker-registry', ['--version']).status === 0

/** The one user of the registry, with the password `p:ss`: `htpasswd -Bbn user p:ss`. */
const htpasswd = 'user:$2y$05$CJ0UTx631wVwXMI/xs6ECuviLNZ2X6XGfifcFCBnO1oSmGI.QN9rq\n'

/** The registry on 127.0.0.1, for as long as it is not disposed of. */
export interface Distribution extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string
}

/** Starts the distribution registry with TLS and basic auth; `folder` holds its files. */
export async function startDistribution(folder: string, tls: TestCertificate): Promise<Distribution> {
  const host = `127.0.0.1:${await freePort()}`
  mkdirSync(folder, { recursive: true })
  const files = { key: join(folder, 'tls.key'), certificate: join(folder, 'tls.crt') }
  writeFileSync(files.key, tls.key)
  writeFileSync(files.certificate, tls.cert)
  writeFileSync(join(folder, 'htpasswd'), htpasswd)
  const config = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
    http: { addr: host, tls: files },
    auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config)) // which is YAML, too
  const child = spawn('docker-registry', ['serve', join(folder, 'config.json')], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await answers(host)
  return {
    host,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Puts an OCI layout into the registry's storage as `repository:tag`, the first entry of its index.json or the one with that tag. */
export function plant(layout: string, folder: string, repository: string, tag: string): void {
  const root = join(folder, 'storage', 'docker', 'registry', 'v2')
  const links = join(root, 'repositories', repository)
  const link = (path: string, digest: string) => {
    mkdirSync(join(links, path), { recursive: true })
    writeFileSync(join(links, path, 'link'), digest)
  }
  for (const hex of readdirSync(join(layout, 'blobs', 'sha256'))) {
    const target = join(root, 'blobs', 'sha256', hex.slice(0, 2), hex, 'data')
    mkdirSync(dirname(target), { recursive: true })
    cpSync(join(layout, 'blobs', 'sha256', hex), target)
    link(`_layers/sha256/${hex}`, `sha256:${hex}`)
    link(`_manifests/revisions/sha256/${hex}`, `sha256:${hex}`)
  }
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
    manifests: { digest: string; annotations?: Record<string, string> }[]
  }
  const named = index.manifests.find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag)
  link(`_manifests/tags/${tag}/current`, (named ?? index.manifests[0]!).digest)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function answers(host: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    // it refuses plain HTTP with an answer
    if (await fetch(`http://${host}/`).then(Boolean, () => false)) return
    await sleep(50)
  }
  throw new Error(`no registry answers on ${host}`)
}
