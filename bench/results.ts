// What the benchmark says: rows, gathered in parts, each a section of docs/benchmarks.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { median, type Run } from './measure.ts'
import type { Part } from './part.ts'

/** One line of the results. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly floor: string
  readonly ratio: string
  readonly target: string
}

/** Takes results as soon as they are there. */
export class Results {
  readonly rows: Row[] = []
  readonly notes: string[] = []
  /** Of the minute before the part began, so of what else runs on the machine. */
  readonly load = loadavg()[0]!

  push(row: Row): void {
    this.rows.push(row)
    const floor = row.floor === '' ? '' : ` (${row.floor}${row.ratio === '' ? '' : `, ratio ${row.ratio}`})`
    process.stderr.write(`${row.what}: ${row.ours}${floor} target ${row.target}\n`)
  }

  /** Says under the table how something was measured. */
  note(text: string): void {
    this.notes.push(text)
  }

  /** Medians of milliseconds, and their ratio. */
  times(what: string, ours: readonly number[], floorName: string, floor: readonly number[], target: string): void {
    this.push({
      what,
      ours: `${median(ours).toFixed(0)} ms`,
      floor: `${floorName}: ${median(floor).toFixed(0)} ms`,
      ratio: (median(ours) / median(floor)).toFixed(2),
      target,
    })
  }

  /** The largest of the runs' peaks. */
  memory(what: string, runs: readonly Run[], target: string): void {
    const peak = Math.max(...runs.map(({ mib }) => mib))
    this.push({ what, ours: `${peak.toFixed(0)} MiB`, floor: '', ratio: '', target })
  }
}

const introduction = `# Benchmarks

From \`CHIARO_CORPUS=… CHIARO_FEEDS=… npm run bench [-- PART…]\`: the built command and library.
Machines are noisy and differ: only the ratios within one part mean something, which is measured in one run. They are ratios of
medians of runs that were taken in turn. Memory is the peak of the whole process, the largest of the runs. Each part tells the
load (processes that run or want to) that the machine had when it began: anything but nothing makes numbers larger, and ratios
less certain.
`

/** Writes the section of a part, and leaves those of other parts as they are. */
export function writeSection(file: string, parts: readonly string[], part: string, section: string): void {
  const sections = existsSync(file) ? sectionsOf(readFileSync(file, 'utf8')) : new Map<string, string>()
  sections.set(part, section)
  const known = parts.flatMap((name) => sections.get(name) ?? [])
  writeFileSync(file, `${[introduction, ...known].join('\n')}`)
}

/** A part as its section. */
export function sectionOf({ id, title, once }: Part, times: number, { rows, notes, load }: Results): string {
  const runs = once ? 'one run' : `medians of ${times} runs`
  const table = rows.map(
    ({ what, ours, floor, ratio, target }) => `| ${what} | ${ours} | ${floor} | ${ratio} | ${target} |`,
  )
  return `## ${title}

\`npm run bench -- ${id}\`; ${runs}; ${machine()}, load ${load.toFixed(1)}.

| what | Chiaro | floor | ratio | at most |
| --- | --- | --- | --- | --- |
${table.join('\n')}
${notes.map((note) => `\n${note}\n`).join('')}`
}

function sectionsOf(text: string): Map<string, string> {
  const sections = text
    .split(/^(?=## )/m)
    .slice(1)
    .map((section) => `${section.trimEnd()}\n`)
  const named = sections.map((section) => [/npm run bench -- ([\w-]+)/.exec(section)?.[1] ?? '', section] as const)
  return new Map(named)
}

function machine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const cpu = cpus()[0]?.model.trim()
  const cores = `${availableParallelism()} cores`
  return [cpu, cores, memory, `${process.platform} ${process.arch}`, `Node ${process.versions.node}`]
    .filter((part) => part && part !== 'unknown')
    .join(', ')
}
