import type { Enricher } from '../core/enricher.ts'
import { epss } from './epss/index.ts'
import { kev } from './kev/index.ts'
import { nvd } from './nvd/index.ts'

/** Everything that findings are enriched with. */
export const enrichers: readonly Enricher[] = [nvd, epss, kev]
