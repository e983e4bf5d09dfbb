// Writes the skeleton of a new part. Usage: npm run new ecosystem NAME
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [kind, name] = process.argv.slice(2)
if (kind !== 'ecosystem' || name === undefined || !/^[a-z][a-z0-9]*$/.test(name)) {
  fail('usage: npm run new ecosystem NAME (lower-case letters and digits, such as mageia)')
}
const root = join(import.meta.dirname, '..')
const folder = join(root, 'src', 'ecosystems', name)
if (existsSync(folder)) fail(`${folder} is there already`)

const title = name[0]!.toUpperCase() + name.slice(1)
mkdirSync(join(folder, 'testdata'), { recursive: true })
write(
  'README.md',
  `# ${title}\n\nLinks to the documentation of the format; what each field means here; what is left out.\n`,
)
write('testdata/README.md', 'Where each document came from.\n')
write(
  'feed.ts',
  `import type { Feed } from '../../core/feed.ts'

/** The feeds of ${title}. Fill in: one entry a document, in the form of the other ecosystems' feeds. */
export const feeds: readonly Feed[] = []
`,
)
write(
  'index.ts',
  `import type { Ecosystem } from '../../core/ecosystem.ts'
import { dpkgStatus } from '../../formats/dpkg-status.ts'
import { osRelease } from '../../formats/os-release.ts'
import { dpkg } from '../../versions/dpkg.ts'
import { feeds } from './feed.ts'

/** ${title}. */
export const ${name}: Ecosystem = {
  id: '${name}',
  title: '${title}',
  versions: dpkg,
  analyzers: [osRelease, dpkgStatus],
  packageTypes: ['deb'],
  coverage: (release) => (release.id === '${name}' ? { scopes: [\`${name}:\${release.versionId}\`], feeds } : undefined),
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.source.name })),
  feeds: () => feeds,
}
`,
)
write(
  'index.test.ts',
  `import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { ${name} } from './index.ts'

const release = { id: '${name}', versionId: '1', codename: '', prettyName: '${title} 1', idLike: [], cpe: '' }

testEcosystem(${name}, {
  release,
  derivative: { ...release, id: 'derivative', idLike: ['${name}'] },
  package: { type: 'deb', name: 'zlib1g', version: '1-1', arch: 'amd64', source: { name: 'zlib', version: '1-1' } },
  versions: ['1-1', '1-2', '2-1'],
})
`,
)
register()
process.stdout.write(
  `src/ecosystems/${name}/ and its line in src/ecosystems/registry.ts are written. Now:\n` +
    `  npx vitest run src/ecosystems/${name}    fails until the folder is filled\n` +
    '  docs/how-to/distribution.md              says what belongs into each file\n',
)

function register(): void {
  const file = join(root, 'src', 'ecosystems', 'registry.ts')
  const text = readFileSync(file, 'utf8')
  const imports = [...text.matchAll(/^import \{ (\w+) \} from '\.\/(\w+)\/index\.ts'$/gm)].map((match) => match[1]!)
  const list = /= \[([^\]]*)\]/.exec(text)
  if (imports.length === 0 || list === null) fail(`${file} does not look as expected; add the line by hand`)
  const names = [...imports, name!].sort()
  const lines = names.map((id) => `import { ${id} } from './${id}/index.ts'`).join('\n')
  const first = text.indexOf(`import { ${imports[0]} }`)
  const last = text.indexOf('\n', text.indexOf(`import { ${imports.at(-1)} }`))
  const body = text.slice(last).replace(list[0], `= [\n${names.map((id) => `  ${id},\n`).join('')}]`)
  writeFileSync(file, text.slice(0, first) + lines + body)
}

function write(file: string, text: string): void {
  writeFileSync(join(folder, file), text)
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
