import type { Analyzer, LayerFile } from '../core/analyzer.ts'
import { limits } from '../core/limits.ts'
import type { Observation, Release } from '../core/package.ts'
import { distributionId } from './distribution-id.ts'
import { readAssignments } from './shell-assignments.ts'

/**
 * Which distribution an image is: os-release(5), and the older files of the same purpose. A file that names no distribution
 * gives no observation, so that one of lower precedence, in this or another layer, can.
 */
export const osRelease: Analyzer = {
  id: 'os-release',
  version: 1,
  anchors: ['etc/os-release', 'usr/lib/os-release'],
  maxBytes: limits.releaseFileBytes,
  wants: (path) => path.length <= LONGEST_PATH && precedenceOf.has(path),
  analyze: readRelease,
}

/** The files and how to read each, in the order of their precedence. What several distributions have stands behind what one has. */
const files: readonly (readonly [path: string, read: (text: string) => Release | undefined])[] = [
  ['etc/os-release', readOsRelease],
  ['usr/lib/os-release', readOsRelease],
  ['etc/lsb-release', readLsbRelease],
  ['etc/alpine-release', readAlpineRelease],
  ['etc/oracle-release', readSentence],
  ['etc/centos-release', readSentence],
  ['etc/photon-release', readSentence],
  ['etc/SuSE-release', readSuseRelease],
  ['etc/system-release', readSentence],
  ['etc/redhat-release', readSentence],
  ['etc/debian_version', readDebianVersion],
]

/** A length is compared faster than a path is looked up, and hardly a path of a layer is as short. */
const LONGEST_PATH = Math.max(...files.map(([path]) => path.length))
const precedenceOf: ReadonlyMap<string, number> = new Map(files.map(([path], precedence) => [path, precedence]))

function* readRelease({ path, bytes }: LayerFile): Iterable<Observation> {
  const precedence = precedenceOf.get(path)
  if (precedence === undefined) return
  const release = files[precedence]![1](decode(bytes))
  if (release !== undefined) yield { kind: 'release', release, precedence }
}

/** UTF-8; a byte order mark and zero bytes, as other encodings of plain text leave them, do no harm. */
function decode(bytes: Buffer): string {
  return bytes
    .toString('utf8', 0, limits.releaseFileBytes)
    .replaceAll('\0', '')
    .replace(/^[\ufeff\ufffd]+/, '')
}

const unknown: Release = { id: '', versionId: '', codename: '', prettyName: '', idLike: [], cpe: '' }

function readOsRelease(text: string): Release | undefined {
  const fields = readAssignments(text)
  const value = (name: string) => fields.get(name) ?? ''
  const prettyName = value('PRETTY_NAME') || value('NAME')
  const id = value('ID').toLowerCase() || distributionId(value('NAME'))
  if (id === '') return undefined
  return {
    id,
    versionId: value('VERSION_ID'),
    codename: value('VERSION_CODENAME') || codenameIn(value('VERSION')) || debianCodename(prettyName),
    prettyName,
    idLike: value('ID_LIKE').toLowerCase().split(/\s+/).filter(Boolean),
    cpe: value('CPE_NAME'),
  }
}

/** `10 (buster)`, `7.0 (Wootpag)`, and `14.04.6 LTS, Trusty Tahr` of which the first word counts. */
function codenameIn(version: string): string {
  return (/\(([^()]+)\)/.exec(version)?.[1] ?? /,\s*(\w+)/.exec(version)?.[1] ?? '').trim().toLowerCase()
}

/** Debian's testing and unstable have no version, only `Debian GNU/Linux trixie/sid`. */
function debianCodename(text: string): string {
  return /(\w+)\/sid\b/.exec(text)?.[1] ?? ''
}

function readLsbRelease(text: string): Release | undefined {
  const fields = readAssignments(text)
  const value = (name: string) => fields.get(`DISTRIB_${name}`) ?? ''
  const id = distributionId(value('ID'))
  if (id === '') return undefined
  return {
    ...unknown,
    id,
    versionId: value('RELEASE'),
    codename: value('CODENAME').toLowerCase(),
    prettyName: value('DESCRIPTION') || `${value('ID')} ${value('RELEASE')}`.trim(),
  }
}

/** `3.18.4`, or `3.21_alpha20240923` for edge. */
function readAlpineRelease(text: string): Release | undefined {
  const versionId = firstLine(text)
  const branch = /^(\d+\.\d+)(_alpha)?/.exec(versionId)
  if (branch === null) return undefined
  return { ...unknown, id: 'alpine', versionId, prettyName: `Alpine Linux ${branch[2] ? 'edge' : `v${branch[1]}`}` }
}

/** `12.5`, whose `VERSION_ID` is 12, or `trixie/sid`. */
function readDebianVersion(text: string): Release | undefined {
  const version = firstLine(text)
  const versionId = /^\d+/.exec(version)?.[0] ?? ''
  const codename = debianCodename(version)
  if (versionId === '' && codename === '') return undefined
  return { ...unknown, id: 'debian', versionId, codename, prettyName: `Debian GNU/Linux ${version}` }
}

/** `CentOS Linux release 7.9.2009 (Core)`, `VMware Photon OS 3.0`. */
function readSentence(text: string): Release | undefined {
  const prettyName = firstLine(text)
  const id = distributionId(prettyName)
  if (id === '') return undefined
  const versionId = /\d+(?:\.\d+)*/.exec(prettyName)?.[0] ?? ''
  return { ...unknown, id, versionId, codename: codenameIn(prettyName), prettyName }
}

/** A sentence, followed by `VERSION = 11` and, of the enterprise products, `PATCHLEVEL = 4`: together 11.4. */
function readSuseRelease(text: string): Release | undefined {
  const release = readSentence(text)
  if (release === undefined) return undefined
  const version = /^VERSION\s*=\s*([\w.]+)/m.exec(text)?.[1] ?? release.versionId
  const patchLevel = /^PATCHLEVEL\s*=\s*([1-9]\d*)/m.exec(text)?.[1]
  const codename = /^CODENAME\s*=\s*(\w+)/m.exec(text)?.[1]?.toLowerCase() ?? ''
  return { ...release, versionId: patchLevel ? `${version}.${patchLevel}` : version, codename }
}

function firstLine(text: string): string {
  return (/\S[^\r\n]*/.exec(text)?.[0] ?? '').slice(0, limits.packageFieldBytes).trim()
}
