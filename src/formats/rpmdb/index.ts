import type { Analyzer, LayerFile } from '../../core/analyzer.ts'
import { limits } from '../../core/limits.ts'
import type { Observation } from '../../core/package.ts'
import { DatabaseObservations } from '../database-observations.ts'
import { type Entry, isBdb, readBdb } from './bdb.ts'
import { DamagedError, parseHeader } from './header.ts'
import { readManifest } from './manifest.ts'
import { isNdb, readNdb } from './ndb.ts'
import { isSqlite, readSqlite } from './sqlite.ts'

const MANIFEST = 'var/lib/rpmmanifest/container-manifest-2'

/**
 * The packages that rpm has installed: `Packages` (Berkeley DB), `Packages.db` (ndb) or `rpmdb.sqlite`, wherever distributions
 * keep them; and the manifest of images without rpm. What is damaged is a gap, the rest is read.
 */
export const rpmdb: Analyzer = {
  id: 'rpmdb',
  version: 2,
  anchors: ['var/lib/rpm/rpmdb.sqlite', 'var/lib/rpm/Packages.db', 'var/lib/rpm/Packages', MANIFEST],
  maxBytes: limits.rpmDatabaseBytes,
  wants(path) {
    const slash = path.lastIndexOf('/')
    return (path.endsWith('/rpm', slash) && isDatabase.test(path)) || path === MANIFEST
  },
  analyze: readRpmDatabase,
}

const isDatabase =
  /(?:^|\/)(?:var\/lib|usr\/lib\/sysimage|usr\/share)\/rpm\/(?:Packages(?:\.db)?|rpmdb\.sqlite(?:-wal)?)$/

function readRpmDatabase({ path, bytes }: LayerFile): readonly Observation[] {
  const observations = new DatabaseObservations()
  if (path.endsWith('-wal')) {
    if (bytes.length > 0) observations.gap('The database has changes in a write-ahead log, which was not read.')
  } else if (path === MANIFEST) {
    readManifest(bytes, observations)
  } else {
    const entries = entriesOf(bytes)
    if (entries === undefined) observations.gap('It is no database of a format that rpm has.')
    else readHeaders(entries, observations)
  }
  return observations.list
}

/** By content: the name of the file says less than its first bytes. */
function entriesOf(bytes: Buffer): Iterable<Entry> | undefined {
  if (isSqlite(bytes)) return readSqlite(bytes)
  if (isNdb(bytes)) return readNdb(bytes)
  if (isBdb(bytes)) return readBdb(bytes)
  return undefined
}

function readHeaders(entries: Iterable<Entry>, observations: DatabaseObservations): void {
  for (const entry of entries) {
    try {
      if (entry instanceof DamagedError) throw entry
      const found = parseHeader(entry)
      if (found !== undefined && !observations.add(found)) return
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error
      if (!observations.gap(entry === error ? `Damaged: ${error.message}.` : `A package ${error.message}.`)) return
    }
  }
}
