import { describe, expect, it } from 'vitest'
import { packageUrl } from '../src/core/purl.ts'
import { ratingOf as debianRating } from '../src/ecosystems/debian/severity.ts'
import { mainRating } from '../src/ecosystems/rhel/severity.ts'
import { ratingsOf as ubuntuRatings } from '../src/ecosystems/ubuntu/severity.ts'
import { ratingsOf as nvdRatings } from '../src/enrich/nvd/ratings.ts'
import { ratingOf as clairRating, raterOf } from '../src/exchange/clair-bundle-severity.ts'
import { distributionOf, scopeOfDistribution, scopeOfOsv } from '../src/exchange/clair-bundle-sources.ts'
import type { CsafDocument, CsafVulnerability } from '../src/feeds/csaf.ts'
import { errataRatings } from '../src/feeds/errata-severity.ts'
import { choosePlatform } from '../src/image/platform.ts'
import { databaseFailure } from '../src/store/postgres/failure.ts'

/** Every object has something of these names; no table of ours does. */
const words = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__']

describe.each(words)('the word %s from outside is not known', (word) => {
  it('as a severity', () => {
    const unknown = expect.objectContaining({ severity: 'unknown', original: word })
    const document = { severity: word } as CsafDocument
    expect(errataRatings(word, 'alma')).toEqual([unknown])
    expect(ubuntuRatings(word)).toEqual([unknown])
    expect(debianRating(word)).toEqual(unknown)
    expect(mainRating(document, { statuses: new Map() } as unknown as CsafVulnerability)).toEqual(unknown)
    expect(clairRating(word, word, 'alma')).toEqual(unknown)
  })

  it('as who rates', () => {
    const cvssData = { vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }
    const [rating] = nvdRatings({ cvssMetricV31: [{ source: word, type: 'Secondary', cvssData }] })
    expect(rating!.source).toBe(word)
    expect(raterOf(`${word}:1`)).toBe(word)
  })

  it('as the code of an error of a server', () => {
    const error = Object.assign(new Error('no'), { code: word })
    expect(databaseFailure(error, 'postgres://server/db')).toMatchObject({ advice: expect.any(String) })
  })

  it('as a distribution', () => {
    const release = { id: word, versionId: '1', codename: '', prettyName: '', idLike: [], cpe: '' }
    const pkg = { type: 'rpm', name: 'a', version: '1', arch: '', source: { name: 'a', version: '1' } }
    expect(packageUrl(pkg, release)).toBe(`pkg:rpm/${word}/a@1?distro=${word}-1`)
    expect(distributionOf(`${word}:1`, 'feed')).toBeUndefined()
    expect(distributionOf(`debian:${word}`, 'debian')).toBeUndefined()
    expect(scopeOfDistribution({ did: word, version_id: '1' })).toBe(`${word}:1`)
    expect(scopeOfOsv(`osv/${word}`)).toBe(word)
  })

  it('as an architecture', () => {
    const of = (architecture: string) => ({ platform: { os: 'linux', architecture } })
    const [own, other] = [of(word), of(word === 'constructor' ? '__proto__' : 'constructor')]
    expect(choosePlatform([other, own], own.platform)).toBe(own)
  })
})
