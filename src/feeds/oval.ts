import { ChiaroError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { parseXml, type XmlHandler } from '../io/xml-stream.ts'

/** A condition of a definition: tests, and conditions inside it, joined by its operator. */
export interface OvalCriteria {
  readonly operator: string
  readonly negate: boolean
  readonly criterions: readonly OvalCriterion[]
  readonly criteria: readonly OvalCriteria[]
}

/** A test that a condition is made of. */
export interface OvalCriterion {
  readonly test: string
  readonly comment: string
  readonly negate: boolean
}

/** What a definition says. Its texts are parts of the document's, which they keep in memory: keep `detached` copies. */
export interface OvalDefinition {
  readonly id: string
  readonly class: string
  readonly title: string
  readonly description: string
  readonly severity: string
  /** The days on which it was issued and last changed, as written. */
  readonly issued: string
  readonly updated: string
  /** Of Azure Linux: `true`, `false`, `Not Applicable`. */
  readonly patchable: string
  readonly references: readonly { readonly source: string; readonly id: string; readonly url: string }[]
  readonly criteria: OvalCriteria | undefined
}

/** A test: what it looks at and what must be true of it, by id. */
export interface OvalTest {
  /** `dpkginfo_test`, `rpminfo_test`, `uname_test` … */
  readonly kind: string
  readonly object: string
  readonly states: readonly string[]
}

/** A property in an object or a state: its value, or the id of the variable that holds it. */
export interface OvalProperty {
  readonly name: string
  readonly operation: string
  readonly value: string
  readonly variable: string
}

/** A document, its definitions reduced to what its reader made of each. */
export interface OvalDocument<T> {
  readonly definitions: readonly T[]
  readonly tests: ReadonlyMap<string, OvalTest>
  readonly objects: ReadonlyMap<string, readonly OvalProperty[]>
  readonly states: ReadonlyMap<string, readonly OvalProperty[]>
  readonly variables: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads an OVAL definitions document (OVAL 5, https://oval-community-guidelines.readthedocs.io) in one pass. The definitions
 * come first and name tests that come after them, so everything has to be held: `reduce` says what of a definition.
 * Throws what `parseXml` throws, `FEED_FAILED` for a document that is not OVAL, and `LIMIT_EXCEEDED` when more than
 * `maxBytes` would be held.
 */
export async function readOval<T>(
  source: AsyncIterable<Buffer>,
  where: string,
  reduce: (definition: OvalDefinition) => T | undefined,
  maxBytes: number = limits.feedHeldBytes,
): Promise<OvalDocument<T>> {
  const reader = new OvalReader(where, reduce, maxBytes)
  await parseXml(source, where, reader)
  return reader.document
}

/** A copy of `text` that does not keep the text it is a part of in memory. */
export function detached(text: string): string {
  return text.length < 13 ? text : Buffer.from(text).toString()
}

/** What is held for one element beside its text, in bytes: about. */
const heldBytes = 100

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type OpenCriteria = Mutable<OvalCriteria> & { criterions: OvalCriterion[]; criteria: OvalCriteria[] }

class OvalReader<T> implements XmlHandler {
  readonly #where: string
  readonly #reduce: (definition: OvalDefinition) => T | undefined
  readonly #maxBytes: number
  readonly #definitions: T[] = []
  readonly #tests = new Map<string, OvalTest>()
  readonly #objects = new Map<string, OvalProperty[]>()
  readonly #states = new Map<string, OvalProperty[]>()
  readonly #variables = new Map<string, string[]>()
  readonly #localNames = new Map<string, string>()
  #held = 0
  #depth = 0
  #section = ''
  #text: string | undefined
  #definition: (Mutable<OvalDefinition> & { references: { source: string; id: string; url: string }[] }) | undefined
  #criteria: OpenCriteria[] = []
  #test: (Mutable<OvalTest> & { states: string[] }) | undefined
  #properties: OvalProperty[] = []
  #property: Omit<OvalProperty, 'value'> | undefined
  #values: string[] = []

  constructor(where: string, reduce: (definition: OvalDefinition) => T | undefined, maxBytes: number) {
    this.#where = where
    this.#reduce = reduce
    this.#maxBytes = maxBytes
  }

  get document(): OvalDocument<T> {
    return {
      definitions: this.#definitions,
      tests: this.#tests,
      objects: this.#objects,
      states: this.#states,
      variables: this.#variables,
    }
  }

  onOpen(qualified: string, attributes: Readonly<Record<string, string>>): void {
    const name = this.#localName(qualified)
    const depth = ++this.#depth
    this.#text = undefined
    if (depth === 1 && name !== 'oval_definitions') throw this.#failure(`its root is ${name} and not oval_definitions`)
    if (depth === 2) this.#section = name
    if (depth < 3) return
    switch (this.#section) {
      case 'definitions':
        this.#openInDefinition(name, attributes)
        break
      case 'tests':
        this.#openInTest(name, depth, attributes)
        break
      case 'objects':
      case 'states':
        this.#openInItem(name, depth, attributes)
        break
      case 'variables':
        this.#openInVariable(depth, attributes)
        break
    }
  }

  onText(text: string): void {
    if (this.#text !== undefined) this.#text += text
  }

  onClose(qualified: string): void {
    const depth = this.#depth--
    const text = this.#text
    this.#text = undefined
    if (depth < 3) return
    switch (this.#section) {
      case 'definitions':
        this.#closeInDefinition(this.#localName(qualified), text)
        break
      case 'tests':
        if (depth === 3) this.#test = undefined
        break
      case 'objects':
      case 'states':
        if (depth === 4) this.#closeProperty(text)
        break
      case 'variables':
        if (depth === 4 && text !== undefined) this.#values.push(this.#keep(text))
        break
    }
  }

  #openInDefinition(name: string, attributes: Readonly<Record<string, string>>): void {
    const definition = this.#definition
    if (name === 'definition') {
      this.#definition = {
        id: attributes.id ?? '',
        class: attributes.class ?? '',
        title: '',
        description: '',
        severity: '',
        issued: '',
        updated: '',
        patchable: '',
        references: [],
        criteria: undefined,
      }
    } else if (definition === undefined) {
      return
    } else if (name === 'criterion') {
      const { test_ref: test = '', comment = '', negate } = attributes
      this.#criteria.at(-1)?.criterions.push({ test, comment, negate: negate === 'true' })
    } else if (name === 'criteria') {
      const { operator = 'AND', negate } = attributes
      this.#criteria.push({ operator, negate: negate === 'true', criterions: [], criteria: [] })
    } else if (name === 'reference') {
      const { source = '', ref_id: id = '', ref_url: url = '' } = attributes
      definition.references.push({ source, id, url })
    } else if (name === 'issued' || name === 'updated') {
      definition[name] ||= attributes.date ?? ''
    } else if (isTextOfDefinition(name)) {
      this.#text = ''
    }
  }

  #closeInDefinition(name: string, text: string | undefined): void {
    const definition = this.#definition
    if (definition === undefined) return
    if (name === 'definition') {
      this.#finish(definition)
    } else if (name === 'criteria') {
      const criteria = this.#criteria.pop()!
      const outer = this.#criteria.at(-1)
      if (outer === undefined) definition.criteria = criteria
      else outer.criteria.push(criteria)
    } else if (text !== undefined && isTextOfDefinition(name)) {
      definition[name] ||= text.trim()
    }
  }

  #finish(definition: OvalDefinition): void {
    const reduced = this.#reduce(definition)
    this.#definition = undefined
    this.#criteria = []
    if (reduced === undefined) return
    this.#definitions.push(reduced)
    const { criteria } = definition
    this.#hold(2 * (definition.title.length + definition.description.length) + heldBytes * countOf(criteria))
  }

  #openInTest(name: string, depth: number, attributes: Readonly<Record<string, string>>): void {
    if (depth === 3) {
      this.#test = { kind: name, object: '', states: [] }
      this.#tests.set(this.#keep(attributes.id ?? ''), this.#test)
    } else if (depth === 4 && name === 'object') {
      this.#test!.object = this.#keep(attributes.object_ref ?? '')
    } else if (depth === 4 && name === 'state') {
      this.#test!.states.push(this.#keep(attributes.state_ref ?? ''))
    }
  }

  #openInItem(name: string, depth: number, attributes: Readonly<Record<string, string>>): void {
    if (depth === 3) {
      this.#properties = []
      const items = this.#section === 'objects' ? this.#objects : this.#states
      items.set(this.#keep(attributes.id ?? ''), this.#properties)
    } else if (depth === 4) {
      const { operation = 'equals', var_ref: variable = '' } = attributes
      this.#property = { name, operation: this.#keep(operation), variable: variable && this.#keep(variable) }
      this.#text = ''
    }
  }

  #closeProperty(text = ''): void {
    if (this.#property !== undefined) this.#properties.push({ ...this.#property, value: this.#keep(text.trim()) })
    this.#property = undefined
  }

  #openInVariable(depth: number, attributes: Readonly<Record<string, string>>): void {
    if (depth === 3) {
      this.#values = []
      this.#variables.set(this.#keep(attributes.id ?? ''), this.#values)
    } else if (depth === 4) {
      this.#text = ''
    }
  }

  #localName(qualified: string): string {
    const known = this.#localNames.get(qualified)
    if (known !== undefined) return known
    const name = this.#keep(qualified.slice(qualified.indexOf(':') + 1))
    this.#localNames.set(this.#keep(qualified), name)
    return name
  }

  #keep(text: string): string {
    this.#hold(heldBytes + text.length)
    return detached(text)
  }

  #hold(bytes: number): void {
    this.#held += bytes
    if (this.#held <= this.#maxBytes) return
    throw new ChiaroError('LIMIT_EXCEEDED', `More than ${this.#maxBytes} bytes of it have to be held in memory`, {
      where: this.#where,
    })
  }

  #failure(what: string): ChiaroError {
    return new ChiaroError('FEED_FAILED', `This is not an OVAL document: ${what}`, { where: this.#where })
  }
}

function isTextOfDefinition(name: string): name is 'title' | 'description' | 'severity' | 'patchable' {
  return name === 'title' || name === 'description' || name === 'severity' || name === 'patchable'
}

function countOf(criteria: OvalCriteria | undefined): number {
  if (criteria === undefined) return 1
  return criteria.criteria.reduce((sum, inner) => sum + countOf(inner), 1 + criteria.criterions.length)
}
