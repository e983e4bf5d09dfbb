import type { Release } from '../../core/package.ts'
import { dayAfter } from '../../feeds/days.ts'

/** A release of Azure Linux, or of CBL-Mariner, as it was called before version 3. */
export interface AzureLinuxRelease {
  /** What stands for it in scopes and names of feeds: `3.0`, `mariner-2.0`. */
  readonly name: string
  /** What its document is called for: `azurelinux-3.0`, `cbl-mariner-2.0`. */
  readonly document: string
  /** The last day of support; missing while it is not known. */
  readonly lastDay?: string
}

/** The releases. Days are those that Microsoft announced in the repository of Azure Linux. */
export const azureLinuxReleases: readonly AzureLinuxRelease[] = [
  { name: 'mariner-1.0', document: 'cbl-mariner-1.0', lastDay: '2023-07-31' },
  { name: 'mariner-2.0', document: 'cbl-mariner-2.0', lastDay: '2025-07-31' },
  { name: '3.0', document: 'azurelinux-3.0' },
]

/** The release that os-release states: one of the list, or one of which only the version is known; else `undefined`. */
export function releaseOf({ id, versionId }: Release): AzureLinuxRelease | undefined {
  const version = /^\d+\.\d+(?=$|\.)/.exec(versionId)?.[0]
  if (version === undefined || (id !== 'azurelinux' && id !== 'mariner')) return undefined
  const name = id === 'mariner' ? `mariner-${version}` : version
  const document = id === 'mariner' ? `cbl-mariner-${version}` : `azurelinux-${version}`
  return azureLinuxReleases.find((release) => release.name === name) ?? { name, document }
}

/** The scope of a release. */
export function scopeOf({ name }: AzureLinuxRelease): string {
  return `azurelinux:${name}`
}

/** The first day without support. */
export function endOfLifeOf({ lastDay }: AzureLinuxRelease): string | undefined {
  return dayAfter(lastDay)
}
