import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { isAuthorized, signedHeader } from '../../src/server/token.ts'
import { manifestIn, post, reportPath } from '../support/clair-v4.ts'
import { corpus, corpusImages, feeds } from '../support/corpus.ts'
import { databases } from '../support/databases.ts'
import { type MirrorServer, serveMirror } from '../support/mirror-server.ts'
import { startRegistry } from '../support/registry.ts'
import { type ServeProcess, startServe } from '../support/serve-process.ts'
import { type LayoutManifest, layoutManifest } from '../support/server.ts'
import { startWebhook, type TestWebhook } from '../support/webhook.ts'

/** An image of the corpus, with what independent tools say of it. */
interface KnownImage {
  readonly name: string
  readonly folder: string
  readonly manifest: LayoutManifest
  readonly release: string
  /** Names of the source packages that its packages were built from. */
  readonly sources: ReadonlySet<string>
}

/** A page of a notification. */
interface Page {
  readonly page: { readonly size: number; readonly next?: string }
  readonly notifications: readonly {
    readonly manifest: string
    readonly reason: string
    readonly vulnerability: { readonly name: string; readonly severity: string; readonly fixed_in_version: string }
  }[]
}

type Tracker = Record<string, Record<string, { description: string; releases: Record<string, object> }>>
interface SecDb {
  readonly packages: { pkg: { readonly name: string; readonly secfixes: Record<string, string[]> } }[]
}

const key = Buffer.from('a key of the test')
const headers = () => ({ authorization: signedHeader(key, 'quay', Date.now() / 1000) })
const patient = { timeout: 60_000, interval: 100 }

/** Those of Debian and Alpine, but for hostile ones, others in another format, and a large one, which takes long; one is of Alpine. */
function knownImages(): readonly KnownImage[] {
  const systems = ['debian 11', 'debian 12', 'debian 13', 'alpine 3.18.0']
  return corpusImages().flatMap(({ name, folder }) => {
    const { os, packages } = JSON.parse(readFileSync(join(corpus!, `${name}.packages.json`), 'utf8')) as {
      readonly os?: { readonly id: string; readonly version: string } | null
      readonly packages: readonly { readonly source?: string }[]
    }
    const release = `${os?.id} ${os?.version}`
    if (/^(?:hostile|fmt)-|-large$/.test(name) || !systems.includes(release)) return []
    const sources = new Set(packages.flatMap(({ source }) => source ?? []))
    return [{ name, folder, manifest: layoutManifest(folder), release, sources }]
  })
}

/** What servers share. */
interface Connected {
  readonly database: string
  readonly mirror: MirrorServer
  /** The webhook. */
  readonly target: string
}

/** A server with all services, which names this API to who is notified. */
function start({ database, mirror, target }: Connected, api: string): Promise<ServeProcess> {
  const callback = `${api}/notifier/api/v1/notification`
  return startServe({
    config: {
      auth: { psk: { key: key.toString('base64'), iss: ['quay'] } },
      matcher: { period: '2s' },
      updaters: { sets: ['debian', 'alpine'] },
      notifier: { disable_summary: true, webhook: { target, callback } },
      chiaro: { database, mirror: mirror.url, allow_layer_addresses: ['127.0.0.1'] },
    },
  })
}

async function index({ urls }: ServeProcess, images: readonly KnownImage[]): Promise<void> {
  for (const { folder, manifest, name } of images) {
    await using registry = await startRegistry(folder)
    const response = await post(urls.api, manifestIn(registry.host, manifest), headers())
    expect(response.status, `${name}: ${await response.text()}`).toBe(201)
  }
}

/** The vulnerabilities that a report of an image has. */
async function reported({ urls }: ServeProcess, { manifest }: KnownImage): Promise<ReadonlySet<string>> {
  const response = await fetch(`${urls.api}${reportPath}/${manifest.digest}`, { headers: headers() })
  expect(response.status).toBe(200)
  const { vulnerabilities } = (await response.json()) as { vulnerabilities: Record<string, { name: string }> }
  return new Set(Object.values(vulnerabilities).map(({ name }) => name))
}

/** In Debian one vulnerability appears, one goes, and one is fixed; others are of no image, or are only described otherwise. */
function changeDebian(mirror: MirrorServer): void {
  mirror.change<Tracker>('security-tracker.debian.org/tracker/data/json.gz', (tracker) => {
    const open = { status: 'open', repositories: {}, urgency: 'high' }
    const none = { status: 'resolved', repositories: {}, fixed_version: '0', urgency: 'high' }
    const fixed = { status: 'resolved', repositories: {}, fixed_version: '99-1', urgency: 'low' }
    tracker.glibc!['CVE-2099-9001'] = { description: 'new', releases: { bookworm: open, trixie: none } }
    tracker.nowhere = { 'CVE-2099-9002': { description: 'of no image', releases: { bookworm: open } } }
    delete tracker.apt!['CVE-2011-3374']
    tracker.coreutils!['CVE-2016-2781']!.releases.bookworm = fixed
    tracker['util-linux']!['CVE-2022-0563']!.description = 'described otherwise'
  })
}

function changeAlpine(mirror: MirrorServer): void {
  mirror.change<SecDb>('secdb.alpinelinux.org/v3.18/main.json', ({ packages }) => {
    const { pkg } = packages.find((one) => one.pkg.name === 'apk-tools')!
    pkg.secfixes['99-r0'] = ['CVE-2099-9003']
  })
}

/** What these changes come to, by what other tools found in the images: the entries of each notification. */
function expectedEntries(images: readonly KnownImage[]): readonly (readonly string[])[] {
  const entries = (source: string, releases: readonly string[], change: (digest: string) => string) =>
    images
      .filter(({ release, sources }) => releases.includes(release) && sources.has(source))
      .map(({ manifest }) => change(manifest.digest))
  const debian = [
    ...entries('glibc', ['debian 12'], (digest) => `added CVE-2099-9001 High "" ${digest}`),
    ...entries(
      'apt',
      ['debian 11', 'debian 12', 'debian 13'],
      (digest) => `removed CVE-2011-3374 Negligible "" ${digest}`,
    ),
    ...entries('coreutils', ['debian 12'], (digest) => `added CVE-2016-2781 Low "99-1" ${digest}`),
  ]
  const alpine = entries('apk-tools', ['alpine 3.18.0'], (digest) => `added CVE-2099-9003 Unknown "99-r0" ${digest}`)
  return [debian.sort(), alpine.sort()]
}

/** All entries of a notification, read page by page. */
async function readNotification(callback: string): Promise<readonly string[]> {
  const entries: string[] = []
  for (let next: string | undefined = ''; next !== undefined; ) {
    const response = await fetch(`${callback}?page_size=7${next && `&next=${next}`}`, { headers: headers() })
    expect(response.status).toBe(200)
    const { page, notifications } = (await response.json()) as Page
    expect(notifications.length === 7 || page.next === undefined).toBe(true)
    for (const { manifest, reason, vulnerability } of notifications) {
      const { name, severity, fixed_in_version: fixedIn } = vulnerability
      entries.push(`${reason} ${name} ${severity} ${JSON.stringify(fixedIn)} ${manifest}`)
    }
    next = page.next
  }
  return entries.sort()
}

/** The callbacks of the notifications that a webhook received, as posted by a server that has the key. */
function callbacksOf({ received }: TestWebhook): readonly string[] {
  return received.map(({ headers: sent, body }) => {
    expect(isAuthorized(sent.authorization, { key, issuers: ['clair-notifier'] }, Date.now() / 1000)).toBe(true)
    const { notification_id: id, callback } = body as { notification_id: string; callback: string }
    expect(callback.endsWith(`/notifier/api/v1/notification/${id}`)).toBe(true)
    return callback
  })
}

const judgedAgain = ({ log }: ServeProcess) =>
  log.filter(({ msg, cause }) => msg === 'packages were judged again' && (cause as { from: number }).from > 0)

describe.skipIf(corpus === undefined || feeds === undefined)(
  'a whole run on PostgreSQL (skipped without CHIARO_CORPUS and CHIARO_FEEDS)',
  { timeout: 180_000 },
  () => {
    it('goes from the images through the change of a feed to the deletion of what was notified', async () => {
      const images = knownImages()
      const expected = expectedEntries(images)
      for (const entries of expected) expect(entries.length).toBeGreaterThan(0)
      await using database = await databases.find(({ name }) => name === 'PostgreSQL')!.create()
      await using mirror = await serveMirror(feeds!)
      await using webhook = await startWebhook()
      const connect = { database: database.location, mirror, target: webhook.url }
      await using one = await start(connect, 'https://clair.example')
      await index(one, images)
      await expect.poll(async () => (await fetch(`${one.urls.introspection}/readyz`)).status, patient).toBe(200)
      const slim = images.find(({ name }) => name === 'debian-12-slim')!
      const before = await reported(one, slim)

      changeDebian(mirror)
      changeAlpine(mirror)
      await expect.poll(() => judgedAgain(one), patient).toHaveLength(expected.length)
      const after = await reported(one, slim)
      expect([before.difference(after), after.difference(before)].map((set) => [...set])).toEqual([
        ['CVE-2011-3374'],
        ['CVE-2099-9001'],
      ])

      // The first looks for what changed in six hours, as Clair does; one that starts looks at once.
      await using two = await start(connect, one.urls.api)
      await expect.poll(() => webhook.received, patient).toHaveLength(expected.length)
      const callbacks = callbacksOf(webhook)
      const told = await Promise.all(callbacks.map(readNotification))
      expect(told.toSorted((left, right) => right.length - left.length)).toEqual(expected)

      for (const callback of callbacks) {
        const elsewhere = callback.replace(one.urls.api, two.urls.api)
        expect((await fetch(elsewhere)).status).toBe(401)
        expect((await fetch(elsewhere, { method: 'DELETE', headers: headers() })).status).toBe(200)
        // Clair has an empty page for what is not there.
        expect(await readNotification(callback)).toEqual([])
      }
      await using three = await start(connect, one.urls.api)
      await sleep(1000)
      expect(webhook.received).toHaveLength(expected.length)
      for (const server of [one, two, three]) expect(await server.end('SIGTERM')).toBe(143)
    })
  },
)
