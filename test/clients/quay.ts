import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { answered, type Deployment } from './deployment.ts'

/** What Quay's security worker keeps of a manifest. */
export interface ScanRow {
  /** The state of the indexer that last indexed it. */
  state: string | undefined
  status: 'none' | 'indexed' | 'failed'
}

/** The calls of Quay's client of Clair v4 (Python, requests). */
export function createClient({ ask }: Deployment, key: string) {
  const headers = () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: 'quay', sub: 'quay', exp: now + 300, nbf: now - 60, iat: now }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
    const signature = createHmac('sha256', key).update(signed).digest('base64url')
    return { authorization: `Bearer ${signed}.${signature}`, connection: 'close', accept: '*/*' }
  }

  /** 404 is no answer, 202 an early one; anything but 200 is an error. */
  async function get(path: string, kind: 'index_report' | 'vulnerability_report'): Promise<unknown> {
    const response = await ask(path, { headers: headers() })
    if (response.status === 404) {
      await answered(response, 'error')
      return undefined
    }
    if (response.status === 202) {
      expect(await response.text()).toBe('')
      return 'not ready'
    }
    expect(response.status).toBe(200)
    return answered(response, kind)
  }

  return {
    /** The tag of the indexer. */
    async state(): Promise<string> {
      const response = await ask('/indexer/api/v1/index_state', { headers: headers() })
      expect(response.status).toBe(200)
      const { state } = await answered<{ state: string }>(response, 'index_state')
      const etag = response.headers.get('etag')!
      expect(etag).toBe(`"${state}"`)
      return etag
    },
    async index(hash: string, layers: readonly object[]) {
      const init = { method: 'POST', headers: headers(), body: JSON.stringify({ hash, layers }) }
      const response = await ask('/indexer/api/v1/index_report', init)
      expect(response.status).toBe(201)
      const report = await answered<{ state: string }>(response, 'index_report')
      return { report, state: response.headers.get('etag')! }
    },
    indexReport: (hash: string) => get(`/indexer/api/v1/index_report/${hash}`, 'index_report'),
    vulnerabilityReport: (hash: string) => get(`/matcher/api/v1/vulnerability_report/${hash}`, 'vulnerability_report'),
  }
}

/** One round of the worker for one manifest: it is indexed if it never was, or by an indexer of another state. */
export async function work(
  client: ReturnType<typeof createClient>,
  host: string,
  { digest, layers }: { readonly digest: string; readonly layers: readonly string[] },
  row: ScanRow,
): Promise<void> {
  if ((await client.state()) === row.state) return
  const query = new URLSearchParams({ service: 'test, registry', scope: 'repository:test/image:pull' })
  const { token } = (await (await fetch(`http://${host}/token?${query}`)).json()) as { token: string }
  const listed = layers.map((hash) => ({
    hash,
    uri: `http://${host}/v2/test/image/blobs/${hash}`,
    headers: { Accept: ['application/gzip'], Authorization: [`Bearer ${token}`] },
  }))
  const { report, state } = await client.index(digest, listed)
  row.state = state
  row.status = report.state === 'IndexFinished' ? 'indexed' : 'failed'
}
