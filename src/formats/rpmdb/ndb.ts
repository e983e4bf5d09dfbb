import { limits } from '../../core/limits.ts'
import type { Entry } from './bdb.ts'
import { DamagedError } from './header.ts'

const FILE_MAGIC = 'RpmP'
const SLOT_MAGIC = 'Slot'
const BLOB_MAGIC = 'BlbS'
const END_MAGIC = 'BlbE'
const SLOT_BYTES = 16
const BLOCK_BYTES = 16
const PAGE_BYTES = 4096
const HEAD_BYTES = 16
const TAIL_BYTES = 12

/** Whether these are the bytes of an ndb database. */
export function isNdb(bytes: Buffer): boolean {
  return bytes.length >= 32 && magicAt(bytes, 0) === FILE_MAGIC
}

/**
 * The header blobs of a `Packages.db` (SUSE), after rpm's `lib/backend/ndb/rpmpkg.c`: pages of slots, each of which says in
 * which blocks of 16 bytes a blob is. Little endian. The checksum of each blob is verified.
 */
export function* readNdb(bytes: Buffer): Generator<Entry> {
  const version = bytes.readUInt32LE(4)
  if (version !== 0) yield new DamagedError(`it says that it is of version ${version}`)
  const slotsEnd = bytes.readUInt32LE(12) * PAGE_BYTES
  if (slotsEnd === 0 || slotsEnd > bytes.length) yield new DamagedError('it ends within its slots')
  // Blobs do not overlap, so that together they are no longer than the file, whatever the slots say.
  let left = bytes.length
  for (let at = 2 * SLOT_BYTES; at + SLOT_BYTES <= Math.min(slotsEnd, bytes.length); at += SLOT_BYTES) {
    const slot = readSlot(bytes, at)
    if (slot === undefined) continue
    if (slot instanceof DamagedError) {
      yield slot
      continue
    }
    left -= slot.end - slot.from
    if (left < 0) {
      yield new DamagedError('its blobs overlap')
      return
    }
    yield readBlob(bytes, slot)
  }
}

interface Slot {
  readonly number: number
  /** The bytes of the blob, with its head and tail. */
  readonly from: number
  readonly end: number
}

function readSlot(bytes: Buffer, at: number): Slot | DamagedError | undefined {
  const number = bytes.readUInt32LE(at + 4)
  const from = bytes.readUInt32LE(at + 8) * BLOCK_BYTES
  const end = from + bytes.readUInt32LE(at + 12) * BLOCK_BYTES
  if (magicAt(bytes, at) !== SLOT_MAGIC) return new DamagedError(`there is no slot at byte ${at}`)
  if (number === 0 && from === 0 && end === 0) return undefined
  if (number === 0 || end > bytes.length || end - from < HEAD_BYTES + TAIL_BYTES)
    return new DamagedError(`the slot at byte ${at} names blocks that cannot be`)
  return { number, from, end }
}

function readBlob(bytes: Buffer, { number, from, end }: Slot): Entry {
  const tail = end - TAIL_BYTES
  const size = bytes.readUInt32LE(from + 12)
  const isWhole =
    magicAt(bytes, from) === BLOB_MAGIC &&
    bytes.readUInt32LE(from + 4) === number &&
    magicAt(bytes, tail + 8) === END_MAGIC &&
    bytes.readUInt32LE(tail + 4) === size &&
    size <= tail - from - HEAD_BYTES &&
    size <= limits.rpmHeaderBytes
  if (!isWhole) return new DamagedError(`the blob of package ${number} at byte ${from} is damaged`)
  if (adler32(bytes, from, tail) !== bytes.readUInt32LE(tail))
    return new DamagedError(`the blob of package ${number} at byte ${from} does not have its checksum`)
  return bytes.subarray(from + HEAD_BYTES, from + HEAD_BYTES + size)
}

/** RFC 1950. The remainder is taken after as many bytes as fit into 31 bits. */
function adler32(bytes: Buffer, from: number, end: number): number {
  let a = 1
  let b = 0
  for (let at = from; at < end; ) {
    const until = Math.min(at + 3800, end)
    for (; at < until; at += 1) {
      a += bytes[at]!
      b += a
    }
    a %= 65521
    b %= 65521
  }
  return b * 65536 + a
}

function magicAt(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 4)
}
