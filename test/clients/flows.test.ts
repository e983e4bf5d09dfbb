import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/compose.ts'
import { signedHeader } from '../../src/server/token.ts'
import { image, unknown } from '../support/clair-v4.ts'
import { startRegistry, type TestRegistry } from '../support/registry.ts'
import { exampleLayout, layoutManifest, loadDebian } from '../support/server.ts'
import * as clairctl from './clairctl.ts'
import { answered, type Deployment, deployments } from './deployment.ts'
import { analyze } from './klar.ts'
import * as oldClairctl from './old-clairctl.ts'
import * as quay from './quay.ts'

/** What is in the example, as clients count it. */
const expected = ['CVE-2099-1002', 'CVE-2099-1003', 'CVE-2099-1004', 'CVE-2099-1005']
const key = 'a key of Quay'
const psk = { key: Buffer.from(key).toString('base64'), iss: ['quay', 'clairctl'] }

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry(exampleLayout, { auth: { kind: 'token' }, redirectBlobs: true })
})
afterAll(() => registry[Symbol.asyncDispose]())

describe.each(deployments)('$name, without tokens:', ({ start }) => {
  let deployment: Deployment
  beforeAll(async () => {
    deployment = await start({})
  })
  afterAll(() => deployment[Symbol.asyncDispose]())

  it('clairctl makes a manifest, and prints a report', async () => {
    const manifest = await clairctl.manifest(registry.host, 'debian')
    expect(manifest.layers.map(({ uri }) => uri)).not.toContainEqual(expect.stringContaining(registry.host))
    const client = clairctl.createClient(deployment)
    const report = await client.report(manifest)
    expect(clairctl.vulnerabilitiesOf(report)).toEqual(expected)
    // The second time it knows the validator, and has nothing to submit.
    const blobs = registry.requests.length
    expect(await client.report(manifest)).toEqual(report)
    expect(client.submitted).toBe(1)
    expect(registry.requests).toHaveLength(blobs)
    // Another client has no validator, and submits again, unless it wants only what is new to the server.
    const other = clairctl.createClient(deployment)
    expect(await other.report(manifest)).toEqual(report)
    expect(other.submitted).toBe(1)
    const novel = clairctl.createClient(deployment, { novel: true })
    expect(await novel.report(manifest)).toEqual(report)
    expect(novel.submitted).toBe(0)
  })

  it('clairctl is told what is wrong, and gives up', async () => {
    const client = clairctl.createClient(deployment)
    const layer = { hash: unknown, uri: `http://${registry.host}/nothing`, headers: {} }
    await expect(client.report({ hash: unknown, layers: [layer] })).rejects.toThrow('index report: 500')
    const known = await deployment.ask(`/indexer/api/v1/index_report/${unknown}`)
    expect(await answered(known, 'index_report')).toMatchObject({ state: 'IndexError', success: false })
    expect((await deployment.ask(`/matcher/api/v1/vulnerability_report/${unknown}`)).status).toBe(404)
    await client.remove([unknown])
  })

  it('clairctl deletes', async () => {
    const client = clairctl.createClient(deployment)
    const manifest = await clairctl.manifest(registry.host, 'debian')
    await client.report(manifest)
    expect(await client.remove([manifest.hash, unknown])).toEqual([manifest.hash])
    expect(await client.remove([manifest.hash])).toBeNull()
    expect((await deployment.ask(`/indexer/api/v1/index_report/${manifest.hash}`)).status).toBe(404)
  })

  it('a script lists update operations and what they changed', async () => {
    const path = '/matcher/api/v1/internal'
    const list = await deployment.ask(`${path}/update_operation?kind=vulnerability&latest=true`)
    const etag = list.headers.get('etag')!
    const operations = await answered<Record<string, { ref: string; updater: string }[]>>(list, 'update_operations')
    const same = await deployment.ask(`${path}/update_operation?kind=vulnerability`, {
      headers: { 'if-none-match': etag },
    })
    expect(same.status).toBe(304)
    const { ref } = operations.debian![0]!
    const diff = await deployment.ask(`${path}/update_diff?cur=${ref}`)
    const { added } = await answered<{ added: { name: string }[] }>(diff, 'update_diff')
    expect(added.map(({ name }) => name)).toEqual(expect.arrayContaining(expected))
    for (const wrong of ['update_diff', 'update_operation?kind=x', 'update_diff?cur=1']) {
      await answered(await deployment.ask(`${path}/${wrong}`), 'error')
    }
  })

  it('Klar counts the vulnerabilities of the last layer', async () => {
    const found = await analyze(deployment, registry.host, image)
    expect([...new Set(found.map(({ name }) => name))].sort()).toEqual(expected)
    expect(found.find(({ name }) => name === 'CVE-2099-1002')).toMatchObject({
      severity: 'High',
      feature: 'curl',
      fixedBy: '8.14.1-2+deb13u3',
    })
  })

  it('the old clairctl pushes, analyses every layer, and deletes', async () => {
    expect((await deployment.health()).status).toBe(200)
    await oldClairctl.push(deployment, registry.host, image.layers)
    // It adds up all layers, with what a later one mends.
    const all = ['CVE-2099-1001', ...expected, 'CVE-2099-1006']
    expect(await oldClairctl.analyze(deployment, image.layers)).toEqual(all)
    await oldClairctl.remove(deployment, image.layers)
  })
})

describe.each(deployments)('$name, with tokens:', ({ start }) => {
  it("Quay's worker indexes, asks until there is a report, and indexes again when the state changes", async () => {
    await using deployment = await start({ auth: { psk } }, false)
    const client = quay.createClient(deployment, key)
    const registered = { digest: image.digest, layers: image.layers }
    const row: quay.ScanRow = { state: undefined, status: 'none' }
    await quay.work(client, registry.host, registered, row)
    expect(row.status).toBe('indexed')
    expect(await client.vulnerabilityReport(image.digest)).toBe('not ready')
    {
      await using engine = await createEngine(deployment.data)
      await loadDebian(engine)
    }
    const report = await client.vulnerabilityReport(image.digest)
    expect(clairctl.vulnerabilitiesOf(report as clairctl.Report)).toEqual(expected)
    // The next rounds of the worker do nothing while the state is the same.
    const before = registry.requests.length
    await quay.work(client, registry.host, registered, row)
    expect(registry.requests).toHaveLength(before)
    row.state = '"of an older indexer"'
    await quay.work(client, registry.host, registered, row)
    expect(row.state).toBe(await client.state())
    expect(await client.vulnerabilityReport(unknown)).toBeUndefined()
    expect(await client.indexReport(unknown)).toBeUndefined()
    expect(await client.indexReport(image.digest)).toMatchObject({ state: 'IndexFinished' })
    expect((await deployment.ask('/indexer/api/v1/index_state')).status).toBe(401)
  })

  it('clairctl signs', async () => {
    await using deployment = await start({ auth: { psk } })
    const headers = () => ({ authorization: signedHeader(Buffer.from(key), 'clairctl', Date.now() / 1000) })
    const client = clairctl.createClient(deployment, { headers })
    const report = await client.report(await clairctl.manifest(registry.host, 'debian'))
    expect(clairctl.vulnerabilitiesOf(report)).toEqual(expected)
    await expect(
      clairctl.createClient(deployment).report(await clairctl.manifest(registry.host, 'debian')),
    ).rejects.toThrow('401')
  })
})

describe.each(deployments.filter(({ name }) => name.includes('one process')))('$name:', ({ start }) => {
  it('what is exported as clairctl does is imported elsewhere, and judges the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chiaro-bundle-'))
    await using source = await start({})
    await using target = await start({}, false)
    const manifest = await clairctl.manifest(registry.host, 'debian')
    const expectedReport = await clairctl.createClient(source).report(manifest)
    const bundle = join(folder, 'updates.gz')
    await clairctl.exportUpdaters(source, bundle)
    await clairctl.importUpdaters(target, bundle)
    const report = await clairctl.createClient(target).report(manifest)
    expect(clairctl.vulnerabilitiesOf(report)).toEqual(clairctl.vulnerabilitiesOf(expectedReport))
    rmSync(folder, { recursive: true })
  })
})

it('the example has an image that no data is loaded for', async () => {
  const [first] = deployments
  await using deployment = await first!.start({})
  const alpine = await clairctl.manifest(registry.host, 'alpine')
  expect(alpine.hash).toBe(layoutManifest(exampleLayout, 'alpine').digest)
  // clairctl takes 202 for an error: no report is better than an empty one.
  await expect(clairctl.createClient(deployment).report(alpine)).rejects.toThrow('vulnerability report: 202')
})
