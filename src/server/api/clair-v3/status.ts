import { create } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { Engine } from '../../../compose.ts'
import { type ClairStatus, ClairStatusSchema } from './clair_pb.ts'

/** What looks into images, under the names that Clair has for it. */
export interface Scanners {
  /** Of packages. */
  readonly listers: readonly string[]
  /** Of the distribution. */
  readonly detectors: readonly string[]
}

const listers: Readonly<Record<string, string>> = { deb: 'dpkg', rpm: 'rpm', apk: 'apk' }

export function scannersOf({ ecosystems }: Engine): Scanners {
  const types = new Set(ecosystems.flatMap(({ packageTypes }) => packageTypes))
  return { listers: [...types].flatMap((type) => listers[type] ?? []).sort(), detectors: ['os-release'] }
}

/** What the server is able to do, and when its data was last found to be current, where it ever was. */
export async function clairStatus(engine: Engine, scanners: Scanners): Promise<ClairStatus> {
  const times = (await engine.store.advisories.status()).flatMap(({ checkedAt }) => checkedAt ?? [])
  const last = times.length === 0 ? {} : { lastUpdateTime: timestampFromMs(Math.max(...times.map(Date.parse))) }
  return create(ClairStatusSchema, { listers: [...scanners.listers], detectors: [...scanners.detectors], ...last })
}
