const text = { crc: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 } as const

/**
 * The length of the gzip member header at `at` (RFC 1952, 2.3): `undefined` if `bytes` ends before it does, 0 if it is not
 * one.
 */
export function gzipHeaderLength(bytes: Buffer, at: number): number | undefined {
  const magic = [0x1f, 0x8b, 0x08]
  for (let index = 0; index < 3 && at + index < bytes.length; index++) {
    if (bytes[at + index] !== magic[index]) return 0
  }
  if (bytes.length - at < 10) return undefined
  const flags = bytes[at + 3]!
  if (flags & text.reserved) return 0
  let end = at + 10
  if (flags & text.extra) {
    if (bytes.length < end + 2) return undefined
    end += 2 + bytes.readUInt16LE(end)
  }
  for (const field of [text.name, text.comment]) {
    if ((flags & field) === 0) continue
    if (end >= bytes.length) return undefined
    const nul = bytes.indexOf(0, end)
    if (nul < 0) return undefined
    end = nul + 1
  }
  if (flags & text.crc) end += 2
  return end > bytes.length ? undefined : end - at
}
