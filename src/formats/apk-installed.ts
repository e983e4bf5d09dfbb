import type { Analyzer, LayerFile } from '../core/analyzer.ts'
import { limits } from '../core/limits.ts'
import type { Observation } from '../core/package.ts'
import { DatabaseObservations } from './database-observations.ts'
import { readStanzas } from './stanzas.ts'

/** The packages that apk has installed (apk-tools 2 and 3 write the same text). The origin (`o`) is the source package. */
export const apkInstalled: Analyzer = {
  id: 'apk-installed',
  version: 1,
  anchors: ['lib/apk/db/installed', 'usr/lib/apk/db/installed'],
  maxBytes: limits.packageDatabaseBytes,
  wants: (path) => path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed',
  analyze: readApkInstalled,
}

const fields = { names: ['P', 'V', 'A', 'o'], ignoreCase: false }

function readApkInstalled({ bytes }: LayerFile): readonly Observation[] {
  const observations = new DatabaseObservations()
  for (const { line, values, tooLong } of readStanzas(bytes, fields)) {
    const [name, version, arch = '', origin] = values
    if (tooLong === undefined && name && version) {
      if (!observations.add({ type: 'apk', name, version, arch, source: { name: origin || name, version } })) break
    } else {
      const what =
        tooLong === undefined ? `no ${name ? 'version (V)' : 'name (P)'}` : `a field ${tooLong} that is too long`
      if (!observations.gap(`The entry at line ${line}${name ? ` (${name})` : ''} has ${what}.`)) break
    }
  }
  return observations.list
}
