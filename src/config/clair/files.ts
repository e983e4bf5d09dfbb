import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { ChiaroError, messageOf } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { isObject } from './check.ts'
import { jsonPatch, mergePatch } from './patches.ts'

/**
 * The document that a configuration file and its drop-ins make: files of `FILE.d` with the same ending are merged into it (RFC
 * 7396), those with the ending and `-patch` are applied as JSON patches (RFC 6902), in the order of their names; others
 * are passed over, as Clair does. Throws `CONFIG_INVALID` and `FILE_FAILED`, naming the file.
 */
export async function readConfigFiles(file: string): Promise<unknown> {
  const ending = extname(file)
  if (ending !== '.yaml' && ending !== '.json') {
    throw new ChiaroError('CONFIG_INVALID', 'the name of a configuration file ends in .yaml or .json', {
      where: file,
      advice: 'Rename it: Clair takes no other ending either.',
    })
  }
  let document = await readDocument(file)
  for (const dropIn of dropInsOf(file, ending)) {
    const found = await readDocument(dropIn)
    if (!dropIn.endsWith('-patch')) document = mergePatch(document, found)
    else {
      try {
        document = jsonPatch(document, found)
      } catch (error) {
        throw new ChiaroError('CONFIG_INVALID', `the patch cannot be applied: ${messageOf(error)}`, { where: dropIn })
      }
    }
  }
  return document
}

function dropInsOf(file: string, ending: string): readonly string[] {
  const folder = `${file}.d`
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw unreadable(folder, error)
  }
  return [...names]
    .sort()
    .filter((name) => [ending, `${ending}-patch`].includes(extname(name)))
    .map((name) => join(folder, name))
    .filter((path) => !statSync(path, { throwIfNoEntry: false })?.isDirectory())
}

async function readDocument(file: string): Promise<unknown> {
  const text = readText(file)
  const document = file.includes('.yaml', file.length - '.yaml-patch'.length)
    ? await parseYaml(text, file)
    : parseJson(text, file)
  if (file.endsWith('-patch')) return document
  // An empty YAML file says nothing, and that is no error.
  if (document === null && extname(file) === '.yaml') return {}
  if (!isObject(document)) throw new ChiaroError('CONFIG_INVALID', 'it is not an object', { where: file })
  return document
}

function readText(file: string): string {
  try {
    if (statSync(file).size > limits.configBytes) {
      throw new ChiaroError('LIMIT_EXCEEDED', `it has more than ${limits.configBytes} bytes`, { where: file })
    }
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw error instanceof ChiaroError ? error : unreadable(file, error)
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes what is in the file, which may be a key.
    throw new ChiaroError('CONFIG_INVALID', 'it is not JSON', { where })
  }
}

async function parseYaml(text: string, where: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true })
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0])
    throw new ChiaroError('CONFIG_INVALID', `it is not YAML: ${error.code} in line ${line}, column ${col}`, { where })
  }
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new ChiaroError('CONFIG_INVALID', `it is not YAML: ${messageOf(cause)}`, { where })
  }
}

function unreadable(file: string, cause: unknown): ChiaroError {
  return new ChiaroError('FILE_FAILED', `the configuration cannot be read: ${messageOf(cause)}`, { where: file, cause })
}
