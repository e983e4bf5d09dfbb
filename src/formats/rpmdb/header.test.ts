import { expect, it } from 'vitest'
import { parseHeader } from './header.ts'

const name = 1000
const version = 1001
const release = 1002
const vendor = 1011
const packager = 1015

/** A header with these texts by their tags, as rpm stores it (rpm's manual, "format of the header"). */
function header(texts: Readonly<Record<number, string>>): Buffer {
  const values = Object.entries(texts).map(([tag, text]) => ({ tag: Number(tag), data: Buffer.from(`${text}\0`) }))
  const size = values.reduce((sum, { data }) => sum + data.length, 0)
  const entry = (...numbers: number[]) => {
    const bytes = Buffer.alloc(4 * numbers.length)
    for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * index)
    return bytes
  }
  let offset = 0
  const entries = values.map(({ tag, data }) => {
    const written = entry(tag, 6, offset, 1)
    offset += data.length
    return written
  })
  return Buffer.concat([entry(values.length, size), ...entries, ...values.map(({ data }) => data)])
}

const sample = { [name]: 'docker-ce', [version]: '24.0.7', [release]: '1.el9' }

it.each([
  ['its vendor', { [vendor]: 'Docker', [packager]: 'A Person <person@sample.example>' }, 'Docker'],
  ['its packager, where there is no vendor', { [packager]: 'A Person' }, 'A Person'],
  ['the same, where the vendor is empty', { [vendor]: '', [packager]: 'A Person' }, 'A Person'],
  ['nobody', {}, undefined],
])('who made a package is %s', (_, texts, expected) => {
  expect(parseHeader(header({ ...sample, ...texts }))?.vendor).toBe(expected)
})
