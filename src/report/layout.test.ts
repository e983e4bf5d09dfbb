import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayWidth, line, pad, truncate, wrap } from './layout.ts'

describe('displayWidth', () => {
  // The widths are those of Node's own `getStringWidth` (node --expose-internals, internal/util/inspect) for each cluster.
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['漢字', 4],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['ﾊﾝ', 2],
    ['👩‍👩‍👧‍👦', 2],
    ['🇨🇭', 2],
    ['✓', 1],
    ['→', 1],
    ['█░', 2],
    ['\u200b', 0],
  ])('%j is %i', (text, width) => expect(displayWidth(text)).toBe(width))
})

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', 'b', ' ', '-', '.', '~', '漢', '👩‍👧', 'é'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
})

describe('wrap', () => {
  it.each([
    ['one two three', 7, ['one two', 'three']],
    ['3.0.11-1~deb12u2', 12, ['3.0.11-1', '~deb12u2']],
    ['7.88.1-10+deb12u4', 9, ['7.88.1-10', '+deb12u4']],
    ['aaaaaaaaaa', 4, ['aaaa', 'aaaa', 'aa']],
    ['a bbbbbb', 3, ['a', 'bbb', 'bbb']],
    ['漢字漢字', 5, ['漢字', '漢字']],
    ['', 5, ['']],
  ])('%j at %i', (text, width, lines) => expect(wrap(text, width)).toEqual(lines))

  it('keeps every character but blanks, and the width', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 30 }), (raw, width) => {
        const text = line(raw)
        const lines = wrap(text, width)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
        for (const part of lines) expect(displayWidth(part)).toBeLessThanOrEqual(width)
      }),
    )
  })
})

describe('truncate and pad', () => {
  it('give the width asked for', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 30 }), (raw, width) => {
        const text = line(raw)
        expect(displayWidth(truncate(text, width))).toBeLessThanOrEqual(width)
        if (displayWidth(text) <= width) {
          expect(displayWidth(pad(text, width))).toBe(width)
          expect(pad(text, width, 'right').endsWith(text)).toBe(true)
        }
      }),
    )
  })
})

describe('line', () => {
  it('shows what would be obeyed', () => {
    expect(line('\u001b[31m\n\u202e\ud800')).toBe('\\u001b[31m\\u000a\\u202e\ufffd')
  })
})
