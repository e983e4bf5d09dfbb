/** A product that packages are fixed in. */
export interface Product {
  /** The scope of the images that have its packages. */
  readonly scope: string
  /** Whether its fixes need more than the subscription for the release: long-term support, or SLES for SAP. */
  readonly extended: boolean
}

/** Special builds for one customer or one purpose, and what the installer is updated with: other builds than what images have. */
const specialBuilds = /^-(?:TERADATA|BCL)/
const installer = 'Installer Updates'
const extendedSupport = /LTSS|ESPOS|for SAP/i

/**
 * The product that the data calls by a name (the OSV ecosystems "SUSE" and "openSUSE"): `SUSE:Linux Enterprise Server 15 SP4-LTSS`,
 * `openSUSE:Leap 15.6`. Modules and extensions of a service pack belong to it, whatever is installed of them. `undefined`
 * for products beside the distributions (SUSE Manager, Storage, OpenStack Cloud) and tools for other ones.
 */
export function productOf(ecosystem: string): Product | undefined {
  if (ecosystem === 'openSUSE:Tumbleweed') return { scope: tumbleweed, extended: false }
  const [, micro] = /^openSUSE:Leap Micro (\d+\.\d+)$/.exec(ecosystem) ?? []
  if (micro !== undefined) return { scope: `suse:leap-micro:${micro}`, extended: false }
  const [, leap] = /^openSUSE:(?:Leap )?(\d+\.\d+)(?: NonFree)?$/.exec(ecosystem) ?? []
  if (leap !== undefined) return { scope: `suse:leap:${leap}`, extended: false }
  const [, sleMicro] = /^SUSE:Linux (?:Enterprise )?Micro (?:for Rancher )?(\d+\.\d+)$/.exec(ecosystem) ?? []
  if (sleMicro !== undefined) return { scope: `suse:sle-micro:${sleMicro}`, extended: false }
  return enterpriseProduct(ecosystem)
}

/** The scope of openSUSE Tumbleweed, which has no releases. */
export const tumbleweed = 'suse:tumbleweed'

/** The scope of modules that are the same for every service pack, as those of version 12 are. */
export function modulesScope(major: string): string {
  return `suse:sles-modules:${major}`
}

/** `Linux Enterprise Module for Python 3 15 SP5`: the family, the part, the version with its service pack, and for whom. */
const enterpriseName =
  /^SUSE:(Linux Enterprise|Package Hub|Real Time Module)(?: (.+?))? (1\d)(?:\.(\d+)| SP(\d+))?((?:-| LTSS).*)?$/

function enterpriseProduct(ecosystem: string): Product | undefined {
  const match = enterpriseName.exec(ecosystem)
  if (match === null) return undefined
  const [, family, part = '', major, minor, servicePack, suffix = ''] = match
  if (specialBuilds.test(suffix) || part === installer) return undefined
  const extended = extendedSupport.test(part + suffix)
  const number = minor ?? servicePack
  if (number !== undefined) return { scope: `suse:sles:${major}.${number}`, extended }
  const isModule = family !== 'Linux Enterprise' || part.startsWith('Module ')
  return { scope: isModule && major === '12' ? modulesScope(major) : `suse:sles:${major}`, extended }
}
