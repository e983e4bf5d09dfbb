import { StringDecoder } from 'node:string_decoder'
import type { SaxesParser } from 'saxes'
import { ChiaroError, printable } from '../core/errors.ts'
import { limits } from '../core/limits.ts'

/** What is told of a document, in its order. Names are as written, with their prefix. */
export interface XmlHandler {
  onOpen(name: string, attributes: Readonly<Record<string, string>>): void
  /** Text between two tags, white space too, entities replaced. An element's text may come in several parts. */
  onText(text: string): void
  onClose(name: string): void
}

/** Larger pieces are slower, and let `limits.xmlTextBytes` be overrun by more. */
const pieceBytes = 64 * 1024

/**
 * Reads an XML document (XML 1.0, UTF-8) and calls `handler` for each element and text; what it throws goes through.
 * Throws `FEED_FAILED`, with line and column, for what is not well-formed, ends too early, has a DOCTYPE (which is all that
 * could make entities grow or name files) or another encoding; `LIMIT_EXCEEDED` beyond `limits.xmlDepth` and for texts, tags
 * and comments beyond `limits.xmlTextBytes`.
 */
export async function parseXml(source: AsyncIterable<Buffer>, where: string, handler: XmlHandler): Promise<void> {
  for await (const _ of xmlRecords(source, where, { handler, records: [] }));
}

/**
 * The same, for documents of many records: what `handler` adds to `records` is yielded as soon as the piece of the document that
 * it was in has been read, so that no more than that has to be held.
 */
export async function* xmlRecords<T>(
  source: AsyncIterable<Buffer>,
  where: string,
  { handler, records }: { readonly handler: XmlHandler; readonly records: T[] },
): AsyncGenerator<T> {
  const { SaxesParser } = await import('saxes')
  const reader = new XmlReader(new SaxesParser(), where, handler)
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      reader.push(chunk.subarray(at, at + pieceBytes))
      if (records.length > 0) yield* records.splice(0)
    }
  }
  reader.end()
  yield* records.splice(0)
}

class XmlReader {
  readonly #parser: SaxesParser
  readonly #where: string
  readonly #decoder = new StringDecoder('utf8')
  #depth = 0
  /** Characters since the last text or tag: the parser may hold them all. */
  #pending = 0

  constructor(parser: SaxesParser, where: string, handler: XmlHandler) {
    this.#parser = parser
    this.#where = where
    // Each of these is one more property of the parser. With ten of them V8 makes it a dictionary, which is five times
    // slower: no handler for what can be had otherwise.
    parser.on('error', (error) => {
      throw this.#failure(error.message.replace(/^\d+:\d+: |\.$/g, ''))
    })
    parser.on('doctype', () => {
      throw this.#failure('a DOCTYPE is not allowed')
    })
    parser.on('opentag', (tag) => {
      this.#pending = 0
      if (this.#depth === 0) this.#checkEncoding()
      if (++this.#depth > limits.xmlDepth) throw this.#limit(`elements are nested deeper than ${limits.xmlDepth}`)
      handler.onOpen(tag.name, tag.attributes)
    })
    parser.on('text', (text) => {
      this.#pending = 0
      handler.onText(text)
    })
    parser.on('cdata', (text) => {
      this.#pending = 0
      handler.onText(text)
    })
    parser.on('closetag', (tag) => {
      this.#pending = 0
      this.#depth--
      handler.onClose(tag.name)
    })
  }

  push(piece: Buffer): void {
    const text = this.#decoder.write(piece)
    this.#pending += text.length
    this.#parser.write(text)
    if (this.#pending > limits.xmlTextBytes) {
      throw this.#limit(`a text, a tag or a comment is longer than ${limits.xmlTextBytes} bytes`)
    }
  }

  end(): void {
    this.#parser.write(this.#decoder.end())
    this.#parser.close()
  }

  #checkEncoding(): void {
    const { encoding } = this.#parser.xmlDecl
    if (encoding === undefined || /^(?:utf-?8|us-ascii)$/i.test(encoding)) return
    throw this.#failure(`it is in ${encoding}, not in UTF-8`)
  }

  #place(): string {
    return `at line ${this.#parser.line}, column ${this.#parser.column}`
  }

  #failure(what: string): ChiaroError {
    const message = `The XML document cannot be read: ${printable(what)}, ${this.#place()}`
    return new ChiaroError('FEED_FAILED', message, { where: this.#where })
  }

  #limit(what: string): ChiaroError {
    return new ChiaroError('LIMIT_EXCEEDED', `The XML document goes beyond a limit: ${what}, ${this.#place()}`, {
      where: this.#where,
    })
  }
}
