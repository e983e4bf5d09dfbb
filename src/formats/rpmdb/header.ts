import { limits } from '../../core/limits.ts'
import type { Package, SourcePackage } from '../../core/package.ts'

/** The tags (rpm's tag list) that are read. */
const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  packager: 1015,
  arch: 1022,
  sourceRpm: 1044,
  module: 5096,
} as const

const INT32 = 4
const STRING = 6
/** Strings in several languages; the first is the one without a language. */
const I18N_STRING = 9
const ENTRY_BYTES = 16

/** Thrown for what cannot be read inside of a database; its message is part of a gap's sentence. */
export class DamagedError extends Error {}

/**
 * Reads a header as rpm's databases hold it: the number of index entries and the size of the data, 4 bytes each and big
 * endian as all that follows, the index, the data (rpm's manual, "format of the header"). `undefined` for the pseudo packages
 * `gpg-pubkey`, which are keys. Throws `DamagedError` where anything points outside of the header.
 */
export function parseHeader(blob: Buffer): Package | undefined {
  const fields = readFields(blob)
  const { name, version, release, epoch = 0 } = fields
  if (name === 'gpg-pubkey') return undefined
  if (!name) throw new DamagedError('has no name')
  if (!version || !release) throw new DamagedError(`(${name}) has no version or no release`)
  const evr = (text: string) => (epoch === 0 ? text : `${epoch}:${text}`)
  const own = evr(`${version}-${release}`)
  const source = parseSourceRpm(fields.sourceRpm)
  return {
    type: 'rpm',
    name,
    version: own,
    arch: fields.arch ?? '',
    source: source === undefined ? { name, version: own } : { name: source.name, version: evr(source.version) },
    ...moduleOf(fields.module),
    ...vendorOf(fields),
  }
}

/** `openssl-libs-3.0.7-6.el9.src.rpm`, or `.nosrc.rpm`, into name and version-release. */
export function parseSourceRpm(file: string | undefined): SourcePackage | undefined {
  const parts = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file ?? '')
  return parts === null ? undefined : { name: parts[1]!, version: parts[2]! }
}

/** Of `name:stream:version:context`, what names the stream. */
function moduleOf(label: string | undefined): { module?: string } {
  const parts = label?.split(':') ?? []
  return parts.length < 2 ? {} : { module: `${parts[0]}:${parts[1]}` }
}

/** Distributions name themselves as the vendor of each of their packages. */
function vendorOf({ vendor, packager }: Fields): { vendor?: string } {
  const maker = vendor || packager
  return maker ? { vendor: maker } : {}
}

interface Fields {
  name?: string
  version?: string
  release?: string
  epoch?: number
  vendor?: string
  packager?: string
  arch?: string
  sourceRpm?: string
  module?: string
}

function readFields(blob: Buffer): Fields {
  if (blob.length < 8) throw new DamagedError('is too short')
  const entries = blob.readUInt32BE(0)
  const dataBytes = blob.readUInt32BE(4)
  const dataFrom = 8 + entries * ENTRY_BYTES
  if (dataFrom + dataBytes > blob.length) throw new DamagedError('is shorter than it says')
  const data = blob.subarray(dataFrom, dataFrom + dataBytes)
  const fields: Fields = {}
  for (let at = 8; at < dataFrom; at += ENTRY_BYTES) {
    const type = blob.readUInt32BE(at + 4)
    const offset = blob.readInt32BE(at + 8)
    switch (blob.readUInt32BE(at)) {
      case tags.name:
        fields.name ??= readString(data, type, offset)
        break
      case tags.version:
        fields.version ??= readString(data, type, offset)
        break
      case tags.release:
        fields.release ??= readString(data, type, offset)
        break
      case tags.epoch:
        fields.epoch ??= readInteger(data, type, offset)
        break
      case tags.vendor:
        fields.vendor ??= readString(data, type, offset)
        break
      case tags.packager:
        fields.packager ??= readString(data, type, offset)
        break
      case tags.arch:
        fields.arch ??= readString(data, type, offset)
        break
      case tags.sourceRpm:
        fields.sourceRpm ??= readString(data, type, offset)
        break
      case tags.module:
        fields.module ??= readString(data, type, offset)
        break
    }
  }
  return fields
}

function readString(data: Buffer, type: number, offset: number): string {
  if (type !== STRING && type !== I18N_STRING) throw new DamagedError(`has a field of type ${type} for text`)
  if (offset < 0 || offset >= data.length) throw new DamagedError('has a field outside of its data')
  const end = data.subarray(offset, offset + limits.packageFieldBytes + 1).indexOf(0)
  if (end < 0) throw new DamagedError('has a field without an end, or one that is too long')
  return data.toString('utf8', offset, offset + end)
}

function readInteger(data: Buffer, type: number, offset: number): number {
  if (type !== INT32) throw new DamagedError(`has an epoch of type ${type}`)
  if (offset < 0 || offset + 4 > data.length) throw new DamagedError('has a field outside of its data')
  return data.readUInt32BE(offset)
}
