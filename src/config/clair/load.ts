import { ChiaroError } from '../../core/errors.ts'
import { addressProblems } from './addresses.ts'
import { checkConfig, type Problem } from './check.ts'
import { databaseProblems } from './database.ts'
import { effectiveConfig } from './effective.ts'
import { readConfigFiles } from './files.ts'
import { type Mode, modeProblems } from './modes.ts'
import { notesOn } from './notes.ts'
import { type ClairConfig, clairConfigSchema } from './schema.ts'
import { selectionProblems } from './selections.ts'

/** A configuration that can be used. */
export interface LoadedConfig {
  readonly config: ClairConfig
  /** What of it is done otherwise than it says, or not at all: sentences for people. */
  readonly notes: readonly string[]
}

/**
 * The effective configuration of a file with its drop-ins for a process in this mode: Clair's defaults where it says nothing.
 * Throws `CONFIG_INVALID` naming everything that is wrong, and `FILE_FAILED`.
 */
export async function loadClairConfig(file: string, mode: Mode = 'combo'): Promise<LoadedConfig> {
  return resolveClairConfig(await readConfigFiles(file), file, mode)
}

/** The same for a document that has been read; `where` names it in errors. */
export function resolveClairConfig(document: unknown, where: string, mode: Mode = 'combo'): LoadedConfig {
  const { config: checked, problems } = checkConfig(document, clairConfigSchema)
  const config = checked as ClairConfig
  problems.push(
    ...selectionProblems(config),
    ...addressProblems(config),
    ...databaseProblems(config),
    ...modeProblems(config, mode),
  )
  if (problems.length > 0) throw invalid(problems, where)
  const notes: string[] = []
  const effective = effectiveConfig(config, mode, (note) => notes.push(note))
  return { config: effective, notes: [...notes, ...notesOn(document, effective, mode)] }
}

function invalid(problems: readonly Problem[], where: string): ChiaroError {
  const words = problems.map(({ place, message }) => `${place === '' ? 'the configuration' : place} ${message}`)
  const advice = [...new Set(problems.flatMap((problem) => problem.advice ?? []))].join(' ')
  return new ChiaroError('CONFIG_INVALID', words.join('; '), { where, ...(advice === '' ? {} : { advice }) })
}
