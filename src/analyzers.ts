import type { Analyzer } from './core/analyzer.ts'
import { ecosystems } from './ecosystems/registry.ts'
import { rpmdb } from './formats/rpmdb/index.ts'

/**
 * Every analyzer, once: those of the ecosystems, and the rpm database, whose packages are listed although no ecosystem here
 * judges them yet.
 */
export const analyzers: readonly Analyzer[] = [
  ...new Set([...ecosystems.flatMap((ecosystem) => ecosystem.analyzers), rpmdb]),
]
