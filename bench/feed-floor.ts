// The floor under importing feeds: decompress their files and parse them, nothing else.
//   node bench/feed-floor.ts FILE…     prints milliseconds; without a FILE their names are lines of standard input
import { createReadStream } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseDocument } from './document-floor.ts'

const named = process.argv.slice(2)
const files = named.length > 0 ? named : (await text(process.stdin)).split('\n').filter(Boolean)
const started = performance.now()
for (const file of files) await parseDocument(createReadStream(file, { highWaterMark: 256 * 1024 }), file)
process.stdout.write(JSON.stringify({ ms: performance.now() - started }))
