import { expect } from 'vitest'
import type { LayoutManifest } from '../support/server.ts'
import type { Deployment } from './deployment.ts'

/** What Klar counts. */
interface Counted {
  readonly name: string
  readonly severity: string
  readonly feature: string
  readonly fixedBy: string | undefined
}

interface Feature {
  readonly Name: string
  readonly Vulnerabilities?: readonly { readonly Name: string; readonly Severity: string; readonly FixedBy?: string }[]
}

/** Severities that Klar knows; others it loses. */
const severities = ['Unknown', 'Negligible', 'Low', 'Medium', 'High', 'Critical', 'Defcon1']

/** A layer with nothing in it, which Klar leaves out. */
const emptyLayer = 'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4'

/** The calls of Klar 2.4 to Clair v1. */
export async function analyze({ ask }: Deployment, host: string, image: LayoutManifest): Promise<readonly Counted[]> {
  const layers = image.layers.filter((digest) => digest !== emptyLayer)
  const scope = 'repository:test/image:pull'
  const query = new URLSearchParams({ service: 'test, registry', scope })
  const { token } = (await (await fetch(`http://${host}/token?${query}`)).json()) as { token: string }
  const nameOf = (digest: string) => [image.config, digest].map((text) => text.replace('sha256:', '')).join('')
  let parent = ''
  for (const digest of layers) {
    const Layer = {
      Name: nameOf(digest),
      Path: `http://${host}/v2/test/image/blobs/${digest}`,
      ParentName: parent,
      Format: 'Docker',
      Features: null,
      Headers: { Authorization: `Bearer ${token}` },
    }
    const response = await ask('/v1/layers', { method: 'POST', body: JSON.stringify({ Layer }) })
    expect(response.status, await response.clone().text()).toBe(201)
    await response.json()
    parent = Layer.Name
  }
  const response = await ask(`/v1/layers/${parent}?vulnerabilities`)
  expect(response.status).toBe(200)
  const { Layer } = (await response.json()) as { Layer: { Features: readonly Feature[] } }
  return Layer.Features.flatMap(({ Name: feature, Vulnerabilities = [] }) =>
    Vulnerabilities.map(({ Name: name, Severity: severity, FixedBy: fixedBy }) => {
      expect(severities).toContain(severity)
      return { name, severity, feature, fixedBy }
    }),
  )
}
