import type { WriteStream } from 'node:tty'
import type { Progress, ProgressEvent } from '../core/progress.ts'
import { displayWidth, line, pad, truncate } from '../report/layout.ts'
import { grouped } from '../report/words.ts'

/** Shows progress until it is stopped, and leaves nothing behind. */
export interface ProgressDisplay {
  readonly report: Progress
  stop(): void
}

/** The part of a terminal that progress needs. */
export type ProgressStream = Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'write'>

const interval = 100
const linesShown = 8
const barWidth = 20

/** Progress on `stream` if that is a terminal and `wanted`; else silence. Drawn ten times a second at most. */
export function showProgress(
  stream: ProgressStream,
  wanted: boolean,
  env: NodeJS.ProcessEnv = process.env,
): ProgressDisplay {
  if (!wanted || stream.isTTY !== true || env.TERM === 'dumb') return { report: () => {}, stop: () => {} }
  const steps = new Map<string, ProgressEvent>()
  let drawn: readonly string[] = []
  let timer: NodeJS.Timeout | undefined

  const draw = () => {
    timer = undefined
    const lines = frame([...steps.values()], stream.columns || 80, stream.rows || 24)
    stream.write(erase(drawn, stream.columns || 80) + lines.map((text) => `${text}\n`).join(''))
    drawn = lines
  }

  return {
    report: (event) => {
      if (event.finished) steps.delete(event.step)
      else steps.set(event.step, event)
      timer ??= setTimeout(draw, interval).unref()
    },
    stop: () => {
      clearTimeout(timer)
      timer = undefined
      steps.clear()
      if (drawn.length > 0) stream.write(erase(drawn, stream.columns || 80))
      drawn = []
    },
  }
}

/** What takes the cursor back to where the lines begin, and clears from there. Narrowed terminals have wrapped them. */
function erase(lines: readonly string[], columns: number): string {
  const rows = lines.reduce((sum, text) => sum + Math.max(1, Math.ceil(displayWidth(text) / columns)), 0)
  return rows === 0 ? '' : `\u001b[${rows}A\r\u001b[J`
}

/** The lines to show, each narrower than the terminal, so that none wraps. */
export function frame(steps: readonly ProgressEvent[], columns: number, rows: number): readonly string[] {
  const room = Math.max(1, Math.min(linesShown, rows - 2))
  const shown = steps.length > room ? steps.slice(0, room - 1) : steps
  const width = Math.max(1, columns - 1)
  const labels = shown.map(({ label }) => line(label))
  const label = Math.min(Math.max(0, ...labels.map(displayWidth)), Math.max(12, Math.floor(width / 2)))
  const lines = shown.map((step, index) =>
    truncate(stepLine(step, pad(truncate(labels[index]!, label), label), width), width),
  )
  return steps.length > shown.length ? [...lines, truncate(`and ${steps.length - shown.length} more`, width)] : lines
}

function stepLine(step: ProgressEvent, label: string, width: number): string {
  const { done, total, unit } = step
  const amount = total === undefined ? amountOf(done, unit) : `${amountOf(done, unit)} of ${amountOf(total, unit)}`
  if (total === undefined || total <= 0) return done === 0 ? label.trimEnd() : `${label}  ${amount}`
  const share = Math.min(1, done / total)
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`
  const bar = Math.min(barWidth, width - displayWidth(label) - displayWidth(amount) - percent.length - 6)
  if (bar < 5) return `${label}  ${percent}`
  const full = Math.round(share * bar)
  return `${label}  ${'█'.repeat(full)}${'░'.repeat(bar - full)}  ${percent}  ${amount}`
}

function amountOf(count: number, unit: ProgressEvent['unit']): string {
  if (unit === 'bytes') return bytes(count)
  return unit === 'records' ? `${grouped(count)} records` : grouped(count)
}

/** Bytes in the unit that suits them: `512 B`, `1.5 MB`. Decimal, as registries and networks count. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? String(value) : value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`
}
