import { writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { createEngine } from '../../src/compose.ts'
import { answered, type Deployment } from './deployment.ts'

/** The calls of Clair v4's clairctl, in their order, and what it makes of the answers. */

/** What is submitted. */
export interface Manifest {
  readonly hash: string
  readonly layers: readonly {
    readonly hash: string
    readonly uri: string
    readonly headers: Record<string, string[]>
  }[]
}

/** What of a report is looked at. */
export interface Report {
  readonly packages: Readonly<Record<string, { readonly name: string }>>
  readonly vulnerabilities: Readonly<Record<string, { readonly name: string }>>
  readonly package_vulnerabilities: Readonly<Record<string, readonly string[]>>
}

const indexPath = '/indexer/api/v1/index_report'
const reportPath = '/matcher/api/v1/vulnerability_report'

/** `clairctl manifest`: resolves an image, and asks for the first byte of each layer to find out where it really is. */
export async function manifest(host: string, tag: string): Promise<Manifest> {
  const base = `http://${host}/v2/test/image`
  const challenge = await fetch(`${base}/manifests/${tag}`)
  const [, realm, service, scope] = /realm="(.+?)",service="(.+?)",scope="(.+?)"/.exec(
    challenge.headers.get('www-authenticate')!,
  )!
  const asked = new URLSearchParams({ service: service!, scope: scope! })
  const { token } = (await (await fetch(`${realm}?${asked}`)).json()) as { token: string }
  const authorization = `Bearer ${token}`
  const answer = await fetch(`${base}/manifests/${tag}`, { headers: { authorization } })
  const hash = answer.headers.get('docker-content-digest')!
  const { layers } = (await answer.json()) as { layers: { digest: string }[] }
  const found = layers.map(async ({ digest }) => {
    const uri = `${base}/blobs/${digest}`
    const first = await fetch(uri, { headers: { authorization, range: 'bytes=0-0' }, redirect: 'manual' })
    const location = first.headers.get('location')
    // Where it is redirected to, the token of the registry is not sent.
    const headers = location === null ? { Authorization: [authorization] } : {}
    return { hash: digest, uri: location ?? uri, headers: headers as Record<string, string[]> }
  })
  return { hash, layers: await Promise.all(found) }
}

/** `clairctl report` and `clairctl delete`, of one run: validators are remembered. */
export function createClient(
  { ask }: Deployment,
  { novel = false, headers = () => ({}) }: { novel?: boolean; headers?: () => Record<string, string> } = {},
) {
  const validators = new Map<string, string>()
  let submitted = 0

  async function isToBeSubmitted({ hash }: Manifest): Promise<boolean> {
    const path = `${indexPath}/${hash}`
    const validator = validators.get(path)
    const known = await ask(path, { headers: { ...headers(), ...(validator && { 'if-none-match': validator }) } })
    await known.arrayBuffer()
    if (known.status === 404) return true
    if (known.status === 304) return false
    if (known.status !== 200) throw new Error(`index report: ${known.status}`)
    return !novel
  }

  async function submit(body: Manifest): Promise<void> {
    const type = 'application/vnd.clair.manifest.v1+json'
    const init = { method: 'POST', headers: { ...headers(), 'content-type': type }, body: JSON.stringify(body) }
    const response = await ask(indexPath, init)
    if (response.status !== 200 && response.status !== 201) throw new Error(`index report: ${response.status}`)
    submitted++
    const links = response.headers.get('link')!
    const [, path] = /<([^>]+)>; rel="https:\/\/projectquay\.io\/clair\/v1\/index_report"/.exec(links)!
    validators.set(path!, response.headers.get('etag')!)
    const { success, err } = await answered<{ success: boolean; err: string }>(response, 'index_report')
    if (!success && err !== '') throw new Error(err)
  }

  return {
    get submitted() {
      return submitted
    },
    async report(image: Manifest): Promise<Report> {
      if (await isToBeSubmitted(image)) {
        await isToBeSubmitted(image)
        await submit(image)
      }
      const response = await ask(`${reportPath}/${image.hash}`, { headers: headers() })
      if (response.status !== 200) throw new Error(`vulnerability report: ${response.status}`)
      return answered<Report>(response, 'vulnerability_report')
    },
    async remove(digests: readonly string[]): Promise<readonly string[] | null> {
      const response = await ask(indexPath, { method: 'DELETE', headers: headers(), body: JSON.stringify(digests) })
      expect(response.status).toBe(200)
      return answered(response, 'bulk_delete')
    },
  }
}

/** The names that the text report has, each once, in order. Every package and vulnerability named must be there. */
export function vulnerabilitiesOf({ packages, vulnerabilities, package_vulnerabilities }: Report): readonly string[] {
  const names = Object.entries(package_vulnerabilities).flatMap(([id, ids]) => {
    expect(packages).toHaveProperty([id])
    return ids.map((vulnerability) => vulnerabilities[vulnerability]!.name)
  })
  return [...new Set(names)].sort()
}

/** `clairctl export-updaters FILE.gz`, of what the servers have. */
export async function exportUpdaters(deployment: Deployment, file: string): Promise<void> {
  await using engine = await createEngine(deployment.data)
  const options = { format: 'clair', compression: 'gzip', since: undefined } as const
  const { content } = await engine.exchange.export([], { ...options, ...quiet() })
  await writeFile(file, content)
}

/** `clairctl import-updaters FILE`, which writes to the database behind the servers' backs. */
export async function importUpdaters(deployment: Deployment, file: string): Promise<void> {
  await using engine = await createEngine(deployment.data)
  await engine.exchange.import(file, [], quiet())
}

function quiet() {
  return { signal: new AbortController().signal, progress: () => {} }
}
