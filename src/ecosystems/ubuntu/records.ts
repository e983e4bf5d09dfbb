import type { FeedRecord, FixState, Statement, Vulnerability } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { detached, type OvalDefinition, type OvalDocument, readOval } from '../../feeds/oval.ts'
import { dpkg } from '../../versions/dpkg.ts'
import { type Claim, ClaimReader, type Claims } from './claims.ts'
import { ratingsOf } from './severity.ts'

/** What is kept of a definition until the tests that it names have been read. */
interface Entry extends Claims {
  readonly vulnerability: Vulnerability
}

/** What a release's OVAL document says, once all of it has been read. */
export async function* readRecords(
  spool: Spool,
  signal: AbortSignal,
  url: string,
  scope: string,
): AsyncGenerator<FeedRecord> {
  const reader = new ClaimReader()
  const document = await readOval(spool.read(documentName, signal), url, (definition) => entryOf(definition, reader))
  const versions = new VersionFinder(document)
  for (const { vulnerability, claims, unread } of document.definitions) {
    const statements = new Map<string, Statement>()
    for (const claim of claims) {
      const version = versions.of(claim.test)
      if (version === undefined) {
        yield badRecord(`${vulnerability.id} ${claim.comment.name}`, `its test ${claim.test} cannot be read`)
        continue
      }
      const statement = statementOf(scope, claim, version)
      const other = statements.get(claim.comment.name)
      if (other === undefined || outweighs(statement, other)) statements.set(claim.comment.name, statement)
    }
    for (const comment of unread) yield badRecord(vulnerability.id, `${JSON.stringify(comment)} is not understood`)
    yield { vulnerability, statements: [...statements.values()] }
  }
}

function entryOf(definition: OvalDefinition, reader: ClaimReader): Entry | undefined {
  if (definition.class !== 'vulnerability') return undefined
  const reference = definition.references.find(({ source }) => source === 'CVE')
  const id = detached(reference?.id || definition.title.split(' ')[0]! || definition.id)
  const [description] = definition.description.split(/\s*Update Instructions:/, 1)
  return {
    vulnerability: {
      id,
      aliases: [],
      description: detached(description!),
      ratings: ratingsOf(detached(definition.severity)),
      links: [`https://ubuntu.com/security/${encodeURIComponent(id.toWellFormed())}`],
    },
    ...reader.read(definition.criteria),
  }
}

function statementOf(scope: string, { comment }: Claim, version: string): Statement {
  const fix = comment.fix === 'fixed' && version === '' ? 'open' : comment.fix
  const note = fix === 'fixed' && /[+~]esm\d/.test(version) ? needsPro : comment.note
  return {
    key: { scope, name: comment.name },
    fix,
    ...(fix === 'fixed' ? { fixedIn: version } : {}),
    ...(note === undefined ? {} : { note }),
  }
}

const needsPro = 'needs Ubuntu Pro'

/** From what reports the most to what reports the least. */
const weights: readonly FixState[] = [
  'open',
  'undetermined',
  'deferred',
  'will-not-fix',
  'end-of-life',
  'fixed',
  'not-affected',
]

/** Of two statements of one package and vulnerability the one that reports more counts, of two fixes the later one. */
function outweighs(statement: Statement, other: Statement): boolean {
  if (statement.fix !== 'fixed' || other.fix !== 'fixed') {
    return weights.indexOf(statement.fix) < weights.indexOf(other.fix)
  }
  return dpkg.compare(statement.fixedIn!, other.fixedIn!) === 1
}

/** Finds the versions that tests compare with, each once. */
class VersionFinder {
  readonly #document: OvalDocument<unknown>
  readonly #versions = new Map<string, string | undefined>()

  constructor(document: OvalDocument<unknown>) {
    this.#document = document
  }

  /** The version below which `test` holds; empty if it holds for any; `undefined` if it cannot be read. */
  of(test: string): string | undefined {
    if (this.#versions.has(test)) return this.#versions.get(test)
    const version = this.#find(test)?.replace(/^0:/, '')
    this.#versions.set(test, version)
    return version
  }

  #find(id: string): string | undefined {
    const test = this.#document.tests.get(id)
    if (test === undefined) return undefined
    if (test.kind === 'variable_test') return this.#patchedKernel(test.object)
    if (test.kind !== 'dpkginfo_test' && test.kind !== 'unknown_test') return undefined
    const [state] = test.states
    if (state === undefined) return ''
    const property = this.#document.states.get(state)?.find(({ name }) => name === 'evr')
    return property?.operation === 'less than' && property.value !== '' ? property.value : undefined
  }

  /** The constant that the version of the running kernel is compared with. */
  #patchedKernel(object: string): string | undefined {
    const reference = this.#document.objects.get(object)?.find(({ name }) => name === 'var_ref')
    return this.#document.variables.get(reference?.value ?? '')?.[0]
  }
}
