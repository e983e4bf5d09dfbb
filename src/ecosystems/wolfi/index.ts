import type { Ecosystem } from '../../core/ecosystem.ts'
import { apkInstalled } from '../../formats/apk-installed.ts'
import { osRelease } from '../../formats/os-release.ts'
import { apk } from '../../versions/apk.ts'
import { wolfiFeed } from './feed.ts'

/** Wolfi. The security database names the packages that others are built from (`origin`). */
export const wolfi: Ecosystem = {
  id: 'wolfi',
  title: 'Wolfi',
  versions: apk,
  analyzers: [osRelease, apkInstalled],
  packageTypes: ['apk'],
  coverage: ({ id }) => (id === 'wolfi' ? { scopes: wolfiFeed.scopes, feeds: [wolfiFeed] } : undefined),
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.source.name })),
  feeds: () => [wolfiFeed],
}
