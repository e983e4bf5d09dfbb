import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed } from '../../../test/support/feeds.ts'
import { noticesOf } from './notices.ts'
import { ubuntuReleases } from './releases.ts'

const feed = noticesOf(ubuntuReleases.find(({ codename }) => codename === 'noble')!)

function document(...definitions: readonly string[]): string {
  return mirrorOf({
    [feed.url
      .replace('https://', '')
      .replace('.bz2', '')]: `<oval_definitions><definitions>${definitions.join('')}</definitions></oval_definitions>`,
    [feed.url.replace('https://', '')]:
      `<oval_definitions><definitions>${definitions.join('')}</definitions></oval_definitions>`,
  })
}

function notice(usn: string, cves: readonly string[], packages: string): string {
  const references = [...cves.map((id) => ['CVE', id]), ...(usn === '' ? [] : [['USN', usn]])]
  return `<definition class="patch" id="oval:x:def:1"><metadata><title>${usn} -- sample</title>${references
    .map(([source, id]) => `<reference source="${source}" ref_id="${id}" ref_url="https://example.org"/>`)
    .join(
      '',
    )}<description>A - 1 in the text is none. Update Instructions:  Run \`sudo pro fix\`. The problem can be corrected by updating
your system to the following package versions:  ${packages} No subscription required</description></metadata></definition>`
}

describe('the notices of a release', () => {
  it('are facts by binary package, the newest first', async () => {
    const mirror = document(
      notice('USN-1-1', ['CVE-2099-1'], 'libssl3t64 - 3.0.13-0ubuntu3.1 openssl - 3.0.13-0ubuntu3.1'),
      notice('USN-2-1', ['CVE-2099-2', 'CVE-2099-3'], 'openssl - 3.0.13-0ubuntu3.2'),
      notice('USN-3-1', [], 'curl - 8'),
    )
    expect((await readFeed(feed, mirror)).facts).toEqual([
      { fact: 'libssl3t64', value: [['USN-1-1', 'CVE-2099-1']] },
      {
        fact: 'openssl',
        value: [
          ['USN-2-1', 'CVE-2099-2', 'CVE-2099-3'],
          ['USN-1-1', 'CVE-2099-1'],
        ],
      },
    ])
  })

  it('without a number are gaps', async () => {
    expect((await readFeed(feed, document(notice('', ['CVE-2099-1'], 'curl - 8')))).gaps).toMatchObject([
      { code: 'data-record-unreadable', detail: 'It was left out: a notice has no number.' },
    ])
  })

  it.skipIf(feeds === undefined)('of noble (skipped without CHIARO_FEEDS)', async () => {
    const content = await readFeed(feed, feeds!)
    expect(content.gaps).toEqual([])
    const facts = new Map(content.facts.map(({ fact, value }) => [fact, value]))
    expect(facts.get('python3-cryptography')).toContainEqual(['USN-6673-3', 'CVE-2024-26130'])
  })
})
