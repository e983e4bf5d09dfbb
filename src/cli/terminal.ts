import type { WriteStream } from 'node:tty'

/** What the terminal can do, and what the environment and the options want of it. */

/** When to colour. */
export const colorChoices = ['auto', 'always', 'never'] as const
export type ColorChoice = (typeof colorChoices)[number]

/** Whether to colour what goes to `stream`. `auto` minds FORCE_COLOR (force-color.org), NO_COLOR (no-color.org) and TERM. */
export function wantsColor(
  choice: ColorChoice,
  stream: Pick<WriteStream, 'isTTY'> & Partial<Pick<WriteStream, 'hasColors'>>,
  env: NodeJS.ProcessEnv,
): boolean {
  if (choice !== 'auto') return choice === 'always'
  const forced = env.FORCE_COLOR
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  return stream.isTTY === true && stream.hasColors?.() === true
}

/** The width of the terminal; `undefined` for a file or pipe. */
export function widthOf(stream: Pick<WriteStream, 'isTTY' | 'columns'>): number | undefined {
  return stream.isTTY === true && stream.columns > 0 ? stream.columns : undefined
}
