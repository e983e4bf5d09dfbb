import type { IndexReport } from '../core/report.ts'
import { packageSetsOf } from './index-packages.ts'
import { type FleetOptions, judgeUnder } from './judging.ts'

/** What an image is put with. */
export interface AddOptions extends FleetOptions {
  /** What read it: `analyzersKey` of compose.ts. */
  readonly analyzers: string
}

/**
 * Puts an image with these names into the fleet, and judges those of its packages that were never seen. An image that is there
 * already costs a look-up; one without a digest cannot be told from others, and is not put. Throws `DATABASE_FAILED` and `ABORTED`.
 */
export async function addImage(index: IndexReport, names: readonly string[], options: AddOptions): Promise<void> {
  const { fleet, analyzers } = options
  const { digest } = index.image
  if (digest === undefined) return
  const known = await fleet.image(digest)
  if (known?.analyzers === analyzers && names.every((name) => known.names.includes(name))) return
  const image = { digest, names, analyzers, indexedAt: new Date().toISOString() }
  const unjudged = await fleet.putImage(image, packageSetsOf(index))
  if (unjudged.length > 0) await judgeUnder(await fleet.begin({ kind: 'image' }), unjudged, options)
}
