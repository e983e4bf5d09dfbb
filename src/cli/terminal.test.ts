import { describe, expect, it } from 'vitest'
import { wantsColor, widthOf } from './terminal.ts'

const yes = (): boolean => true
const no = (): boolean => false
const terminal = { isTTY: true, hasColors: yes, columns: 100 }
const pipe = { isTTY: false, columns: 0 }

describe('colour', () => {
  it.each([
    ['auto', terminal, {}, true],
    ['auto', { ...terminal, hasColors: no }, {}, false],
    ['auto', pipe, {}, false],
    ['auto', terminal, { NO_COLOR: '1' }, false],
    ['auto', terminal, { NO_COLOR: '' }, true],
    ['auto', pipe, { FORCE_COLOR: '1' }, true],
    ['auto', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['auto', terminal, { FORCE_COLOR: '0' }, false],
    ['always', pipe, { NO_COLOR: '1' }, true],
    ['never', terminal, { FORCE_COLOR: '1' }, false],
  ] as const)('%s, %o, %j: %s', (choice, stream, env, wanted) => {
    expect(wantsColor(choice, stream, env)).toBe(wanted)
  })
})

it('the width is that of a terminal, and none of a pipe', () => {
  expect(widthOf(terminal)).toBe(100)
  expect(widthOf(pipe)).toBeUndefined()
})
