import type { Analyzer } from '../../src/core/analyzer.ts'
import { limits } from '../../src/core/limits.ts'
import type { Observation } from '../../src/core/package.ts'

/** Small analyzers for tests that are not about formats: dpkg status files in the simplest way, and os-release. */
export const lineAnalyzers: readonly Analyzer[] = [
  {
    id: 'test-status',
    version: 1,
    anchors: ['var/lib/dpkg/status', 'usr/lib/sysimage/dpkg/status'],
    maxBytes: limits.packageDatabaseBytes,
    wants: (path) => path.endsWith('lib/dpkg/status') || path === 'usr/lib/sysimage/dpkg/status',
    *analyze({ bytes }): Iterable<Observation> {
      for (const entry of bytes.toString('latin1').split('\n\n')) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(entry)?.[1]
        const name = field('Package')
        const version = field('Version')
        if (name === undefined || version === undefined || !/^Status: \S+ \S+ installed$/m.test(entry)) continue
        const source = { name, version }
        yield { kind: 'package', package: { type: 'deb', name, version, arch: field('Architecture') ?? '', source } }
      }
    },
  },
  {
    id: 'test-release',
    version: 1,
    anchors: ['etc/os-release', 'usr/lib/os-release'],
    maxBytes: limits.releaseFileBytes,
    wants: (path) => path === 'etc/os-release' || path === 'usr/lib/os-release',
    *analyze({ path, bytes }): Iterable<Observation> {
      const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(bytes.toString())?.[1] ?? ''
      const release = {
        id: field('ID'),
        versionId: field('VERSION_ID'),
        codename: field('VERSION_CODENAME'),
        prettyName: field('PRETTY_NAME'),
        idLike: [],
        cpe: '',
      }
      yield { kind: 'release', release, precedence: path.startsWith('etc/') ? 0 : 1 }
    },
  },
]

/** The module for worker threads with these analyzers. */
export const lineWorker = new URL('./line-worker.ts', import.meta.url)
