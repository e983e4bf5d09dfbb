/** The beginnings of names, in lower case, and the `ID` that os-release of the same distribution has. Longer ones first. */
const ids: readonly (readonly [name: string, id: string])[] = [
  ['suse linux enterprise server', 'sles'],
  ['suse linux enterprise desktop', 'sled'],
  ['red hat enterprise linux', 'rhel'],
  ['opensuse tumbleweed', 'opensuse-tumbleweed'],
  ['opensuse leap', 'opensuse-leap'],
  ['scientific linux', 'scientific'],
  ['vmware photon', 'photon'],
  ['amazon linux', 'amzn'],
  ['oracle linux', 'ol'],
  ['rocky linux', 'rocky'],
]

/**
 * The os-release `ID` of a distribution by the name that it has for people: `Red Hat Enterprise Linux Server release 7.9` is
 * `rhel`. Otherwise the first word in lower case, which is right for `CentOS`, `Fedora`, `Debian`, `Ubuntu`, `AlmaLinux` …
 * Empty if there is no word.
 */
export function distributionId(name: string): string {
  const folded = name.toLowerCase().trim()
  const known = ids.find(([beginning]) => folded.startsWith(beginning))
  return known?.[1] ?? /^[a-z0-9._-]+/.exec(folded)?.[0] ?? ''
}
