import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', 'src')

/** What each folder of src may import beside itself. `*` is everything. Files directly in src are named with their ending. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  versions: ['core'],
  formats: ['core'],
  io: ['core', 'version.ts'],
  config: ['core'],
  feeds: ['core', 'formats', 'io'],
  enrich: ['core', 'feeds', 'io'],
  image: ['core', 'io'],
  notify: ['core', 'io'],
  report: ['core', 'io'],
  ecosystems: ['core', 'versions', 'formats', 'feeds', 'io'],
  store: ['core', 'io'],
  scan: ['core', 'io'],
  update: ['core', 'io'],
  fleet: ['core', 'scan'],
  exchange: ['core', 'io', 'feeds', 'image'],
  'analyzers.ts': ['core', 'formats', 'ecosystems'],
  'worker.ts': ['core', 'io', 'scan', 'analyzers.ts'],
  'compose.ts': ['*'],
  server: ['compose.ts', 'core', 'config', 'report'],
  cli: ['compose.ts', 'core', 'config', 'report', 'server', 'version.ts'],
  'index.ts': ['compose.ts', 'core', 'config', 'report', 'version.ts'],
  'version.ts': [],
}

/** Names that say nothing about what is inside. */
const vague = /(?:^|\/)(?:utils?|helpers?|common|misc|shared|lib)(?:\.|\/|$)/

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'))
const product = files.filter((file) => !file.endsWith('.test.ts') && !file.includes('/testdata/'))

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const specifiers = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  )
  return [...specifiers].map((match) => match[1] ?? match[2]!)
}

function folderOf(file: string): string {
  return file.split('/')[0]!
}

function targets(file: string): readonly string[] {
  return importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(root, join(root, dirname(file), specifier)).replaceAll('\\', '/'))
}

describe('who may import whom', () => {
  it.each(product)('%s', (file) => {
    const folder = folderOf(file)
    const rule = allowed[folder]
    expect(rule, `src/${folder} has no rule in this test and in ARCHITECTURE.md`).toBeDefined()
    for (const target of targets(file)) {
      if (target.startsWith('../package.json')) continue
      const other = folderOf(target)
      if (other === folder) continue
      expect(rule!.includes('*') || rule!.includes(other), `${file} imports ${target}`).toBe(true)
    }
  })

  it('no ecosystem imports a sibling', () => {
    for (const file of product.filter((name) => name.startsWith('ecosystems/') && name.split('/').length > 2)) {
      const own = file.split('/')[1]
      for (const target of targets(file)) {
        if (target.startsWith('ecosystems/')) expect(target.split('/')[1], `${file} imports ${target}`).toBe(own)
      }
    }
  })

  it('no API imports another one, and the rest of the server none of them', () => {
    const apiOf = (path: string) => /^server\/api\/([^/]+)\/./.exec(path)?.[1]
    for (const file of product.filter((name) => name.startsWith('server/') && name !== 'server/api/registry.ts')) {
      for (const target of targets(file)) {
        if (apiOf(target) !== undefined) expect(apiOf(target), `${file} imports ${target}`).toBe(apiOf(file))
      }
    }
  })

  it('core imports nothing but itself', () => {
    for (const file of product.filter((name) => name.startsWith('core/'))) {
      for (const specifier of importsOf(file))
        expect(specifier.startsWith('./'), `${file} imports ${specifier}`).toBe(true)
    }
  })
})

describe('files', () => {
  it.each(product)('%s has a name that says something, and one purpose', (file) => {
    expect(vague.test(file), 'a vague name').toBe(false)
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    expect(
      lines.length > 400 && !lines.slice(0, 3).some((line) => line.includes('lines because')),
      'over 400 lines',
    ).toBe(false)
  })
})
