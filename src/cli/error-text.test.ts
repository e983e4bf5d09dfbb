import { expect, it } from 'vitest'
import { ChiaroError } from '../core/errors.ts'
import { errorText } from './error-text.ts'

const plain = { width: undefined, color: false, debug: false }

it('an error says what, where and what to do', () => {
  const error = new ChiaroError('OFFLINE', 'the network is needed', { where: 'debian', advice: 'Leave out --offline.' })
  expect(errorText(error, plain)).toBe(
    'error OFFLINE: the network is needed\n  where: debian\n  what to do: Leave out --offline.\n',
  )
})

it('an error leaves out what it does not know', () => {
  expect(errorText(new ChiaroError('ABORTED', 'stopped by SIGINT'), plain)).toBe('error ABORTED: stopped by SIGINT\n')
})

it('text from outside is harmless', () => {
  const text = errorText(new ChiaroError('FILE_FAILED', '\u001b[2J', { where: 'a\nb', advice: '\u009b' }), plain)
  expect(text).toBe('error FILE_FAILED: \\u001b[2J\n  where: a\\u000ab\n  what to do: \\u009b\n')
})

it('anything else is a defect, without its stack unless asked for', () => {
  for (const thrown of [new TypeError('x is not a function'), 'text', undefined, null, { message: 'no error' }]) {
    const text = errorText(thrown, plain)
    expect(text).toMatch(/^error INTERNAL: \S/)
    expect(text).not.toContain('    at ')
  }
  const debug = errorText(new TypeError('x is not a function'), { ...plain, debug: true })
  expect(debug).toContain('error-text.test.ts')
})

it('colours change nothing but colours', () => {
  expect(errorText(new ChiaroError('OFFLINE', 'no'), { ...plain, color: true })).toContain('\u001b[')
})

it('wraps at the width of the terminal', () => {
  const error = new ChiaroError('FEED_UNKNOWN', 'there is no such feed', {
    where: 'x',
    advice: 'Name one that is there.',
  })
  expect(errorText(error, { ...plain, width: 30 })).toBe(
    'error FEED_UNKNOWN: there is\n  no such feed\n  where: x\n  what to do: Name one that\n    is there.\n',
  )
})
