import type { Analyzer } from './core/analyzer.ts'
import { ecosystems } from './ecosystems/registry.ts'

/** Every analyzer of the ecosystems, once. */
export const analyzers: readonly Analyzer[] = [...new Set(ecosystems.flatMap((ecosystem) => ecosystem.analyzers))]
