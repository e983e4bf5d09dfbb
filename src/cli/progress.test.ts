import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ProgressEvent } from '../core/progress.ts'
import { displayWidth } from '../report/layout.ts'
import { bytes, frame, type ProgressStream, showProgress } from './progress.ts'

const step = (more: Partial<ProgressEvent> = {}): ProgressEvent => ({
  step: 'a',
  label: 'layer 1 of 3',
  unit: 'bytes',
  done: 25_000_000,
  total: 100_000_000,
  finished: false,
  ...more,
})

function terminal(isTTY: boolean) {
  const written: string[] = []
  const stream = {
    isTTY,
    columns: 80,
    rows: 24,
    write: (text: string) => {
      written.push(text)
      return true
    },
  } as unknown as ProgressStream
  return { stream, written }
}

describe('a frame of progress', () => {
  it('shows bars, amounts and labels in columns', () => {
    const steps = [step(), step({ label: 'debian: importing', unit: 'records', done: 12_345, total: undefined })]
    expect(frame(steps, 80, 24)).toEqual([
      'layer 1 of 3       █████░░░░░░░░░░░░░░░   25%  25 MB of 100 MB',
      'debian: importing  12,345 records',
    ])
  })

  it.each([12, 20, 40, 41, 60, 80, 200])('no line reaches %i columns', (columns) => {
    const steps = [
      step(),
      step({ label: `${'long '.repeat(40)}` }),
      step({ label: '漢字'.repeat(30) }),
      step({ label: '\u001b[2J\nx', total: 0, done: 5 }),
      step({ done: 500, total: 100, unit: 'items' }),
    ]
    for (const text of frame(steps, columns, 24)) {
      expect(displayWidth(text)).toBeLessThan(columns)
      expect(text).not.toContain('\u001b')
    }
  })

  it('fits a low terminal, and says how many are not shown', () => {
    const steps = Array.from({ length: 20 }, (_, index) => step({ step: String(index) }))
    expect(frame(steps, 80, 24)).toHaveLength(8)
    expect(frame(steps, 80, 6)).toHaveLength(4)
    expect(frame(steps, 80, 6).at(-1)).toBe('and 17 more')
  })
})

describe('the display of progress', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each([
    ['in a pipe', false, true, {}],
    ['when it is not wanted', true, false, {}],
    ['on a dumb terminal', true, true, { TERM: 'dumb' }],
  ])('is silent %s', (_, isTTY, wanted, env) => {
    const { stream, written } = terminal(isTTY)
    const display = showProgress(stream, wanted, env)
    display.report(step())
    vi.advanceTimersByTime(1000)
    display.stop()
    expect(written).toEqual([])
  })

  it('draws ten times a second at most', () => {
    const { stream, written } = terminal(true)
    const display = showProgress(stream, true, {})
    for (let index = 0; index < 1000; index++) {
      display.report(step({ done: index }))
      vi.advanceTimersByTime(1)
    }
    expect(written.length).toBeGreaterThan(5)
    expect(written.length).toBeLessThanOrEqual(10)
    display.stop()
  })

  it('leaves nothing behind, also when the terminal was made narrower', () => {
    const { stream, written } = terminal(true)
    const display = showProgress(stream, true, {})
    display.report(step())
    display.report(step({ step: 'b' }))
    vi.advanceTimersByTime(150)
    expect(written.join('')).toContain('25%')
    stream.columns = 40
    display.stop()
    expect(written.at(-1)).toBe('\u001b[4A\r\u001b[J')
    vi.advanceTimersByTime(1000)
    expect(written).toHaveLength(2)
  })

  it('forgets what is finished', () => {
    const { stream, written } = terminal(true)
    const display = showProgress(stream, true, {})
    display.report(step())
    display.report(step({ finished: true }))
    vi.advanceTimersByTime(150)
    expect(written.join('')).not.toContain('layer')
    display.stop()
  })
})

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [999_400, '999 kB'],
  [999_600, '1.0 MB'],
  [2_600_000_000, '2.6 GB'],
])('%i bytes are %s', (count, text) => expect(bytes(count)).toBe(text))
