import type { Package, Release } from './package.ts'

/** purl namespaces that differ from the `ID` of os-release (purl-spec, type definitions of deb, rpm and apk). */
const namespaces: ReadonlyMap<string, string> = new Map([
  ['rhel', 'redhat'],
  ['ol', 'oracle'],
  ['amzn', 'amazon'],
  ['sles', 'suse'],
])

/**
 * The package URL of a package of a distribution, `pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12`.
 * Qualifiers: `arch`, `distro`, `epoch` (rpm), `rpmmod`, `upstream` where the source package differs (purl-spec; the
 * spelling of the last three agrees with other scanners).
 */
export function packageUrl(pkg: Package, release: Release | undefined): string {
  if (pkg.type === 'oci') return containerUrl(pkg)
  const namespace = release === undefined ? '' : `${encode(namespaces.get(release.id) ?? release.id)}/`
  const [epoch, version] = pkg.type === 'rpm' ? splitEpoch(pkg.version) : ['', pkg.version]
  const upstream =
    pkg.source.name === pkg.name && pkg.source.version === pkg.version
      ? ''
      : pkg.source.name + (pkg.source.version === pkg.version ? '' : `@${pkg.source.version}`)
  const qualifiers = [
    ['arch', pkg.arch],
    [
      'distro',
      release === undefined ? '' : [release.id, release.versionId || release.codename].filter(Boolean).join('-'),
    ],
    ['epoch', epoch],
    ['rpmmod', pkg.module ?? ''],
    ['upstream', upstream],
  ].filter(([, value]) => value !== '')
  const query = qualifiers.map(([key, value]) => `${key}=${encode(value!)}`).join('&')
  return `pkg:${pkg.type}/${namespace}${encode(pkg.name)}@${encode(version!)}${query && `?${query}`}`
}

/** `pkg:oci/udi-rhel8?arch=amd64&repository_url=devspaces/udi-rhel8&tag=3.8-5`: a version of this type would be a digest. */
function containerUrl({ name, version, arch }: Package): string {
  const qualifiers = [
    ['arch', arch],
    ['repository_url', name],
    ['tag', version],
  ].filter(([, value]) => value !== '')
  const query = qualifiers.map(([key, value]) => `${key}=${encode(value!).replaceAll('%2F', '/')}`).join('&')
  return `pkg:oci/${encode(name.slice(name.lastIndexOf('/') + 1).toLowerCase())}?${query}`
}

function splitEpoch(version: string): [string, string] {
  const colon = version.indexOf(':')
  return colon < 0 ? ['', version] : [version.slice(0, colon), version.slice(colon + 1)]
}

/** Percent-encoding as purl-spec asks for it: a colon stays, everything else outside the unreserved set is encoded. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':')
}
