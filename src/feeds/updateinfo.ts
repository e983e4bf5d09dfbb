import { ChiaroError } from '../core/errors.ts'
import { type XmlHandler, xmlRecords } from '../io/xml-stream.ts'

/** An update of a repository: an erratum, and the packages that it brings. Its texts may be parts of larger ones. */
export interface Update {
  readonly id: string
  /** `security`, `bugfix`, `enhancement`, `newpackage`. */
  readonly type: string
  readonly title: string
  readonly severity: string
  readonly description: string
  readonly issued: string
  readonly updated: string
  readonly references: readonly UpdateReference[]
  readonly packages: readonly UpdatePackage[]
}

/** What an update refers to: `{ type: 'cve', id: 'CVE-2023-0001', … }`. */
export interface UpdateReference {
  readonly type: string
  readonly id: string
  readonly href: string
}

/** A package of an update. */
export interface UpdatePackage {
  readonly name: string
  readonly arch: string
  /** `[epoch:]version-release`, without an epoch of 0. Empty if it is not stated. */
  readonly version: string
}

/**
 * The updates of an `updateinfo.xml`, as createrepo_c and yum have it
 * (https://github.com/rpm-software-management/createrepo_c, `updateinfo.c`), one after the other. Throws what `xmlRecords` throws,
 * and `FEED_FAILED` for a document that is something else.
 */
export function readUpdateinfo(source: AsyncIterable<Buffer>, where: string): AsyncGenerator<Update> {
  const handler = new UpdateinfoReader(where)
  return xmlRecords(source, where, { handler, records: handler.updates })
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type OpenUpdate = Mutable<Update> & { references: UpdateReference[]; packages: UpdatePackage[] }

/** The elements whose text is used, with the property that it becomes. */
const texts: ReadonlySet<string> = new Set(['id', 'title', 'severity', 'description'])

class UpdateinfoReader implements XmlHandler {
  readonly updates: Update[] = []
  readonly #where: string
  #depth = 0
  #update: OpenUpdate | undefined
  #text: string | undefined

  constructor(where: string) {
    this.#where = where
  }

  onOpen(name: string, attributes: Readonly<Record<string, string>>): void {
    const depth = ++this.#depth
    this.#text = undefined
    if (depth === 1 && name !== 'updates') throw this.#failure(name)
    if (depth === 2 && name === 'update') this.#update = newUpdate(attributes.type)
    const update = this.#update
    if (update === undefined) return
    if (depth === 3 && texts.has(name)) this.#text = ''
    if (depth === 3 && (name === 'issued' || name === 'updated')) update[name] = attributes.date ?? ''
    if (name === 'reference') {
      const { type = '', id = '', href = '' } = attributes
      update.references.push({ type, id, href })
    } else if (name === 'package') {
      const { name: pkg = '', arch = '' } = attributes
      update.packages.push({ name: pkg, arch, version: versionOf(attributes) })
    }
  }

  onText(text: string): void {
    if (this.#text !== undefined) this.#text += text
  }

  onClose(name: string): void {
    const depth = this.#depth--
    const update = this.#update
    if (update === undefined) return
    if (this.#text !== undefined) update[name as 'id' | 'title' | 'severity' | 'description'] = this.#text.trim()
    this.#text = undefined
    if (depth !== 2) return
    this.updates.push(update)
    this.#update = undefined
  }

  #failure(root: string): ChiaroError {
    const message = `This is not an updateinfo document: its root is ${root} and not updates`
    return new ChiaroError('FEED_FAILED', message, { where: this.#where })
  }
}

function newUpdate(type = ''): OpenUpdate {
  return {
    id: '',
    type,
    title: '',
    severity: '',
    description: '',
    issued: '',
    updated: '',
    references: [],
    packages: [],
  }
}

function versionOf({ epoch = '0', version = '', release = '' }: Readonly<Record<string, string>>): string {
  if (version === '' || release === '') return ''
  return `${epoch === '0' || epoch === '' ? '' : `${epoch}:`}${version}-${release}`
}
