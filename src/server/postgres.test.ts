import { expect, it } from 'vitest'
import { createPostgres } from '../../test/support/postgres.ts'
import { startRegistry } from '../../test/support/registry.ts'
import { exampleLayout, layoutManifest, startTestServer } from '../../test/support/server.ts'

it('two servers with one PostgreSQL know the same images and data', async () => {
  const database = await createPostgres()
  try {
    await using registry = await startRegistry(exampleLayout)
    await using one = await startTestServer({ database: database.address })
    await using two = await startTestServer({ database: database.address, data: false })
    const { digest, layers } = layoutManifest(exampleLayout)
    const body = JSON.stringify({
      hash: digest,
      layers: layers.map((hash) => ({ hash, uri: `http://${registry.host}/v2/test/image/blobs/${hash}` })),
    })
    const indexPath = '/indexer/api/v1/index_report'
    const submit = ({ urls }: typeof one) => fetch(`${urls.api}${indexPath}`, { method: 'POST', body })
    const submitted = await Promise.all([one, two, one, two].map(submit))
    expect(submitted.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    const reports = await Promise.all(
      [one, two].map(async ({ urls }) => {
        const response = await fetch(`${urls.api}/matcher/api/v1/vulnerability_report/${digest}`)
        expect(response.status).toBe(200)
        return (await response.json()) as { vulnerabilities: Record<string, { name: string }> }
      }),
    )
    expect(Object.values(reports[0]!.vulnerabilities).map(({ name }) => name)).toContain('CVE-2099-1002')
    expect(reports[1]).toEqual(reports[0])
    expect((await fetch(`${two.urls.api}${indexPath}/${digest}`, { method: 'DELETE' })).status).toBe(204)
    expect((await fetch(`${one.urls.api}${indexPath}/${digest}`)).status).toBe(404)
  } finally {
    await database.remove()
  }
})
