import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../test/support/corpus.ts'
import { limits } from '../core/limits.ts'
import { type CsafDocument, readCsaf } from './csaf.ts'

const product = (product_id: string, helper: object = {}) => ({
  product: { product_id, name: product_id, product_identification_helper: helper },
})
const relationship = (product_id: string, product_reference: string, relates_to_product_reference: string) => ({
  category: 'default_component_of',
  product_reference,
  relates_to_product_reference,
  full_product_name: { product_id, name: product_id },
})

const sample = {
  document: {
    csaf_version: '2.0',
    title: 'openssl: a sample',
    aggregate_severity: { text: 'Moderate' },
    references: [{ url: 'https://example.org/a' }, { url: 'ftp://example.org/b' }, { url: 'https://example.org/a' }],
    tracking: { id: 'CVE-2099-1', initial_release_date: '2099-01-01T00:00:00Z' },
  },
  product_tree: {
    full_product_names: [product('plain').product],
    branches: [
      {
        category: 'vendor',
        branches: [
          { category: 'product_family', branches: [product('OS', { cpe: 'cpe:/o:vendor:os:1' })] },
          { category: 'architecture', branches: [product('pkg', { purl: 'pkg:rpm/vendor/pkg@1' })] },
          product('module', { purl: 'pkg:rpmmod/vendor/module@1' }),
        ],
      },
    ],
    relationships: [
      relationship('OS:pkg', 'pkg', 'OS'),
      relationship('OS:module', 'module', 'OS'),
      relationship('OS:module:pkg', 'pkg', 'OS:module'),
      relationship('lost', 'pkg', 'nowhere'),
      relationship('round', 'round', 'round'),
    ],
    product_groups: [{ group_id: 'all', product_ids: ['OS:pkg', 'plain'] }],
  },
  vulnerabilities: [
    {
      cve: 'CVE-2099-1',
      cwe: { id: 'CWE-20' },
      release_date: '2099-01-01T00:00:00Z',
      notes: [
        { category: 'summary', text: 'short' },
        { category: 'description', text: 'long' },
      ],
      references: [{ url: 'https://example.org/c' }],
      product_status: { fixed: ['OS:pkg'], known_affected: ['plain'] },
      remediations: [
        { category: 'vendor_fix', details: 'update', url: 'https://example.org/fix', product_ids: ['OS:pkg'] },
        { category: 'workaround', details: 'do not', group_ids: ['all', 'none'] },
      ],
      threats: [
        { category: 'impact', details: 'Low', product_ids: ['plain'] },
        { category: 'impact', details: 'Moderate' },
        { category: 'exploit_status', details: 'none', product_ids: ['OS:pkg'] },
      ],
      scores: [
        {
          products: ['OS:pkg'],
          cvss_v2: { vectorString: 'AV:N/AC:L/Au:N/C:N/I:N/A:P', baseScore: 5 },
          cvss_v3: { vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', baseScore: 7.5 },
        },
      ],
    },
  ],
}

function read(json: unknown): CsafDocument {
  const result = readCsaf(json)
  if ('problem' in result) throw new Error(result.problem)
  return result.value
}

/** The sample with another value at a place: `vulnerabilities.0.cve`. */
function withValue(place: string, value: unknown) {
  const json = structuredClone(sample)
  const names = place.split('.')
  const last = names.pop()!
  const target = names.reduce((node, name) => node[name] as Record<string, unknown>, json as Record<string, unknown>)
  target[last] = value
  return readCsaf(json)
}

describe('a CSAF document', () => {
  const document = read(sample)
  const [vulnerability] = document.vulnerabilities

  it('says what it is about', () => {
    expect(document).toMatchObject({
      id: 'CVE-2099-1',
      title: 'openssl: a sample',
      severity: 'Moderate',
      published: '2099-01-01T00:00:00Z',
      modified: undefined,
      links: ['https://example.org/a'],
    })
    expect(vulnerability).toMatchObject({
      cve: 'CVE-2099-1',
      description: 'long',
      weakness: 'CWE-20',
      links: ['https://example.org/c'],
    })
    expect([...vulnerability!.statuses]).toEqual([
      ['fixed', ['OS:pkg']],
      ['known_affected', ['plain']],
    ])
  })

  it.each([
    ['plain', 'plain', []],
    ['pkg', 'pkg', []],
    ['OS:pkg', 'pkg', ['OS']],
    ['OS:module:pkg', 'pkg', ['module', 'OS']],
  ])('%s is %s in %j', (id, name, within) => {
    const component = document.component(id)
    expect(component?.product.name).toBe(name)
    expect(component?.within.map((one) => one.name)).toEqual(within)
  })

  it.each(['nothing', 'lost', 'round'])('%s is no product', (id) => {
    expect(document.component(id)).toBeUndefined()
  })

  it('identifies products', () => {
    expect(document.component('OS:pkg')).toEqual({
      product: { name: 'pkg', cpe: undefined, purl: 'pkg:rpm/vendor/pkg@1' },
      within: [{ name: 'OS', cpe: 'cpe:/o:vendor:os:1', purl: undefined }],
    })
  })

  it('says what is said of one product, also as one of a group', () => {
    expect(vulnerability!.remediations('OS:pkg').map(({ category }) => category)).toEqual(['vendor_fix', 'workaround'])
    expect(vulnerability!.remediations('plain')).toEqual([
      { category: 'workaround', details: 'do not', url: undefined },
    ])
    expect(vulnerability!.remediations('nothing')).toEqual([])
    expect(vulnerability!.impact('plain')).toBe('Low')
    expect(vulnerability!.impact('OS:pkg'), 'what names no products is said of all').toBe('Moderate')
    expect(vulnerability!.score('plain')).toBeUndefined()
    expect(vulnerability!.score('OS:pkg')).toEqual({
      vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H',
      score: 7.5,
    })
  })
})

describe('a damaged CSAF document', () => {
  it.each<[string, string, unknown]>([
    ['/document must be object', 'document', []],
    ['it is of version 1.1 of CSAF', 'document.csaf_version', '1.1'],
    ['/vulnerabilities/0/product_status/fixed', 'vulnerabilities.0.product_status.fixed', 'all'],
    ['/vulnerabilities/0/scores/0', 'vulnerabilities.0.scores.0.cvss_v3.baseScore', 11],
    ['a branch of its product tree is no object', 'product_tree.branches.1', 1],
    ['a product: ', 'product_tree.branches.0.branches.2.product.name', 1],
    ['a product: ', 'product_tree.full_product_names.1', {}],
  ])('%s', (problem, place, value) => {
    const result = withValue(place, value)
    expect('problem' in result && result.problem).toContain(problem)
  })

  it('is one whose branches are deeper than any real one', () => {
    const nested = (depth: number): unknown => (depth === 0 ? product('deep') : { branches: [nested(depth - 1)] })
    const of = (depth: number) => withValue('product_tree.branches.1', nested(depth))
    expect(of(limits.feedRecordDepth)).toHaveProperty('value')
    expect(of(limits.feedRecordDepth + 1)).toHaveProperty('problem', expect.stringContaining('deeper'))
  })

  it.each([undefined, null, 1, 'text', [], {}])('%j is none', (json) => {
    expect(readCsaf(json)).toHaveProperty('problem')
  })
})

describe.skipIf(feeds === undefined)('CSAF documents of vendors (skipped without CHIARO_FEEDS)', () => {
  it('has the products of an advisory of Red Hat', () => {
    const path = 'security.access.redhat.com/data/csaf/v2/advisories/2024/rhsa-2024_10186.json'
    const document = read(JSON.parse(readFileSync(join(feeds!, path), 'utf8')))
    expect(document.id).toBe('RHSA-2024:10186')
    const ids = document.vulnerabilities.flatMap(({ statuses }) => [...statuses.values()].flat())
    expect(ids.length).toBeGreaterThan(0)
    for (const id of ids) expect(document.component(id), id).toBeDefined()
  })
})
