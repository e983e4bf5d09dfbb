import { loadClairConfig, resolveClairConfig } from '../../config/clair/load.ts'
import type { Mode } from '../../config/clair/modes.ts'
import { line } from '../../report/layout.ts'
import { checkListeners } from '../../server/listener.ts'
import { exitCodes } from '../exit.ts'
import { writeOut } from '../output.ts'

/** What the options of `chiaro config check` come to. */
export interface ConfigOptions {
  readonly config?: string
  readonly mode: Mode
  readonly format: 'yaml' | 'json'
}

/** `chiaro config check`: what a configuration, or none, comes to; what of it has no effect goes to standard error. */
export async function runConfigCheck({ config: file, mode, format }: ConfigOptions): Promise<number> {
  const { config, notes } =
    file === undefined ? resolveClairConfig({}, 'no configuration', mode) : await loadClairConfig(file, mode)
  checkListeners(config, mode)
  for (const note of notes) process.stderr.write(`note: ${line(note)}\n`)
  const text =
    format === 'json'
      ? `${JSON.stringify(config, undefined, 2)}\n`
      : (await import('yaml')).stringify(config, { aliasDuplicateObjects: false })
  await writeOut([text])
  return exitCodes.passed
}
