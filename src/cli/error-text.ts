import { inspect } from 'node:util'
import { ChiaroError, isChiaroError, messageOf } from '../core/errors.ts'
import { line, painter, paragraph } from '../report/layout.ts'

/** How an error is to be told. */
export interface ErrorTextOptions {
  /** The width of the terminal; `undefined`: lines are as long as they are. */
  readonly width: number | undefined
  readonly color: boolean
  /** With the stack and the causes. */
  readonly debug: boolean
}

/** An error as people read it: `error CODE: message`, the place, what to do. */
export function errorText(
  error: unknown,
  { width = Number.POSITIVE_INFINITY, color, debug }: ErrorTextOptions,
): string {
  const paint = painter(color)
  const { code, message, where, advice } = isChiaroError(error) ? error : unexpected(error)
  const title = `error ${code}:`
  let text = paragraph(`${title} ${line(message)}`, width, '', '  ').replace(title, paint(['bold', 'red'], title))
  for (const [label, value] of [
    ['where:', where],
    ['what to do:', advice],
  ] as const) {
    if (value === undefined || value === '') continue
    text += paragraph(`${label} ${line(value)}`, width, '  ', '    ').replace(label, paint('dim', label))
  }
  return debug ? `${text}${inspect(error, { depth: 6 })}\n` : text
}

function unexpected(error: unknown): ChiaroError {
  return new ChiaroError('INTERNAL', messageOf(error) || 'something failed without saying why', {
    advice: 'This is a defect of Chiaro: please report it, with the output of the same command under CHIARO_DEBUG=1.',
    cause: error,
  })
}
