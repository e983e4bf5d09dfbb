import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isChiaroError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { type JsonElement, jsonElements } from './json-stream.ts'

/** Hands out `text` in chunks of `size` bytes that are overwritten as soon as the next one is asked for. */
async function* chunks(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text as string)
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = Buffer.from(bytes.subarray(at, at + size))
    yield chunk
    chunk.fill(0x21)
  }
}

async function slice(text: string | Buffer, path: readonly string[] = [], size = 7): Promise<JsonElement[]> {
  const found: JsonElement[] = []
  for await (const element of jsonElements(chunks(text, size), { path, where: 'test.json' })) found.push(element)
  return found
}

async function failure(text: string | Buffer, path: readonly string[] = []): Promise<string> {
  const error = await slice(text, path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(isChiaroError(error, 'FEED_FAILED'), String(error)).toBe(true)
  return (error as Error).message
}

describe('jsonElements', () => {
  it('gives the members of an object', async () => {
    expect(await slice('{"a": {"x": [1, "}"]}, "b" : "\\"]", "\\u0063":-1e3 ,"d":null}')).toEqual([
      { key: 'a', value: { x: [1, '}'] } },
      { key: 'b', value: '"]' },
      { key: 'c', value: -1000 },
      { key: 'd', value: null },
    ])
  })

  it('gives the items of an array at a path, and reads what is around it', async () => {
    const text = '{"x": {"list": [0]}, "list": {"deep": [[], 1 , true]}, "y": [{"z": "]"}]}  \n'
    expect(await slice(text, ['list', 'deep'])).toEqual([
      { key: 0, value: [] },
      { key: 1, value: 1 },
      { key: 2, value: true },
    ])
  })

  it('gives nothing for empty containers', async () => {
    expect(await slice('{}')).toEqual([])
    expect(await slice(' [ ] ')).toEqual([])
    expect(await slice('{"a":{}}', ['a'])).toEqual([])
  })

  it('equals JSON.parse for any document and any chunk size', async () => {
    const document = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()))
    await fc.assert(
      fc.asyncProperty(document, fc.integer({ min: 1, max: 30 }), fc.nat(2), async (value, size, indent) => {
        const text = JSON.stringify(value, null, indent)
        const expected = Object.entries(JSON.parse(text) as object)
        const found = await slice(text, [], size)
        expect(found).toEqual(
          expected.map(([key, item]) => ({ key: Array.isArray(value) ? Number(key) : key, value: item })),
        )
      }),
    )
  })

  it('never takes a damaged document for a whole one', async () => {
    const document = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })
    await fc.assert(
      fc.asyncProperty(document, fc.nat(), async (value, cut) => {
        const bytes = Buffer.from(JSON.stringify(value))
        await failure(bytes.subarray(0, cut % bytes.length))
      }),
    )
  })

  it('accepts no text that JSON.parse refuses, but as bad elements', async () => {
    const text = fc
      .array(fc.constantFrom('{', '}', '[', ']', '"a"', ':', ',', '1', 'x', ' '))
      .map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (inner, size) => {
        const document = `{"k":${inner}}`
        const valid = (() => {
          try {
            return JSON.parse(document) !== undefined
          } catch {
            return false
          }
        })()
        const found = await slice(document, [], size).catch(() => undefined)
        const accepted = found?.every((element) => 'value' in element) ?? false
        expect(accepted).toBe(valid)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['an element that is not JSON', '{"a": 1, "b": {"x": nul}, "c": 3}', 'b', 14],
    ['a scalar that is not JSON', '{"a": 1, "b": truthy, "c": 3}', 'b', 14],
  ])('reports %s and goes on', async (_name, text, key, offset) => {
    const found = await slice(text)
    expect(found[0]).toEqual({ key: 'a', value: 1 })
    expect(found[1]).toEqual({ key, offset, bad: expect.stringContaining('JSON') })
    expect(found[2]).toEqual({ key: 'c', value: 3 })
  })

  it('reports an element beyond the depth limit and goes on', async () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const within = nested(limits.feedRecordDepth)
    const found = await slice(`{"a":${within},"b":${nested(limits.feedRecordDepth + 1)},"c":3}`)
    expect(found.map((element) => [element.key, 'bad' in element])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
    ])
  })

  it('reports an element beyond the size limit without holding it, and goes on', async () => {
    const long = `"${'x'.repeat(limits.feedRecordBytes)}"`
    const found = await slice(`{"a":1,"b":${long},"c":3}`, [], 1 << 20)
    expect(found[1]).toEqual({ key: 'b', offset: 11, bad: expect.stringContaining('larger than') })
    expect(found[2]).toEqual({ key: 'c', value: 3 })
  })

  it.each([
    ['an empty document', '', 'at byte 0'],
    ['a document that is a scalar', '3', 'at byte 0'],
    ['a document that ends within a value', '{"a": {"b": 1', 'at byte 13'],
    ['a document that ends within a string', '{"a": "b\\', 'at byte 9'],
    ['a document that ends between elements', '{"a": 1,', 'at byte 8'],
    ['brackets that do not match', '{"a": {"b": [1}, "c": 2}', 'at byte 14'],
    ['the wrong bracket at the end', '{"a": 1]', 'at byte 7'],
    ['something behind the end', '{"a": 1} x', 'at byte 9'],
    ['a second document', '{"a": 1}{"b": 2}', 'at byte 8'],
    ['a missing value', '{"a": , "b": 2}', 'at byte 6'],
    ['a missing comma', '{"a": 1 "b": 2}', 'at byte 8'],
    ['a comma too many', '[1,]', 'at byte 3'],
    ['a name without quotes', '{a: 1}', 'at byte 1'],
  ])('refuses %s', async (_name, text, place) => {
    expect(await failure(text)).toContain(place)
  })

  it('says what is missing at the path', async () => {
    expect(await failure('{"a": {"c": 1}}', ['a', 'b'])).toContain('there is no "a.b" in it')
    expect(await failure('[1]', ['a'])).toContain('there is no "a" in it')
    expect(await failure('{"a": {"b": []}', ['a', 'b'])).toContain('at byte 15')
  })

  it('ends the source when the reader stops', async () => {
    let ended = false
    async function* source(): AsyncGenerator<Buffer> {
      try {
        yield Buffer.from('[1,2,')
        yield Buffer.from('3]')
      } finally {
        ended = true
      }
    }
    for await (const element of jsonElements(source(), { path: [], where: 'test.json' })) {
      expect(element).toEqual({ key: 0, value: 1 })
      break
    }
    expect(ended).toBe(true)
  })
})
