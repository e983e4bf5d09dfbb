import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChiaroError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { parseXml } from './xml-stream.ts'

async function* chunks(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text as string)
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = Buffer.from(bytes.subarray(at, at + size))
    yield chunk
    chunk.fill(0x21)
  }
}

async function events(text: string | Buffer, size = 7): Promise<string[]> {
  const list: string[] = []
  await parseXml(chunks(text, size), 'test.xml', {
    onOpen: (name, attributes) => list.push(`<${name} ${JSON.stringify(attributes)}`),
    onText: (value) => {
      if (value.trim() !== '') list.push(value)
    },
    onClose: (name) => list.push(`>${name}`),
  })
  return list
}

async function failure(text: string | Buffer, size?: number): Promise<string> {
  const error = await events(text, size).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ChiaroError)
  return `${(error as ChiaroError).code} ${(error as ChiaroError).message}`
}

describe('parseXml', () => {
  it('tells elements, attributes and texts in order', async () => {
    const text = `<?xml version="1.0" encoding="UTF-8"?>
<a:root xmlns:a="urn:x"><!-- no --><b c="1 &amp; 2" d='&#x20AC;'/>one &lt; <![CDATA[<two>]]></a:root>\n`
    expect(await events(text)).toEqual([
      '<a:root {"xmlns:a":"urn:x"}',
      '<b {"c":"1 & 2","d":"€"}',
      '>b',
      'one < ',
      '<two>',
      '>a:root',
    ])
  })

  it('gives any text back, whatever the chunks', async () => {
    const word = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd]/gu, '?'))
    await fc.assert(
      fc.asyncProperty(word, fc.integer({ min: 1, max: 9 }), async (text, size) => {
        const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
        let found = ''
        await parseXml(chunks(`<r>${escaped}</r>`, size), 'test.xml', {
          onOpen: () => {},
          onText: (part) => {
            found += part
          },
          onClose: () => {},
        })
        expect(found).toBe(text)
      }),
    )
  })

  it.each([
    ['a tag that is not closed', '<a>\n <b></a>', 'line 2, column 8'],
    ['a document that ends too early', '<a><b></b>', 'line 1, column 10'],
    ['an empty document', '', 'line 1, column 0'],
    ['a second root', '<a></a><b></b>', 'only one root, at line 1, column 10'],
    ['an unknown entity', '<a>&nothing;</a>', 'line 1, column 12'],
    ['a DOCTYPE', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'a DOCTYPE is not allowed'],
    ['a reference to a file', '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', 'a DOCTYPE is not allowed'],
    ['another encoding', '<?xml version="1.0" encoding="UTF-16"?><a/>', 'it is in UTF-16, not in UTF-8'],
    ['something that is no XML', '{"a": 1}', 'line 1, column'],
  ])('refuses %s', async (_name, text, message) => {
    const found = await failure(text)
    expect(found).toMatch(/^FEED_FAILED /)
    expect(found).toContain(message)
  })

  it('limits the depth', async () => {
    const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)
    expect(await events(nested(limits.xmlDepth))).toHaveLength(2 * limits.xmlDepth)
    expect(await failure(nested(limits.xmlDepth + 1))).toMatch(/^LIMIT_EXCEEDED .*deeper than 64, at line 1/)
  })

  it.each([
    ['a text', (long: string) => `<a>${long}</a>`],
    ['an attribute', (long: string) => `<a b="${long}"/>`],
    ['a comment', (long: string) => `<a><!--${long}--></a>`],
    ['a DOCTYPE', (long: string) => `<!DOCTYPE a [${long}]><a/>`],
  ])('limits the length of %s, without reading on', async (_name, document) => {
    const text = document('x'.repeat(limits.xmlTextBytes * 3))
    expect(await failure(text, 1 << 20)).toMatch(/^LIMIT_EXCEEDED .*longer than/)
  })
})
