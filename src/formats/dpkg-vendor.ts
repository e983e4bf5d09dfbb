/** The fields of a dpkg package that tell who made it. */
export interface DpkgMakers {
  readonly origin: string | undefined
  readonly vendor: string | undefined
  readonly maintainer: string | undefined
}

/** Part of the names and addresses of those who make packages for Debian and Ubuntu. */
const distributions = /debian|ubuntu|canonical|launchpad/i

/** What an organisation is called and a person is not. */
const organisation =
  /\b(?:authors|corp(?:oration)?|developers|foundation|gmbh|group|inc|labs|llc|ltd|maint\w+|packag\w+|project|support|team)\b/i

/**
 * Who made a dpkg package, if that is not Debian or Ubuntu; else `undefined`. Those write neither `Origin` nor `Vendor`, others
 * do. Who writes neither is told by the maintainer, if that is an organisation: `Docker <support@docker.com>`. People maintain
 * packages of Debian under whichever address they have, so what one person signs cannot be told apart.
 */
export function dpkgVendor({ origin, vendor, maintainer }: DpkgMakers): string | undefined {
  if (origin || vendor) return origin || vendor
  if (!maintainer || distributions.test(maintainer)) return undefined
  const open = maintainer.indexOf('<')
  const name = (open < 0 ? maintainer : maintainer.slice(0, open)).trim()
  const address = maintainer.slice(open + 1)
  return organisation.test(name) || isOwnDomain(name, address) ? name : undefined
}

/** A single word: people call themselves like the part of their address before the `@`, organisations do not. */
function isOwnDomain(name: string, address: string): boolean {
  if (name.includes(' ')) return false
  const user = address.slice(0, Math.max(0, address.indexOf('@')))
  return !user.toLowerCase().includes(name.toLowerCase())
}
