// Indexes an image with the built library and an empty database in memory.
//   node bench/index-image.ts LAYOUT     prints milliseconds and the number of packages
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const library = pathToFileURL(join(import.meta.dirname, '..', 'dist', 'index.js')).href
const { index } = (await import(library)) as typeof import('../src/index.ts')
const started = performance.now()
const { packages } = await index(`oci-layout:${process.argv[2]}`, { database: 'sqlite::memory:' })
process.stdout.write(JSON.stringify({ ms: performance.now() - started, packages: packages.length }))
