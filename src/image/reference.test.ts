import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isChiaroError } from '../core/errors.ts'
import { normalizedTag, parseImageName, repositoryTag } from './reference.ts'

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`
const sha512 = `sha512:${'0123456789abcdef'.repeat(8)}`
const long = (length: number) => 'a'.repeat(length)

// The cases follow the grammar in the comment of distribution/reference's reference.go, and Docker's rules for short names.
describe('parseImageName', () => {
  it.each([
    ['debian', 'docker.io', 'library/debian', 'latest', undefined],
    ['debian:12', 'docker.io', 'library/debian', '12', undefined],
    ['library/debian', 'docker.io', 'library/debian', 'latest', undefined],
    ['user/app:v1', 'docker.io', 'user/app', 'v1', undefined],
    ['user/team/app', 'docker.io', 'user/team/app', 'latest', undefined],
    ['docker.io/debian', 'docker.io', 'library/debian', 'latest', undefined],
    ['index.docker.io/debian:12', 'docker.io', 'library/debian', '12', undefined],
    ['Docker.IO/debian', 'docker.io', 'library/debian', 'latest', undefined],
    ['docker.io/user/app', 'docker.io', 'user/app', 'latest', undefined],
    ['registry-1.docker.io/library/debian', 'registry-1.docker.io', 'library/debian', 'latest', undefined],
    ['quay.io/app', 'quay.io', 'app', 'latest', undefined],
    ['quay.io/org/app:1', 'quay.io', 'org/app', '1', undefined],
    ['localhost/app', 'localhost', 'app', 'latest', undefined],
    ['localhost:5000/app', 'localhost:5000', 'app', 'latest', undefined],
    ['localhost:5000/app:1', 'localhost:5000', 'app', '1', undefined],
    ['host:5000/app', 'host:5000', 'app', 'latest', undefined],
    ['localhosts/app', 'docker.io', 'localhosts/app', 'latest', undefined],
    ['127.0.0.1:5000/a/b', '127.0.0.1:5000', 'a/b', 'latest', undefined],
    ['[::1]:5000/app', '[::1]:5000', 'app', 'latest', undefined],
    ['[2001:db8::1]/app:t', '[2001:db8::1]', 'app', 't', undefined],
    ['[::ffff:192.0.2.1]/app', '[::ffff:192.0.2.1]', 'app', 'latest', undefined],
    ['REGISTRY/app', 'REGISTRY', 'app', 'latest', undefined],
    ['Registry.Example.COM:443/app', 'Registry.Example.COM:443', 'app', 'latest', undefined],
    ['xn--n3h.com/app', 'xn--n3h.com', 'app', 'latest', undefined],
    ['app:5000', 'docker.io', 'library/app', '5000', undefined],
    [`app@${sha256}`, 'docker.io', 'library/app', undefined, sha256],
    [`quay.io/app@${sha512}`, 'quay.io', 'app', undefined, sha512],
    [`quay.io:443/app:1.2@${sha256}`, 'quay.io:443', 'app', '1.2', sha256],
    [`app:${'x'.repeat(128)}`, 'docker.io', 'library/app', 'x'.repeat(128), undefined],
    ['app:_1.2-3', 'docker.io', 'library/app', '_1.2-3', undefined],
    ['a__b.c-d---e_f', 'docker.io', 'library/a__b.c-d---e_f', 'latest', undefined],
    ['0/1', 'docker.io', '0/1', 'latest', undefined],
    [`quay.io/${long(247)}`, 'quay.io', long(247), 'latest', undefined],
  ])('%s', (reference, domain, repository, tag, digest) => {
    const name = parseImageName(reference!)
    expect([name.domain, name.repository, name.tag, name.digest]).toEqual([domain, repository, tag, digest])
    expect(name.host).toBe(domain === 'docker.io' ? 'registry-1.docker.io' : domain)
  })

  it.each([
    ['', 'empty'],
    ['Debian', 'upper-case'],
    ['user/App', 'upper-case'],
    ['quay.io/Org/app', 'upper-case'],
    ['https://quay.io/app', 'begins with https://'],
    ['docker://debian', 'begins with docker://'],
    ['debian 12', 'white space'],
    ['debian\u0000', 'white space or control'],
    ['debian:', 'tag ""'],
    ['debian:.1', 'tag ".1"'],
    ['debian:-1', 'tag "-1"'],
    ['debian:a:b', 'tag "a:b"'],
    ['debian:ä', 'tag "ä"'],
    [`app:${'x'.repeat(129)}`, 'tag "xxx'],
    ['debian@', 'not a digest: ""'],
    ['debian@sha256:abc', 'not a digest'],
    [`debian@${sha256.toUpperCase()}`, 'not a digest'],
    [`debian@${sha256}0`, 'not a digest'],
    [`debian@${sha256}@${sha256}`, 'not a digest'],
    ['debian@sha256:../../../etc/passwd', 'not a digest'],
    ['debian@md5:d41d8cd98f00b204e9800998ecf8427e', 'not a digest'],
    [sha256.slice(7), 'image id'],
    [sha256, 'image id'],
    ['a//b', 'empty'],
    ['/a', 'empty'],
    ['a/', 'empty'],
    ['../a', 'not a host name'],
    ['a/../b', 'not a name'],
    ['a/./b', 'not a name'],
    ['a___b', 'not a name'],
    ['a..b', 'not a name'],
    ['-a', 'not a name'],
    ['a-', 'not a name'],
    ['a/-a/b', 'not a name'],
    ['a_b.com/app', 'not a host name'],
    ['-host.com/app', 'not a host name'],
    ['host:port/app', 'not a host name'],
    ['host:70000/app', 'not a port'],
    ['[::1/app', 'not a host name'],
    ['user@host/app', 'not a digest'],
    ['host.com/', 'empty'],
    [`quay.io/${long(248)}`, 'longer than 255'],
  ])('refuses %j', (reference, message) => {
    expect(() => parseImageName(reference)).toThrow(
      expect.objectContaining({ code: 'REFERENCE_INVALID', message: expect.stringContaining(message) }),
    )
  })

  it('never throws anything else, and its full form means the same', () => {
    const pieces = fc.array(
      fc.constantFrom('a', 'B', '0', '.', '-', '_', '/', ':', '@', '[', ']', 'localhost', sha256, ' '),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((parts) => parts.join('')),
          fc.string(),
        ),
        (reference) => {
          try {
            const name = parseImageName(reference)
            const full = repositoryTag(name) + (name.digest === undefined ? '' : `@${name.digest}`)
            expect(parseImageName(full)).toEqual(name)
          } catch (error) {
            if (!isChiaroError(error, 'REFERENCE_INVALID')) throw error
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

it.each([
  ['debian:12', 'docker.io/library/debian:12'],
  ['quay.io/app:1', 'quay.io/app:1'],
  ['No Name\u001b', 'No Name\\u001b'],
])('normalizedTag %s', (text, expected) => {
  expect(normalizedTag(text)).toBe(expected)
})
