import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testCertificate } from '../support/certificate.ts'
import { chiaro } from '../support/command.ts'
import { corpus, feeds } from '../support/corpus.ts'
import { type Distribution, hasDistribution, plant, startDistribution } from '../support/distribution.ts'
import { startRegistry } from '../support/registry.ts'

const examples = join(import.meta.dirname, '..', '..', 'examples')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-registry-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tls = testCertificate()
const caFile = join(folder, 'ca.pem')
writeFileSync(caFile, tls.cert)

/** Whose settings a scan runs with. */
interface Settings {
  readonly env?: NodeJS.ProcessEnv
  readonly args?: readonly string[]
}

const images = [
  ...['debian', 'alpine'].map((tag) => ({ name: tag, layout: join(examples, 'image'), tag, platform: 'linux/amd64' })),
  ...['amd64 debian-12-slim', 'amd64 wo-remove', 'amd64 fmt-index', 'arm64 fmt-index'].map((text) => {
    const [architecture, name] = text.split(' ') as [string, string]
    return { name, layout: join(corpus ?? '', name), tag: 'latest', platform: `linux/${architecture}` }
  }),
].filter(({ layout }) => existsSync(join(layout, 'index.json')))
type TestImage = (typeof images)[number]

/** Real data where there is some, since that of the example is about the example only. */
const data = join(folder, 'data.db')
beforeAll(async () => {
  if (feeds === undefined) return
  expect(await chiaro(['update', 'debian', '--mirror', feeds, '--db', data])).toMatchObject({ code: 0 })
})

let runs = 0

/** Runs a scan with a database of its own, so that nothing of the image is known beforehand. */
function run(image: TestImage, reference: string, { env = {}, args = [] }: Settings = {}) {
  const own = join(folder, `run-${++runs}`)
  mkdirSync(own)
  const database = join(own, 'chiaro.db')
  if (image.tag === 'latest' && feeds !== undefined) copyFileSync(data, database)
  const common = ['--format', 'json', '--platform', image.platform, '--mirror', join(examples, 'feeds')]
  return chiaro(['scan', reference, ...common, '--db', database, ...args], { env: { DOCKER_CONFIG: own, ...env } })
}

/** What has to be the same wherever an image comes from. */
async function facts(image: TestImage, reference: string, settings: Settings = {}) {
  const { code, stdout, stderr } = await run(image, reference, settings)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const report = JSON.parse(stdout)
  const { digest, configDigest, platform, layers } = report.image
  const { release, packages, findings, gaps } = report
  return { image: { digest, configDigest, platform, layers }, release, packages, findings, gaps }
}

/** The facts of an image in its layout, read without the network. */
async function expectedFacts(image: TestImage) {
  const expected = await facts(image, `oci-layout:${image.layout}:${image.tag}`, { args: ['--offline'] })
  expect(expected.packages.length).toBeGreaterThan(0)
  if (image.tag !== 'latest' || feeds !== undefined) expect(expected.findings.length).toBeGreaterThan(0)
  return expected
}

const user = { username: 'user', password: 'p:ss' }
const fromEnvironment = { CHIARO_USERNAME: 'user', CHIARO_PASSWORD: 'p:ss', CHIARO_CA_FILE: caFile }

/** What `docker login` leaves, and the CA as an option. */
function fromDockerConfig(host: string): Settings {
  const directory = mkdtempSync(join(folder, 'docker-'))
  const auth = Buffer.from('user:p:ss').toString('base64')
  writeFileSync(join(directory, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }))
  return { args: ['--ca-file', caFile], env: { DOCKER_CONFIG: directory } }
}

describe('a scan through a registry with basic auth and TLS equals the scan of the same OCI layout', () => {
  it.each(images)('$name, $platform', async (image) => {
    const habits = { tls, auth: { kind: 'basic', ...user }, redirectBlobs: image.tag === 'latest' } as const
    await using registry = await startRegistry(image.layout, habits)
    const reference = `${registry.host}/test/image:${image.tag}`
    const expected = await expectedFacts(image)
    expect(await facts(image, reference, fromDockerConfig(registry.host)), 'config.json').toEqual(expected)
    expect(await facts(image, reference, { env: fromEnvironment }), 'environment').toEqual(expected)
  })

  it.each([
    ['a wrong password', { CHIARO_PASSWORD: 'nope' }, 'AUTH_FAILED', 'refused the credentials'],
    ['no password', { CHIARO_USERNAME: '' }, 'AUTH_FAILED', 'wants a user name and a password'],
    ['no CA', { CHIARO_CA_FILE: '' }, 'NETWORK_FAILED', '--ca-file for a registry'],
    ['a CA that is not there', { CHIARO_CA_FILE: '/missing.pem' }, 'CONFIG_INVALID', '/missing.pem'],
    ['a CA file without a certificate', { CHIARO_CA_FILE: import.meta.filename }, 'CONFIG_INVALID', 'no PEM'],
  ])('%s is an error in words', async (_, wrong, errorCode, words) => {
    const image = images[0]!
    await using registry = await startRegistry(image.layout, { tls, auth: { kind: 'basic', ...user } })
    const env = { ...fromEnvironment, ...wrong }
    const { code, stdout, stderr } = await run(image, `${registry.host}/test/image:debian`, { env })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^error ${errorCode}: .+\\n {2}where: .+\\n {2}what to do: .+\\n$`, 's'))
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(words)
    expect(stderr).not.toMatch(/p:ss|nope/)
  })
})

describe.skipIf(!hasDistribution)('the same with the distribution registry (skipped without docker-registry)', () => {
  const storage = join(folder, 'distribution')
  let registry: Distribution
  beforeAll(async () => {
    registry = await startDistribution(storage, tls)
  })
  afterAll(() => registry?.[Symbol.asyncDispose]())

  it.each(images)('$name, $platform', async (image) => {
    plant(image.layout, storage, `test/${image.name}`, image.tag)
    const reference = `${registry.host}/test/${image.name}:${image.tag}`
    const found = await facts(image, reference, fromDockerConfig(registry.host))
    expect(found).toEqual(await expectedFacts(image))
  })

  it('refuses a wrong password', async () => {
    const env = { ...fromEnvironment, CHIARO_PASSWORD: 'nope' }
    const { code, stderr } = await run(images[0]!, `${registry.host}/test/debian:debian`, { env })
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error AUTH_FAILED: /) })
  })
})
