import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A package as dpkg's status states it. */
export interface DebianPackage {
  readonly name: string
  readonly version: string
  /** The field as it is written: `glibc`, or `util-linux (2.36.1-8)`. */
  readonly source?: string
  /** `Docker <support@docker.com>`, if the entry is to state one. */
  readonly maintainer?: string
  /** `install ok installed`, if it is nothing else. */
  readonly status?: string
}

/** A package as apk's database states it. */
export interface AlpinePackage {
  readonly name: string
  readonly version: string
  readonly origin: string
}

/** Writes a root directory with this os-release and these packages in `directory`. */
export function writeDebianRoot(directory: string, osRelease: string, packages: readonly DebianPackage[]): void {
  const entries = packages.map(({ name, version, source, maintainer, status = 'install ok installed' }) =>
    [
      `Package: ${name}`,
      `Status: ${status}`,
      ...(maintainer === undefined ? [] : [`Maintainer: ${maintainer}`]),
      'Architecture: amd64',
      ...(source === undefined ? [] : [`Source: ${source}`]),
      `Version: ${version}`,
      `Description: ${name}`,
    ].join('\n'),
  )
  writeRoot(directory, { 'etc/os-release': osRelease, 'var/lib/dpkg/status': `${entries.join('\n\n')}\n` })
}

/** The same for Alpine Linux, with the lines of etc/apk/repositories, if it is to have any. */
export function writeAlpineRoot(
  directory: string,
  osRelease: string,
  packages: readonly AlpinePackage[],
  repositories: readonly string[] = [],
): void {
  const entries = packages.map(({ name, version, origin }) => `P:${name}\nV:${version}\nA:x86_64\no:${origin}\n`)
  const named = repositories.length === 0 ? {} : { 'etc/apk/repositories': `${repositories.join('\n')}\n` }
  writeRoot(directory, { 'etc/os-release': osRelease, 'lib/apk/db/installed': `${entries.join('\n')}\n`, ...named })
}

function writeRoot(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
}
