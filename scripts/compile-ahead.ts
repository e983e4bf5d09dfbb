// V8 compiles a function when it is called for the first time, and what Node keeps compiled (bin/chiaro.mjs) holds only what was
// compiled with the module. A function in parentheses is: V8 takes it for one that is called at once. So here the functions get
// parentheses that a second scan of the bundled example calls. With all of them in parentheses, loading takes longer again.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type ESTree, parseSync, Visitor } from 'rolldown/utils'

/** A part of a text, as `start-end`. */
type Range = `${number}-${number}`

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
    }[]
  }[]
}

const examples = join(import.meta.dirname, '..', 'examples')

/** Rewrites the chunk of the command in `dist` that a scan of a known image loads. */
export function compileAhead(dist: string): void {
  const [chunk, ...others] = globSync(join(dist, 'chunks', 'scan-*.js'))
  if (chunk === undefined || others.length > 0) throw new Error(`${dist} has not one chunk that scans`)
  const called = calledFunctions(join(dist, 'main.js'), basename(chunk))
  writeFileSync(chunk, withParentheses(readFileSync(chunk, 'utf8'), called))
}

/** The functions in a chunk that the second scan of the example calls. */
function calledFunctions(main: string, chunk: string): ReadonlySet<Range> {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-build-'))
  const image = `oci-layout:${join(examples, 'image')}:debian`
  const args = [main, 'scan', image, '--mirror', join(examples, 'feeds'), '--offline', '--db', join(folder, 'db')]
  const scan = (env: NodeJS.ProcessEnv) => {
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`the example could not be scanned: ${stderr}`)
  }
  try {
    scan({})
    const coverage = join(folder, 'coverage')
    scan({ NODE_V8_COVERAGE: coverage })
    const functions = readdirSync(coverage)
      .flatMap((file) => (JSON.parse(readFileSync(join(coverage, file), 'utf8')) as Coverage).result)
      .filter(({ url }) => basename(url) === chunk)
      .flatMap((script) => script.functions.map(({ ranges }) => ranges[0]!))
    return new Set(functions.filter(({ count }) => count > 0).map((at) => `${at.startOffset}-${at.endOffset}` as const))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * `code` with the functions in `called` in parentheses. Declarations become variables, at the top, where they were already defined
 * before. Methods cannot be helped.
 */
function withParentheses(code: string, called: ReadonlySet<Range>): string {
  const { program } = parseSync('chunk.js', code)
  const marks: { readonly at: number; readonly text: string }[] = []
  const mark = ({ start, end }: ESTree.Span) => {
    if (called.has(`${start}-${end}`)) marks.push({ at: start, text: '(' }, { at: end, text: ')' })
  }
  new Visitor({ ArrowFunctionExpression: mark, FunctionExpression: mark }).visit(program)
  marks.sort((left, right) => left.at - right.at)
  const part = (start: number, end: number) => {
    let text = ''
    let from = start
    for (const { at, text: parenthesis } of marks) {
      if (at < start || at > end) continue
      text += code.slice(from, at) + parenthesis
      from = at
    }
    return text + code.slice(from, end)
  }
  let imports = ''
  let variables = ''
  let rest = ''
  for (const node of program.body) {
    const text = part(node.start, node.end)
    if (node.type === 'ImportDeclaration') imports += text
    else if (node.type === 'FunctionDeclaration' && called.has(`${node.start}-${node.end}`))
      variables += `var ${node.id!.name}=(${text});`
    else rest += `${text}\n`
  }
  return `${imports}${variables}${rest}`
}
