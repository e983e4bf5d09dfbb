import type { Gap } from '../../core/gap.ts'
import { gapAdvice } from '../gap-advice.ts'
import { line, type Paint, paragraph, truncate } from '../layout.ts'
import { grouped } from '../words.ts'

const shownOfEach = 5

/** The gaps by kind: where each is, what happened, and what to do about it. */
export function* gapLines(gaps: readonly Gap[], width: number, paint: Paint): Iterable<string> {
  if (gaps.length === 0) return
  yield `${paint('bold', 'Gaps')}${paint('dim', ': what this report cannot tell')}\n`
  for (const [code, own] of Map.groupBy(gaps, (gap) => gap.code)) {
    const count = own.length === 1 ? '' : ` (${grouped(own.length)})`
    yield `  ${paint('yellow', `${code}${count}`)}\n`
    for (const { where, detail } of own.slice(0, shownOfEach)) {
      yield paragraph(`${truncate(line(where), 300)}: ${truncate(line(detail), 600)}`, width, '    - ', '      ')
    }
    if (own.length > shownOfEach) {
      yield paragraph(`and ${grouped(own.length - shownOfEach)} more: --format json has them all.`, width, '    ')
    }
    yield paragraph(gapAdvice[code], width, '    → ', '      ', (text) => paint('cyan', text))
  }
}
