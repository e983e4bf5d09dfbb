/** Writes the header blobs of an rpmdb.sqlite into an ndb Packages.db: `node scripts/make-ndb.ts rpmdb.sqlite Packages.db`. */
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const [input, output] = process.argv.slice(2)
if (input === undefined || output === undefined) throw new Error('give the rpmdb.sqlite and the Packages.db')

const rows = new DatabaseSync(input, { readOnly: true }).prepare('SELECT hnum, blob FROM Packages ORDER BY hnum').all()
const page = Buffer.alloc(4096)
page.write('RpmP')
page.writeUInt32LE(1, 12)
for (let at = 32; at < page.length; at += 16) page.write('Slot', at)

const blobs: Buffer[] = []
let block = page.length / 16
rows.forEach(({ hnum, blob }, i) => {
  const number = hnum as number
  const header = blob as Uint8Array
  const blocks = Math.ceil((16 + header.length + 12) / 16)
  const bytes = Buffer.alloc(blocks * 16)
  const tail = bytes.length - 12
  bytes.write('BlbS')
  bytes.writeUInt32LE(number, 4)
  bytes.writeUInt32LE(1, 8)
  bytes.writeUInt32LE(header.length, 12)
  bytes.set(header, 16)
  bytes.writeUInt32LE(adler32(bytes.subarray(0, tail)), tail)
  bytes.writeUInt32LE(header.length, tail + 4)
  bytes.write('BlbE', tail + 8)
  page.writeUInt32LE(number, 36 + 16 * i)
  page.writeUInt32LE(block, 40 + 16 * i)
  page.writeUInt32LE(blocks, 44 + 16 * i)
  blobs.push(bytes)
  block += blocks
})
page.writeUInt32LE(rows.length + 1, 16)
writeFileSync(output, Buffer.concat([page, ...blobs]))

function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return b * 65536 + a
}
