import type { Analyzer, LayerFile } from '../core/analyzer.ts'
import { limits } from '../core/limits.ts'
import type { Observation, SourcePackage } from '../core/package.ts'
import { DatabaseObservations } from './database-observations.ts'
import { dpkgVendor } from './dpkg-vendor.ts'
import { readStanzas } from './stanzas.ts'

/**
 * The packages that dpkg has installed: `dpkg/status`, and `dpkg/status.d/NAME`, one file a package, of images without dpkg
 * (distroless). An entry counts while files of the package are there: in every state of dpkg-query(1) but `config-files` and
 * `not-installed`, and without a state. Packages of several architectures are packages of their own.
 */
export const dpkgStatus: Analyzer = {
  id: 'dpkg-status',
  version: 2,
  anchors: ['var/lib/dpkg/status'],
  maxBytes: limits.packageDatabaseBytes,
  wants(path) {
    if (path.endsWith('dpkg/status')) return path.length === 11 || path.at(-12) === '/'
    const folder = path.lastIndexOf('/')
    return path.endsWith('dpkg/status.d', folder) && !path.endsWith('.md5sums')
  },
  analyze: readDpkgStatus,
}

const makers = ['Origin', 'Vendor', 'Maintainer']
const fields = { names: ['Package', 'Version', 'Architecture', 'Status', 'Source', ...makers], ignoreCase: true }

function readDpkgStatus({ bytes }: LayerFile): readonly Observation[] {
  const observations = new DatabaseObservations()
  for (const { line, values, tooLong } of readStanzas(bytes, fields)) {
    const [name, version, arch = '', status, source, origin, vendor, maintainer] = values
    if (isGone(status)) continue
    if (tooLong === undefined && name && version) {
      const maker = dpkgVendor({ origin, vendor, maintainer })
      const own = { type: 'deb', name, version, arch, source: parseSource(source, name, version) }
      if (!observations.add(maker === undefined ? own : { ...own, vendor: maker })) break
    } else {
      const what = tooLong === undefined ? `no ${name ? 'Version' : 'Package'}` : `a ${tooLong} that is too long`
      if (!observations.gap(`The entry at line ${line}${name ? ` (${name})` : ''} has ${what}.`)) break
    }
  }
  return observations.list
}

/** `Status` is what is wanted, an error flag, and the state: `install ok installed`. */
function isGone(status: string | undefined): boolean {
  if (status === undefined) return false
  const state = status.slice(status.lastIndexOf(' ') + 1).toLowerCase()
  return state === 'config-files' || state === 'not-installed'
}

/** `Source: glibc`, or `Source: glibc (2.31-1)` where the version is another one; missing if both are the package's own. */
function parseSource(source: string | undefined, name: string, version: string): SourcePackage {
  if (!source) return { name, version }
  const open = source.indexOf('(')
  if (open < 0) return { name: source, version }
  const close = source.indexOf(')', open)
  const sourceVersion = source.slice(open + 1, close < 0 ? source.length : close).trim()
  return { name: source.slice(0, open).trim() || name, version: sourceVersion || version }
}
