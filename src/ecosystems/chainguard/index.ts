import type { Ecosystem } from '../../core/ecosystem.ts'
import { apkInstalled } from '../../formats/apk-installed.ts'
import { osRelease } from '../../formats/os-release.ts'
import { apk } from '../../versions/apk.ts'
import { chainguardFeed } from './feed.ts'

/** Chainguard. The security database names the packages that others are built from (`origin`). */
export const chainguard: Ecosystem = {
  id: 'chainguard',
  title: 'Chainguard',
  versions: apk,
  analyzers: [osRelease, apkInstalled],
  packageTypes: ['apk'],
  coverage: ({ id }) => (id === 'chainguard' ? { scopes: chainguardFeed.scopes, feeds: [chainguardFeed] } : undefined),
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.source.name })),
  feeds: () => [chainguardFeed],
}
