import { describe, expect, it } from 'vitest'
import { readComponent } from './component.ts'

const read = (name: string, purl?: string, ...outer: string[]) => {
  const within = outer.map((one) => ({ name: one, cpe: undefined, purl: one }))
  const component = readComponent({ product: { name, cpe: undefined, purl }, within })
  if (component === undefined) return undefined
  if (component.kind === 'container') return `container ${component.name} ${component.tag ?? '-'}`
  const { version, arch, module } = component
  return `${component.name} ${version ?? '-'} ${arch ?? '-'} ${module ?? '-'}`
}

describe('a component', () => {
  it.each<[string, string, string | undefined]>([
    [
      'openssl-1:3.0.7-27.el9.x86_64',
      'pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&epoch=1',
      'openssl 1:3.0.7-27.el9 x86_64 -',
    ],
    ['a', 'pkg:rpm/redhat/gnutls-c%2B%2B@3.6.16-5.el8_6.4?arch=i686', 'gnutls-c++ 3.6.16-5.el8_6.4 i686 -'],
    ['a', 'pkg:rpm/redhat/a@1-2?arch=src&epoch=0', 'a 1-2 src -'],
    ['gnutls', 'pkg:rpm/redhat/gnutls?arch=src', 'gnutls - src -'],
    ['curl', 'pkg:rpm/redhat/curl', 'curl - - -'],
    [
      'a',
      'pkg:rpm/redhat/perl-FCGI@0.78-12.module%2Bel8.10.0%2B23147%2B20b7d289?arch=aarch64&epoch=1&rpmmod=perl-FCGI:0.78:8100020250529111022:69ef70f8',
      'perl-FCGI 1:0.78-12.module+el8.10.0+23147+20b7d289 aarch64 perl-FCGI:0.78',
    ],
    ['nodejs:18/npm', 'pkg:rpm/redhat/npm?arch=src', 'npm - src nodejs:18'],
    [
      'a',
      'pkg:oci/sso76-openshift-rhel8@sha256:9079?arch=amd64&repository_url=registry.redhat.io/rh-sso-7/sso76-openshift-rhel8&tag=7.6-22',
      'container rh-sso-7/sso76-openshift-rhel8 7.6-22',
    ],
    ['a', 'pkg:oci/devspaces/udi-rhel8', 'container devspaces/udi-rhel8 -'],
    ['a', 'pkg:maven/io.quarkus/quarkus-bom@2.13.8', undefined],
    ['a', 'pkg:generic/redhat/a@1', undefined],
    ['a', 'no purl', undefined],
    ['a', 'pkg:rpm/redhat/%E0%A4%A', undefined],
  ])('named %s with the purl %s: %s', (name, purl, expected) => {
    expect(read(name, purl)).toBe(expected)
  })

  it.each<[string, string | undefined]>([
    ['postgresql', 'postgresql - src -'],
    ['postgresql:15/postgresql', 'postgresql - src postgresql:15'],
    ['openssl.src', 'openssl - src -'],
    ['openssl-1:3.0.7-27.el9.x86_64', 'openssl 1:3.0.7-27.el9 x86_64 -'],
    ['bash-0:5.1.8-6.el9.noarch', 'bash 5.1.8-6.el9 noarch -'],
    ['openshift3/postgresql-apb', 'container openshift3/postgresql-apb -'],
    ['acm-agent-container', 'container acm-agent-container -'],
    ['something else (1)', undefined],
  ])('without a purl is what its name says: %s: %s', (name, expected) => {
    expect(read(name)).toBe(expected)
  })

  it('is in the module that it is a component of', () => {
    const module = 'pkg:rpmmod/redhat/nodejs@18:8090020240301110609:rhel8'
    expect(read('npm', 'pkg:rpm/redhat/npm@1-1?arch=x86_64', module, 'AppStream')).toBe('npm 1-1 x86_64 nodejs:18')
  })
})
