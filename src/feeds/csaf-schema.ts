import { type Static, Type } from 'typebox'
import { recordCheck } from './record-check.ts'

const text = Type.Optional(Type.String())
const names = Type.Optional(Type.Array(Type.String()))
const list = <Item extends Parameters<typeof Type.Array>[0]>(item: Item) => Type.Optional(Type.Array(item))

const reference = Type.Object({ category: text, summary: text, url: Type.String() })
const note = Type.Object({ category: Type.String(), text: Type.String(), title: text })

const relationship = Type.Object({
  category: Type.String(),
  product_reference: Type.String(),
  relates_to_product_reference: Type.String(),
  full_product_name: Type.Object({ product_id: Type.String(), name: Type.String() }),
})

const cvss = Type.Optional(
  Type.Object({ vectorString: text, baseScore: Type.Optional(Type.Number({ minimum: 0, maximum: 10 })) }),
)

/** What is said of some products, named one by one or in groups. */
const about = { product_ids: names, group_ids: names }

const vulnerability = Type.Object({
  cve: text,
  title: text,
  cwe: Type.Optional(Type.Object({ id: Type.String() })),
  notes: list(note),
  references: list(reference),
  release_date: text,
  product_status: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
  remediations: list(Type.Object({ ...about, category: Type.String(), details: text, url: text })),
  threats: list(Type.Object({ ...about, category: Type.String(), details: Type.String() })),
  scores: list(Type.Object({ products: Type.Array(Type.String()), cvss_v2: cvss, cvss_v3: cvss, cvss_v4: cvss })),
})

const document = Type.Object({
  document: Type.Object({
    csaf_version: Type.String(),
    title: Type.String(),
    aggregate_severity: Type.Optional(Type.Object({ text: Type.String() })),
    references: list(reference),
    tracking: Type.Object({ id: Type.String(), current_release_date: text, initial_release_date: text }),
  }),
  product_tree: Type.Optional(
    Type.Object({
      branches: Type.Optional(Type.Array(Type.Unknown())),
      full_product_names: Type.Optional(Type.Array(Type.Unknown())),
      relationships: list(relationship),
      product_groups: list(Type.Object({ group_id: Type.String(), product_ids: Type.Array(Type.String()) })),
    }),
  ),
  vulnerabilities: list(vulnerability),
})

const product = Type.Object({
  product_id: Type.String(),
  name: Type.String(),
  product_identification_helper: Type.Optional(Type.Object({ cpe: text, purl: text })),
})

/** A document, with the fields that are used; branches are taken apart one by one, as they hold each other. */
export type CsafJson = Static<typeof document>
export type VulnerabilityJson = Static<typeof vulnerability>
export const checkDocument = recordCheck(document)

/** What stands at the end of a branch: `full_product_name_t`. */
export type ProductJson = Static<typeof product>
export const checkProduct = recordCheck(product)
