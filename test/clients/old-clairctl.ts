import { expect } from 'vitest'
import type { Deployment } from './deployment.ts'

/** The calls of clairctl 1.2 to Clair v1: layers are named by their digests. */

/** `push`: 422 makes it go on with the next layer, which then has no parent. */
export async function push({ ask }: Deployment, host: string, layers: readonly string[]): Promise<void> {
  const query = new URLSearchParams({ service: 'test, registry', scope: 'repository:test/image:pull' })
  const { token } = (await (await fetch(`http://${host}/token?${query}`)).json()) as { token: string }
  let parent = ''
  for (const digest of layers) {
    const Path = `${host}/v2/test/image/blobs/${digest}`
    const Headers = { Authorization: `Bearer ${token}` }
    const Layer = { Name: digest, Path: `http://${Path}`, ParentName: parent, Format: 'Docker', Headers }
    const response = await ask('/v1/layers', { method: 'POST', body: JSON.stringify({ Layer }) })
    expect([201, 422], await response.text()).toContain(response.status)
    parent = response.status === 422 ? '' : digest
  }
}

/** `analyze`: asks for every layer, the newest first; the names of what is found, each once, in order. */
export async function analyze({ ask }: Deployment, layers: readonly string[]): Promise<readonly string[]> {
  const names = new Set<string>()
  for (const digest of layers.toReversed()) {
    const response = await ask(`/v1/layers/${digest}?vulnerabilities`)
    expect(response.status).toBe(200)
    const { Layer } = (await response.json()) as {
      Layer: { Name: string; Features?: readonly { Vulnerabilities?: readonly { Name: string }[] }[] }
    }
    expect(Layer.Name).toBe(digest)
    for (const { Vulnerabilities = [] } of Layer.Features ?? []) for (const { Name } of Vulnerabilities) names.add(Name)
  }
  return [...names].sort()
}

/** `delete`. */
export async function remove({ ask }: Deployment, layers: readonly string[]): Promise<void> {
  for (const digest of layers) {
    expect((await ask(`/v1/layers/${digest}`, { method: 'DELETE' })).status).toBe(200)
    expect((await ask(`/v1/layers/${digest}`)).status).toBe(404)
  }
}
