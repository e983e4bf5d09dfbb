// Bundles the command, the worker and the library into dist/, and writes the library's types. Third-party code is bundled
// too, so that an installation brings nothing but Chiaro (and its Node). With the name of another folder as its argument, it
// writes only the bundles, into that.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build, type Plugin } from 'rolldown'
import { version } from '../src/version.ts'
import { compileAhead } from './compile-ahead.ts'

const root = join(import.meta.dirname, '..')
const [folder] = process.argv.slice(2)

/**
 * What a scan of a known image loads, each with all that it imports. It becomes one chunk, since finding and linking forty
 * modules takes longer than what they do. Everything else is loaded when it is used.
 */
const hotPath = new Set(
  [
    'src/cli/run.ts',
    'src/cli/run/scan.ts',
    'src/compose.ts',
    'src/image/registry.ts',
    'src/scan/index-image.ts',
    'src/store/sqlite/open.ts',
  ].map((path) => join(root, path)),
)

/**
 * An import of a built-in module reads every property that it exports, and many of them load what nobody asked for: node:util
 * loads worker threads, node:process opens standard input. Here each name is a property read of its own, and those that
 * are not used are dropped. CommonJS gets the module itself, which can be a function: node:assert is one.
 */
const leanBuiltins: Plugin = {
  name: 'lean-builtins',
  resolveId: (source, _, { kind }) => {
    if (!isBuiltin(source)) return undefined
    return kind === 'require-call' ? `\0required:${source}` : `\0${source}`
  },
  load: (id) => {
    const [, required, name] = /^\0(required:)?(.+)$/.exec(id) ?? []
    if (name === undefined || !isBuiltin(name)) return undefined
    const code = required === undefined ? builtin(name) : `module.exports = process.getBuiltinModule('${name}')`
    return { code, moduleSideEffects: false }
  },
}

/** The version is needed in many places. As a constant of each of them it is no module to load. */
const ownVersion: Plugin = {
  name: 'own-version',
  resolveId: (source, importer) => (/\/version\.ts$/.test(source) ? `\0version of ${importer}` : undefined),
  load: (id) => (id.startsWith('\0version of ') ? `export const version = ${JSON.stringify(version)}` : undefined),
}

/** commander loads child processes for commands that are programs of their own. There are none, and it costs milliseconds. */
const leanCommander: Plugin = {
  name: 'lean-commander',
  resolveId: (source, importer) =>
    source === 'node:child_process' && importer?.includes('/commander/') ? '\0no-child-process' : undefined,
  load: (id) => (id === '\0no-child-process' ? 'export default {}' : undefined),
}

/** ASCII is decoded and parsed quicker. What is not stands in strings and patterns only, where an escape means the same. */
const ascii: Plugin = {
  name: 'ascii',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type === 'chunk') chunk.code = chunk.code.replace(/[^\0-\x7f]/g, escaped)
    }
  },
}

/**
 * What is imported when it is used, and stands in one chunk with others, gets a chunk of its own that only hands it on. Loading
 * that takes a millisecond or two; here the import takes it out of the chunk itself.
 */
const directImports: Plugin = {
  name: 'direct-imports',
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
    const handed = new Map(
      chunks.flatMap(({ fileName, code }) => {
        const [, names, from] = /^export\{([^}]+)\}from"\.\/([^"]+)";?\s*$/.exec(code) ?? []
        return names === undefined ? [] : [[fileName.split('/').at(-1)!, { names, from: from! }] as const]
      }),
    )
    for (const chunk of chunks) {
      chunk.code = chunk.code.replace(/\bimport\(`(\.\/(?:chunks\/)?)([^`]+)`\)/g, (original, folder, name) => {
        const found = handed.get(name)
        if (found === undefined) return original
        const members = found.names.split(',').map((pair) => {
          const [inside, outside = inside] = pair.trim().split(' as ')
          return `${outside}:m.${inside}`
        })
        return `import(\`${folder}${found.from}\`).then(m=>({${members}}))`
      })
    }
  },
}

if (folder === undefined) rmSync(join(root, 'dist'), { recursive: true, force: true })
await build({
  cwd: root,
  input: { main: 'src/cli/main.ts', index: 'src/index.ts', worker: 'src/worker.ts' },
  platform: 'node',
  plugins: [ownVersion, leanCommander, leanBuiltins, directImports, ascii],
  treeshake: { propertyReadSideEffects: false },
  output: {
    dir: folder ?? 'dist',
    format: 'esm',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    codeSplitting: {
      groups: [{ name: 'scan', test: (id) => hotPath.has(id) }],
    },
  },
})
compileAhead(folder ?? join(root, 'dist'))
if (folder !== undefined) process.exit()
const types = spawnSync('tsc', ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
process.exit(types.status ?? 1)

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function builtin(name: string): string {
  const names = Object.keys(process.getBuiltinModule(name)!).filter((key) => key !== 'default')
  const exports = names.map((key) => `export const ${key} = builtin.${key}`)
  return [`const builtin = process.getBuiltinModule('${name}')`, 'export default builtin', ...exports].join('\n')
}
