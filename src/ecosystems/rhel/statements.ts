import type { Advisory, AdvisoryKey, FixState, Statement } from '../../core/advisory.ts'
import type { Rating } from '../../core/severity.ts'
import type { CsafDocument, CsafRemediation, CsafVulnerability } from '../../feeds/csaf.ts'
import { type Component, readComponent } from './component.ts'
import { Fixes } from './fixes.ts'
import { binaryName, isJudged, sourceName } from './names.ts'
import { containersScope, scopeOfCpe, scopeOfSources } from './scopes.ts'
import { mainRating, ratingOf, sameRating } from './severity.ts'

/** What is said of one name: the strongest of all that is said of it in a document. */
interface Claim {
  readonly key: AdvisoryKey
  readonly fix: Exclude<FixState, 'fixed'>
  readonly rating: Rating | undefined
}

/** What counts when two states are stated of one name: the one that reports, and of these the one that says most. */
const strength: readonly FixState[] = [
  'not-affected',
  'undetermined',
  'end-of-life',
  'will-not-fix',
  'deferred',
  'open',
]

/** The statements that a VEX document makes of each of its vulnerabilities. */
export function advisoriesOf(document: CsafDocument): readonly Advisory[] {
  return document.vulnerabilities.map((vulnerability) => {
    const rating = mainRating(document, vulnerability)
    const statements = new Statements(document, vulnerability)
    for (const [status, products] of vulnerability.statuses) {
      for (const product of products) statements.add(status, product)
    }
    const id = vulnerability.cve ?? document.id
    return {
      vulnerability: {
        id,
        aliases: [],
        description: vulnerability.description || document.title,
        ratings: rating === undefined ? [] : [rating],
        links: [
          ...new Set([
            `https://access.redhat.com/security/cve/${encodeURIComponent(id.toWellFormed())}`,
            ...vulnerability.links,
          ]),
        ],
        ...(vulnerability.weakness === undefined ? {} : { weaknesses: [vulnerability.weakness] }),
        ...(vulnerability.published === undefined ? {} : { published: vulnerability.published }),
        ...(document.modified === undefined ? {} : { modified: document.modified }),
      },
      statements: statements.list(rating),
    }
  })
}

class Statements {
  readonly #document: CsafDocument
  readonly #vulnerability: CsafVulnerability
  readonly #fixes = new Map<string, Fixes>()
  readonly #claims = new Map<string, Claim>()

  constructor(document: CsafDocument, vulnerability: CsafVulnerability) {
    this.#document = document
    this.#vulnerability = vulnerability
  }

  /**
   * Takes in that a product has a status. What is said of products that no image has is left out; so is what is said of one
   * version only, if it is not that it is fixed: they are packages that were in an advisory with others.
   */
  add(status: string, product: string): void {
    const found = this.#document.component(product)
    const ofVersion = found?.product.purl?.includes('@') === true
    const component = found === undefined || (ofVersion && status !== 'fixed') ? undefined : readComponent(found)
    const cpe = found?.within.findLast((outer) => outer.cpe !== undefined)?.cpe
    if (component === undefined || (cpe === undefined && component.kind === 'rpm')) return
    if (component.kind === 'rpm' && !isJudged(component.name)) return
    if (status === 'fixed') this.#addFix(component, cpe ?? '', product)
    else this.#addClaim(component, cpe ?? '', this.#stateOf(status, product), product)
  }

  /** All of them; a rating only where it is another one than that of the vulnerability. */
  list(common: Rating | undefined): readonly Statement[] {
    const statements = new Map<string, Statement>()
    for (const fixes of this.#fixes.values()) {
      for (const statement of fixes.statements(common)) statements.set(keyText(statement.key), statement)
    }
    for (const [text, { key, fix, rating }] of this.#claims) {
      if (fix === 'not-affected' && statements.has(text)) continue
      const own = rating === undefined || fix === 'not-affected' || sameRating(rating, common) ? {} : { rating }
      statements.set(text, { key, fix, ...own })
    }
    return [...statements.values()]
  }

  #addFix(component: Component, cpe: string, product: string): void {
    const version = component.kind === 'rpm' ? component.version : component.tag
    if (version === undefined || version === '' || (component.kind === 'rpm' && component.arch === 'src')) return
    const scope = component.kind === 'rpm' ? scopeOfCpe(cpe) : containersScope
    if (scope === undefined) return
    const module = component.kind === 'rpm' ? component.module : undefined
    const name = binaryName(component.name, module)
    const text = keyText({ scope, name })
    let fixes = this.#fixes.get(text)
    if (fixes === undefined) {
      fixes = new Fixes(scope, component.name, { module, isContainer: component.kind === 'container' })
      this.#fixes.set(text, fixes)
    }
    fixes.add({
      version,
      arch: component.kind === 'rpm' ? (component.arch ?? '') : '',
      advisory: advisoryOf(this.#vulnerability.remediations(product)),
      rating: ratingOf(this.#vulnerability, product),
    })
  }

  #addClaim(component: Component, cpe: string, fix: Claim['fix'] | undefined, product: string): void {
    if (fix === undefined || (component.kind === 'rpm' ? component.version : component.tag) !== undefined) return
    const key = claimKey(component, cpe)
    if (key === undefined) return
    const text = keyText(key)
    const known = this.#claims.get(text)
    if (known !== undefined && strength.indexOf(known.fix) >= strength.indexOf(fix)) return
    this.#claims.set(text, { key, fix, rating: ratingOf(this.#vulnerability, product) })
  }

  /** `undefined` for statuses that state nothing by themselves, such as `recommended`. */
  #stateOf(status: string, product: string): Claim['fix'] | undefined {
    if (status === 'known_not_affected') return 'not-affected'
    if (status === 'under_investigation') return 'undetermined'
    return status === 'known_affected' ? affectedState(this.#vulnerability.remediations(product)) : undefined
  }
}

function claimKey(component: Component, cpe: string): AdvisoryKey | undefined {
  if (component.kind === 'container') return { scope: containersScope, name: component.name }
  const { name, module } = component
  const isSource = component.arch === 'src'
  const scope = isSource ? scopeOfSources(cpe) : scopeOfCpe(cpe)
  return scope === undefined
    ? undefined
    : { scope, name: isSource ? sourceName(name, module) : binaryName(name, module) }
}

/** The words of Red Hat's VEX (its guide to the format, "Remediations"). What is not known is taken for open. */
function affectedState(remediations: readonly CsafRemediation[]): Claim['fix'] {
  const none = remediations.find(({ category }) => category === 'no_fix_planned')
  if (none !== undefined) return /out of support/i.test(none.details) ? 'end-of-life' : 'will-not-fix'
  const deferred = remediations.some(({ category, details }) => category === 'none_available' && /defer/i.test(details))
  return deferred ? 'deferred' : 'open'
}

/** `RHSA-2024:2570`, of the link to the erratum that brings a fix. */
function advisoryOf(remediations: readonly CsafRemediation[]): string | undefined {
  for (const { category, url } of remediations) {
    const advisory = category === 'vendor_fix' ? /\/errata\/(RH[A-Z]A-\d{4}:\d+)/.exec(url ?? '') : null
    if (advisory !== null) return advisory[1]
  }
  return undefined
}

function keyText({ scope, name }: AdvisoryKey): string {
  return `${scope}\0${name}`
}
