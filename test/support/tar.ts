/** A member of a tar archive for tests, with fields that no tool would write. */
export interface TarMember {
  readonly name: string | Buffer
  /** Type flag; `0` by default. */
  readonly type?: string
  readonly body?: Buffer | string
  /** What the size field says: a number in octal, or the field's own bytes. By default the body's length. */
  readonly size?: number | Buffer
  readonly link?: string | Buffer
  readonly mode?: number
  readonly mtime?: Buffer
  /** `ustar` by default. */
  readonly magic?: 'ustar' | 'gnu' | 'none'
  readonly prefix?: string
  /** Bytes at offsets of the header, before the checksum is made. */
  readonly patch?: ReadonlyMap<number, Buffer>
  readonly checksum?: 'unsigned' | 'signed' | 'wrong'
}

const magics = { ustar: 'ustar\u000000', gnu: 'ustar  \0', none: '' }

/** One header block. */
export function tarHeader(member: TarMember): Buffer {
  const block = Buffer.alloc(512)
  const put = (value: string | Buffer, at: number) => Buffer.from(value as string).copy(block, at)
  const body = Buffer.from((member.body as string | undefined) ?? '')
  put(Buffer.from(member.name as string).subarray(0, 100), 0)
  put(octal(member.mode ?? 0o644, 8), 100)
  put(octal(0, 8), 108)
  put(octal(0, 8), 116)
  put(typeof member.size === 'object' ? member.size : octal(member.size ?? body.length, 12), 124)
  put(member.mtime ?? octal(0, 12), 136)
  put(member.type ?? '0', 156)
  put(Buffer.from((member.link as string | undefined) ?? '').subarray(0, 100), 157)
  put(magics[member.magic ?? 'ustar'], 257)
  if (member.prefix !== undefined) put(member.prefix, 345)
  for (const [at, bytes] of member.patch ?? []) put(bytes, at)
  block.fill(' ', 148, 156)
  const signed = member.checksum === 'signed'
  let sum = member.checksum === 'wrong' ? 1 : 0
  for (const byte of block) sum += signed && byte > 127 ? byte - 256 : byte
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** A whole archive: members, then two zero blocks unless they are not wanted. */
export function tarArchive(members: readonly TarMember[], end = true): Buffer {
  const blocks = members.flatMap((member) => {
    const body = Buffer.from((member.body as string | undefined) ?? '')
    return [tarHeader(member), body, Buffer.alloc(-body.length & 511)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(end ? 1024 : 0)])
}

/** A pax header with these records, for the member behind it. */
export function pax(
  records: Readonly<Record<string, string | Buffer>> | readonly (readonly [string, string])[],
): TarMember {
  const entries = Array.isArray(records) ? records : Object.entries(records)
  const body = Buffer.concat(entries.map(([key, value]) => paxRecord(key, Buffer.from(value))))
  return { name: 'PaxHeaders/x', type: 'x', body }
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (length !== rest.length + String(length).length) length++
  return Buffer.concat([Buffer.from(String(length)), rest])
}

/** A number field in octal. */
function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}

/** A number field in base 256, as GNU tar writes what does not fit. */
export function base256(value: bigint, length = 12): Buffer {
  const field = Buffer.alloc(length)
  let left = BigInt.asUintN(length * 8, value)
  for (let at = length - 1; at >= 0; at--, left >>= 8n) field[at] = Number(left & 255n)
  field[0] = value < 0n ? 0xff : field[0]! | 0x80
  return field
}
