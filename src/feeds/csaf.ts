import { limits } from '../core/limits.ts'
import { type CsafJson, checkDocument, checkProduct, type ProductJson, type VulnerabilityJson } from './csaf-schema.ts'
import type { CheckedRecord } from './record-check.ts'

/** A product of the product tree, by what identifies it. */
export interface CsafProduct {
  readonly name: string
  readonly cpe: string | undefined
  readonly purl: string | undefined
}

/** A product, and the products that it is a component of, the nearest first: a module, then the operating system. */
export interface CsafComponent {
  readonly product: CsafProduct
  readonly within: readonly CsafProduct[]
}

/** A remedy, and where it can be read of. */
export interface CsafRemediation {
  /** `vendor_fix`, `no_fix_planned`, `none_available`, `workaround`, `mitigation`. */
  readonly category: string
  readonly details: string
  readonly url: string | undefined
}

/** A CVSS vector and base score; a vector without a version in it is of version 2. */
export interface CsafScore {
  readonly vector: string
  readonly score: number | undefined
}

/** What a document says of one vulnerability. */
export interface CsafVulnerability {
  readonly cve: string | undefined
  /** The text of its note of category `description`, or what takes its place: `summary`, its title. */
  readonly description: string
  readonly weakness: string | undefined
  readonly links: readonly string[]
  readonly published: string | undefined
  /** The ids of products by status: `fixed`, `known_affected`, `known_not_affected`, `under_investigation` … */
  readonly statuses: ReadonlyMap<string, readonly string[]>
  remediations(product: string): readonly CsafRemediation[]
  /** The vendor's word for the impact on a product: the threat of category `impact` that names it, or none. */
  impact(product: string): string | undefined
  /** Its score for a product, of the newest version of CVSS. */
  score(product: string): CsafScore | undefined
}

/** A CSAF 2.0 document: an advisory, or what a vendor says of one vulnerability in its products (VEX). */
export interface CsafDocument {
  /** The id that its vendor tracks it by. */
  readonly id: string
  readonly title: string
  /** The vendor's word for the severity of it all. */
  readonly severity: string | undefined
  readonly published: string | undefined
  readonly modified: string | undefined
  readonly links: readonly string[]
  readonly vulnerabilities: readonly CsafVulnerability[]
  /** The product of an id, in what it is a component of; `undefined` if the product tree does not have it. */
  component(product: string): CsafComponent | undefined
}

/**
 * Reads a CSAF 2.0 document (OASIS, Common Security Advisory Framework 2.0), already parsed as JSON: the product tree with
 * its relationships of category `default_component_of`, and what is said of vulnerabilities. What is wrong with it, if
 * anything that is used is missing or of another type.
 */
export function readCsaf(json: unknown): CheckedRecord<CsafDocument> {
  const checked = checkDocument(json)
  if ('problem' in checked) return checked
  const { document, product_tree: tree, vulnerabilities = [] } = checked.value
  if (!document.csaf_version.startsWith('2.')) return { problem: `it is of version ${document.csaf_version} of CSAF` }
  const products = readProducts(tree)
  if ('problem' in products) return products
  const relationships = new Map(tree?.relationships?.map((one) => [one.full_product_name.product_id, one]))
  const groups = new Map(tree?.product_groups?.map((group) => [group.group_id, group.product_ids]))
  return {
    value: {
      id: document.tracking.id,
      title: document.title,
      severity: document.aggregate_severity?.text,
      published: document.tracking.initial_release_date,
      modified: document.tracking.current_release_date,
      links: linksOf(document.references),
      vulnerabilities: vulnerabilities.map((vulnerability) => readVulnerability(vulnerability, groups)),
      component: (id) => componentOf(id, products.value, relationships, 0),
    },
  }
}

type Tree = CsafJson['product_tree']
type Relationship = NonNullable<NonNullable<Tree>['relationships']>[number]
type Products = ReadonlyMap<string, CsafProduct>

function readProducts(tree: Tree): CheckedRecord<Products> {
  const products = new Map<string, CsafProduct>()
  const problem =
    (tree?.full_product_names ?? []).map((product) => addProduct(product, products)).find(Boolean) ??
    addBranches(tree?.branches ?? [], products, 0)
  return problem === undefined ? { value: products } : { problem }
}

/** Adds the products of all branches; says what is wrong with one. */
function addBranches(
  branches: readonly unknown[],
  products: Map<string, CsafProduct>,
  depth: number,
): string | undefined {
  if (depth > limits.feedRecordDepth) return `its product tree is deeper than ${limits.feedRecordDepth} branches`
  for (const branch of branches) {
    if (typeof branch !== 'object' || branch === null) return 'a branch of its product tree is no object'
    const { product, branches: below } = branch as { product?: unknown; branches?: unknown }
    const problem =
      (product === undefined ? undefined : addProduct(product, products)) ??
      (Array.isArray(below) ? addBranches(below, products, depth + 1) : undefined)
    if (problem !== undefined) return problem
  }
  return undefined
}

function addProduct(product: unknown, products: Map<string, CsafProduct>): string | undefined {
  const checked = checkProduct(product)
  if ('problem' in checked) return `a product: ${checked.problem}`
  const { product_id, name, product_identification_helper: helper }: ProductJson = checked.value
  products.set(product_id, { name, cpe: helper?.cpe, purl: helper?.purl })
  return undefined
}

/** Components of components are followed as far as real ones go, and out of every circle. */
const deepest = 8

function componentOf(
  id: string,
  products: Products,
  relationships: ReadonlyMap<string, Relationship>,
  depth: number,
): CsafComponent | undefined {
  const relationship = relationships.get(id)
  if (relationship === undefined || depth === deepest) {
    const product = products.get(id)
    return product && { product, within: [] }
  }
  const component = products.get(relationship.product_reference)
  const platform = products.get(relationship.relates_to_product_reference)
  if (component !== undefined && platform !== undefined) return { product: component, within: [platform] }
  const inner = componentOf(relationship.product_reference, products, relationships, depth + 1)
  const outer = componentOf(relationship.relates_to_product_reference, products, relationships, depth + 1)
  if (inner === undefined || outer === undefined) return undefined
  return { product: inner.product, within: [...inner.within, outer.product, ...outer.within] }
}

type Groups = ReadonlyMap<string, readonly string[]>

function readVulnerability(json: VulnerabilityJson, groups: Groups): CsafVulnerability {
  const { notes = [], remediations = [], threats = [], scores = [] } = json
  const remedies = byProduct(remediations, (one) => productsOf(one, groups))
  const impacts = threats.filter(({ category }) => category === 'impact')
  const ofAll = impacts.find(({ product_ids, group_ids }) => product_ids === undefined && group_ids === undefined)
  const impact = byProduct(impacts, (one) => productsOf(one, groups))
  const scored = byProduct(scores, ({ products }) => products)
  const note = (category: string) => notes.find((one) => one.category === category)?.text
  return {
    cve: json.cve,
    description: note('description') ?? note('summary') ?? json.title ?? '',
    weakness: json.cwe?.id,
    links: linksOf(json.references),
    published: json.release_date,
    statuses: new Map(Object.entries(json.product_status ?? {})),
    remediations: (product) =>
      (remedies.get(product) ?? []).map(({ category, details = '', url }) => ({ category, details, url })),
    impact: (product) => (impact.get(product)?.[0] ?? ofAll)?.details,
    score: (product) => scoreOf(scored.get(product)?.[0]),
  }
}

function productsOf(about: { product_ids?: string[]; group_ids?: string[] }, groups: Groups): readonly string[] {
  const inGroups = (about.group_ids ?? []).flatMap((group) => groups.get(group) ?? [])
  return [...(about.product_ids ?? []), ...inGroups]
}

function byProduct<T>(
  entries: readonly T[],
  products: (entry: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>()
  for (const entry of entries) {
    for (const product of products(entry)) {
      const known = found.get(product)
      if (known === undefined) found.set(product, [entry])
      else known.push(entry)
    }
  }
  return found
}

type ScoreJson = NonNullable<VulnerabilityJson['scores']>[number]

function scoreOf(score: ScoreJson | undefined): CsafScore | undefined {
  const newest = [score?.cvss_v4, score?.cvss_v3, score?.cvss_v2].find((cvss) => cvss?.vectorString !== undefined)
  return newest && { vector: newest.vectorString!, score: newest.baseScore }
}

function linksOf(references: readonly { readonly url: string }[] | undefined): readonly string[] {
  const urls = (references ?? []).map(({ url }) => url).filter((url) => /^https?:\/\//i.test(url))
  return [...new Set(urls)]
}
