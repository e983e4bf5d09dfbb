import { describe, expect, it } from 'vitest'
import { blockBytes, countBodies, decodeBlock, encodeBlock } from './body-block.ts'

const few = ['one', '', 'zwei – 二', '{"description":"three"}']
const many = Array.from({ length: 500 }, (_, index) => `body ${index} `.repeat(index % 20))
const long = ['short', `${'long '.repeat(blockBytes)}end`, 'short again']

function block(texts: readonly string[]): Buffer {
  return encodeBlock(texts.map((text) => Buffer.from(text)))
}

function texts(content: Uint8Array): readonly string[] {
  const { count, at } = decodeBlock(content)
  return Array.from({ length: count }, (_, place) => at(place))
}

describe('decodeBlock', () => {
  it('gives the bodies of blocks of any size, one block after the other', () => {
    for (const bodies of [few, [], many, long, few]) expect(texts(block(bodies))).toEqual(bodies)
  })

  it('reads bytes that are in the middle of others', () => {
    const content = block(few)
    const around = Buffer.concat([Buffer.from('before'), content, Buffer.from('behind')])
    expect(texts(around.subarray(6, 6 + content.length))).toEqual(few)
  })

  it.each([
    ['few', few],
    ['long', long],
  ])('refuses a block that is cut off, and reads the next one: %s', (_what, bodies) => {
    const content = block(bodies)
    for (let length = 0; length < content.length; length++) {
      expect(() => decodeBlock(content.subarray(0, length))).toThrow('a block')
      expect(countBodies(content.subarray(0, length))).toBeUndefined()
    }
    expect(texts(content)).toEqual(bodies)
  })

  it('refuses what is no block, and places that there are not', () => {
    expect(() => decodeBlock(Buffer.from('nonsense'))).toThrow('a block of bodies is damaged')
    expect(() => decodeBlock(block(few)).at(few.length)).toThrow('a block lacks a body')
    expect(() => decodeBlock(block(few)).at(-1)).toThrow('a block lacks a body')
  })
})
