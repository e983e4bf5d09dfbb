import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { environmentOf } from '../src/cli/option.ts'
import { createProgram } from '../src/cli/program.ts'
import { errorCodes } from '../src/core/errors.ts'
import { gapCodes } from '../src/core/gap.ts'
import { imageSources } from '../src/image/registry.ts'
import { gapAdvice } from '../src/report/gap-advice.ts'
import { reportWriters } from '../src/report/registry.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe('docs/dependencies.md', () => {
  const text = read('docs/dependencies.md')
  const named = new Set([...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]))
  const dependencies = Object.keys({
    ...('dependencies' in manifest ? (manifest.dependencies as object) : {}),
    ...manifest.optionalDependencies,
    ...manifest.devDependencies,
  })

  it.each(dependencies)('has a sentence for %s', (name) => {
    expect(named.has(name)).toBe(true)
  })

  it('versions are exact, and there is one Node for all platforms', () => {
    const all = { ...manifest.devDependencies, ...manifest.optionalDependencies }
    for (const version of Object.values(all)) expect(version).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/)
    expect(new Set(Object.values(manifest.optionalDependencies)).size).toBe(1)
  })
})

/** The rows of the tables in a text, without the first two; cells without their blanks. */
function rowsOf(text: string): readonly (readonly string[])[] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.replaceAll('\\|', '|').trim()),
  )
}

const code = (text: string) => `\`${text}\``

describe('the tables of codes', () => {
  it('docs/errors.md lists every error code with its meaning and what to do', () => {
    const rows = rowsOf(read('docs/errors.md'))
    expect(rows.map(([name, meaning]) => [name, meaning])).toEqual(
      Object.entries(errorCodes).map(([name, meaning]) => [code(name), meaning]),
    )
    for (const [name, , advice] of rows) expect(advice, name).toMatch(/\S.*\.$/)
  })

  it('docs/gaps.md lists every gap code with its meaning and what to do', () => {
    expect(rowsOf(read('docs/gaps.md'))).toEqual(
      Object.entries(gapCodes).map(([name, meaning]) => [
        code(name),
        meaning,
        gapAdvice[name as keyof typeof gapCodes],
      ]),
    )
  })
})

describe('docs/cli.md', () => {
  const text = read('docs/cli.md')
  const program = createProgram({ run: async () => {} })
  const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)]
  const nameOf = (command: Command): string =>
    command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()
  const commands = all(program)
    .filter((command) => command !== program)
    .map((command) => ({ name: nameOf(command), command }))

  it('has a section for every command, and no other', () => {
    const sections = [...text.matchAll(/^## (chiaro .+)$/gm)].map((match) => match[1])
    expect(sections.sort()).toEqual(commands.map(({ name }) => name).sort())
  })

  it('names in its first table every command, but for those that only group others', () => {
    const table = text.slice(0, text.indexOf('\n## '))
    const linked = [...table.matchAll(/\]\(#(chiaro-[a-z-]+)\)/g)].map((match) => match[1])
    const named = commands.map(({ name }) => name).filter((name) => name !== 'chiaro config')
    expect(linked.sort()).toEqual(named.map((name) => name.replaceAll(' ', '-')).sort())
  })

  it.each(commands)('the options of $name are those of the command', ({ name, command }) => {
    const section = text.split(`\n## ${name}\n`)[1]!.split('\n## ')[0]!
    const documented = rowsOf(section.slice(Math.max(0, section.indexOf('| option |')))).filter(([flags]) =>
      flags?.startsWith('`--'),
    )
    const environment = environmentOf(command)
    expect(documented.map(([flags, env]) => [flags, env])).toEqual(
      command.options.map(({ flags }) => [code(flags), environment.has(flags) ? code(environment.get(flags)!) : '']),
    )
    for (const [index, { defaultValue, defaultValueDescription }] of command.options.entries()) {
      const [flags, , cell] = documented[index]!
      const value = defaultValueDescription ?? defaultValue
      if (cell?.startsWith('`') && value !== undefined) expect(cell, flags).toBe(code(String(value)))
      if (cell === '') expect(typeof (value ?? true), flags).toBe('boolean')
    }
  })

  it.each(commands)('the help of $name has an example', ({ command }) => {
    let help = ''
    command
      .configureOutput({
        writeOut: (part) => {
          help += part
        },
      })
      .outputHelp()
    expect(help).toMatch(/Examples?:\n {2}chiaro /)
  })

  it('names every source of images, and so does the help', () => {
    let help = ''
    const { command } = commands.find(({ name }) => name === 'chiaro scan')!
    command
      .configureOutput({
        writeOut: (part) => {
          help += part
        },
      })
      .outputHelp()
    for (const { scheme } of imageSources) {
      expect(text).toContain(`${scheme}:`)
      expect(help).toContain(`${scheme}:`)
    }
  })

  it('names every report format, and so does the help', () => {
    const format = commands
      .find(({ name }) => name === 'chiaro scan')!
      .command.options.find(({ long }) => long === '--format')!
    for (const { id } of reportWriters) {
      expect(text).toContain(code(id))
      expect(format.description).toContain(id)
    }
  })
})

describe('links between documents', () => {
  const documents = ['.', 'docs', 'docs/how-to'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  )

  it.each(documents)('%s links to files that are there', (document) => {
    for (const [, target] of read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      expect(() => readdirOrFile(join(root, document, '..', target!)), target).not.toThrow()
    }
  })
})

function readdirOrFile(path: string): void {
  try {
    readFileSync(path)
  } catch {
    readdirSync(path)
  }
}
