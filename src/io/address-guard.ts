import { lookup as dnsLookup } from 'node:dns'
import { lookup as resolve } from 'node:dns/promises'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { ChiaroError } from '../core/errors.ts'
import { type Network, parseNetwork } from '../core/network.ts'

/** Decides which addresses may be connected to. */
export interface AddressGuard {
  /** Whether an IP address may be connected to. */
  admits(address: string): boolean
  /**
   * Checks a host as URLs have it: an address, or a name by all its addresses; a name that is not known passes, since nothing
   * can be connected to. Throws `ADDRESS_REFUSED`.
   */
  check(hostname: string): Promise<void>
  /** For sockets: the addresses of a name, checked once more as they are connected to. */
  readonly lookup: LookupFunction
}

/** What a guard lets through. */
export interface AddressRules {
  /** Special addresses that are allowed: addresses, networks (`10.0.0.0/8`), `private` for the private networks. */
  readonly allowed: readonly string[]
  /** Without connection to the Internet: private networks, and what is allowed, and nothing else. */
  readonly onlyPrivate: boolean
}

/** RFC 1918, RFC 4193. */
const privateNetworks: readonly Network[] = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['fc00::', 7],
]

/** The other addresses that are not on the public Internet, or lead elsewhere (IANA, Special-Purpose Address Registries). */
const specialNetworks: readonly Network[] = [
  ['0.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // Of IPv6 only 2000::/3 is on the Internet, and not all of it.
  ['::', 3],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['4000::', 2],
  ['8000::', 1],
]

/** Throws `CONFIG_INVALID` for what is neither an address nor a network. */
export function createAddressGuard({ allowed, onlyPrivate }: AddressRules): AddressGuard {
  const own = networksOf(privateNetworks)
  const special = networksOf([...privateNetworks, ...specialNetworks])
  const exceptions = networksOf(allowed.flatMap((text) => (text === 'private' ? privateNetworks : [networkOf(text)])))
  const admits = (address: string) => {
    const plain = unmapped(address)
    if (isIP(plain) === 0) return false
    if (isIn(plain, exceptions)) return true
    return onlyPrivate ? isIn(plain, own) : !isIn(plain, special)
  }
  return {
    admits,
    async check(hostname) {
      const host = hostname.replace(/^\[(.*)\]$/, '$1')
      const found = isIP(host) === 0 ? await addressesOf(host) : [host]
      if (!found.every(admits)) throw refused(hostname)
    },
    lookup: (hostname, options, callback) => {
      dnsLookup(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null) return callback(error, [])
        if (!found.every(({ address }) => admits(address))) return callback(refused(hostname), [])
        if (options.all) return callback(null, found)
        return callback(null, found[0]!.address, found[0]!.family)
      })
    },
  }
}

async function addressesOf(name: string): Promise<readonly string[]> {
  try {
    return (await resolve(name, { all: true })).map(({ address }) => address)
  } catch {
    return []
  }
}

function refused(hostname: string): ChiaroError {
  return new ChiaroError('ADDRESS_REFUSED', `${hostname} has an address that nothing may be fetched from`, {
    where: hostname,
    advice: 'If the host can be trusted, allow its address: "chiaro: {allow_layer_addresses: [ADDRESS]}".',
  })
}

function networkOf(text: string): Network {
  const network = parseNetwork(text)
  if (network !== undefined) return network
  throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(text)} is neither an address nor a network`, {
    where: text,
    advice: 'Write 10.1.2.3, 10.0.0.0/8, fd00::/8, or private.',
  })
}

/** Networks by family: Node takes an IPv4 address for one in `::/3`. */
type Networks = Readonly<Record<'ipv4' | 'ipv6', BlockList>>

function networksOf(networks: readonly Network[]): Networks {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const [address, prefix] of networks) lists[family(address)].addSubnet(address, prefix, family(address))
  return lists
}

function isIn(address: string, networks: Networks): boolean {
  return networks[family(address)].check(address, family(address))
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** The IPv4 address that an IPv6 address stands for (`::ffff:10.0.0.1`), without the zone; others as they are. */
function unmapped(address: string): string {
  const plain = address.replace(/%.*$/, '')
  if (isIP(plain) !== 6) return plain
  const host = URL.parse(`http://[${plain}]`)?.hostname ?? ''
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(host) ?? []
  if (high === undefined || low === undefined) return plain
  const number = (Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16)) >>> 0
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}
