import type { FeedFamily } from '../core/feed.ts'
import { osv, osvDistributions } from './osv/family.ts'

/** The feeds that belong to no distribution. */
export const feedFamilies: readonly FeedFamily[] = [osv, osvDistributions]
