/** An address and how many of its first bits a network has in common: all of them for one address. */
export type Network = readonly [address: string, prefix: number]

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
const ipv4 = new RegExp(String.raw`^${octet}(?:\.${octet}){3}$`)

/** A network (`10.0.0.0/8`) or one address, of IPv4 or IPv6; `undefined` if it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const bits = bitsOf(address)
  const length = prefix === undefined ? bits : Number(prefix)
  return bits === undefined || length === undefined || length > bits ? undefined : [address, length]
}

/** How many bits an address has. */
function bitsOf(address: string): number | undefined {
  if (ipv4.test(address)) return 32
  return /^[0-9a-f:.]+$/i.test(address) && URL.canParse(`http://[${address}]`) ? 128 : undefined
}
