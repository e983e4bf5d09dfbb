/**
 * Clair's updaters and the feeds of ours that have the same source (claircore's updater sets). What stands in braces is the
 * same in both names. The first row that fits counts; an updater that is not known has a feed of its own.
 */
const sources: readonly (readonly [updater: string, feed: string])[] = [
  ['debian/updater', 'debian'],
  ['alpine-{repository}-edge-updater', 'alpine-edge-{repository}'],
  ['alpine-{repository}-v{branch}-updater', 'alpine-{branch}-{repository}'],
  ['ubuntu/updater/{codename}', 'ubuntu-{codename}'],
  ['oracle-{year}-updater', 'oracle-{year}'],
  ['aws-AL1-updater', 'amazon-1'],
  ['aws-AL2-updater', 'amazon-2'],
  ['aws-AL2023-updater', 'amazon-2023'],
  ['photon-updater-{release}', 'photon-{release}'],
  ['suse-updater-{release}', 'suse-{release}'],
  ['rhel-vex', 'rhel-vex'],
  ['osv/{ecosystem}', 'osv-{ecosystem}'],
  ['clair.epss', 'epss'],
  ['clair.kev', 'kev'],
  // Not one of NVD's own: it has no more than the scores.
  ['clair.cvss', 'nvd-changes'],
  ['{updater}', 'clair-{updater}'],
]

/** The feed that an updater's data is for. */
export function feedOfUpdater(updater: string): string {
  const feed = sources.map(([from, to]) => renamed(updater, from, to)).find((name) => name !== undefined)!
  return feed
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, 100)
}

/** The updater that a feed's data is of; `undefined` if Clair has none. */
export function updaterOfFeed(feed: string): string | undefined {
  return sources.map(([to, from]) => renamed(feed, from, to)).find((name) => name !== undefined)
}

/** `name` in the form `to` if it is one of the form `from`. */
function renamed(name: string, from: string, to: string): string | undefined {
  const pattern = from.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>.+)')
  const match = new RegExp(`^${pattern}$`).exec(name)
  if (match === null) return undefined
  return to.replace(/\{(\w+)\}/g, (_, part: string) => match.groups![part]!)
}

/** A distribution as Clair's scanners state it, and as vulnerabilities have to, to be found. */
export interface ClairDistribution {
  readonly id: ''
  readonly did: string
  readonly name: string
  readonly version: string
  readonly version_code_name: string
  readonly version_id: string
  readonly arch: ''
  readonly cpe: ''
  readonly pretty_name: string
}

/** The releases of Debian by number: Clair states both. */
const debianCodenames: ReadonlyMap<string, string> = new Map([
  ['7', 'wheezy'],
  ['8', 'jessie'],
  ['9', 'stretch'],
  ['10', 'buster'],
  ['11', 'bullseye'],
  ['12', 'bookworm'],
  ['13', 'trixie'],
  ['14', 'forky'],
])

/**
 * The distribution that a scope is in Clair; `undefined` for one that it does not know. `feed` is the one that has the scope:
 * those of Ubuntu have the codename in their names.
 */
export function distributionOf(scope: string, feed: string): ClairDistribution | undefined {
  const [, id, release] = /^([a-z]+):([\w.]+)$/.exec(scope) ?? []
  const make = id !== undefined && Object.hasOwn(distributions, id) ? distributions[id] : undefined
  const made = make?.(release!, feed)
  return made === undefined ? undefined : { id: '', version_code_name: '', ...made, arch: '', cpe: '' }
}

type Stated = Pick<ClairDistribution, 'did' | 'name' | 'version' | 'version_id' | 'pretty_name'> &
  Partial<Pick<ClairDistribution, 'version_code_name'>>

const distributions: Readonly<Record<string, (release: string, feed: string) => Stated | undefined>> = {
  debian(release) {
    const codename = debianCodenames.get(release)
    if (codename === undefined) return undefined
    const version = `${release} (${codename})`
    const name = 'Debian GNU/Linux'
    const pretty_name = `${name} ${version}`
    return { did: 'debian', name, version, version_code_name: codename, version_id: release, pretty_name }
  },
  alpine(release) {
    const pretty_name = release === 'edge' ? 'Alpine Linux edge' : `Alpine Linux v${release}`
    return { did: 'alpine', name: 'Alpine Linux', version: release, version_id: release, pretty_name }
  },
  ubuntu(release, feed) {
    const codename = feed.slice(feed.indexOf('-') + 1)
    const version = `${release} (${codename.charAt(0).toUpperCase()}${codename.slice(1)})`
    const pretty_name = `Ubuntu ${release}`
    return { did: 'ubuntu', name: 'Ubuntu', version, version_code_name: codename, version_id: release, pretty_name }
  },
  oracle: (release) => ({
    ...plain('ol', 'Oracle Linux Server', release),
    version_code_name: `Oracle Linux ${release}`,
  }),
  amazon: (release) =>
    release === '1' ? plain('amzn', 'Amazon Linux AMI', '2018.03') : plain('amzn', 'Amazon Linux', release),
  photon: (release) => ({ ...plain('photon', 'VMware Photon OS', release), pretty_name: 'VMware Photon OS/Linux' }),
}

function plain(did: string, name: string, release: string): Stated {
  return { did, name, version: release, version_id: release, pretty_name: `${name} ${release}` }
}

/** What scopes begin with, by what Clair calls the distribution. */
const scopes: ReadonlyMap<string, string> = new Map([
  ['ol', 'oracle'],
  ['amzn', 'amazon'],
  ['sles', 'suse:sles'],
  ['opensuse', 'suse:opensuse-leap'],
  ['opensuse-leap', 'suse:opensuse-leap'],
])

/** The scope of a distribution that a vulnerability states; `undefined` if it states no release. */
export function scopeOfDistribution(distribution: {
  readonly did?: string
  readonly version_id?: string
  readonly version?: string
  readonly pretty_name?: string
}): string | undefined {
  const { did, version_id, version, pretty_name } = distribution
  if (!did) return undefined
  if (did === 'alpine' && /\bedge\b/.test(pretty_name ?? '')) return 'alpine:edge'
  const release = version_id || version?.split(' ')[0] || /(\d[\d.]*)$/.exec(pretty_name ?? '')?.[1]
  if (release === undefined) return undefined
  return `${scopes.get(did) ?? did}:${did === 'amzn' && release === '2018.03' ? '1' : release}`
}

/** The scopes of language packages are their purl types. */
const purlTypes: ReadonlyMap<string, string> = new Map([
  ['go', 'golang'],
  ['crates.io', 'cargo'],
  ['rubygems', 'gem'],
  ['packagist', 'composer'],
  ['github actions', 'github'],
])

/** The scope of the packages that an updater `osv/…` is about. */
export function scopeOfOsv(updater: string): string | undefined {
  const ecosystem = /^osv\/(.+)$/.exec(updater)?.[1]
  return ecosystem === undefined ? undefined : (purlTypes.get(ecosystem) ?? ecosystem)
}

/** Red Hat's own products, whose names in CPE have `a` here and `o` there. */
const operatingSystem = /^(?:enterprise_linux|rhel_[a-z\d_]+)$/

/**
 * The scope of a CPE name (2.2 or 2.3) of a product of Red Hat: `rhel:cpe:/o:redhat:rhel_eus:9.2::baseos`. What is said of source
 * packages of RHEL is meant for all of its repositories.
 */
export function scopeOfCpe(cpe: string, kind: 'source' | 'binary'): string | undefined {
  const [, form, part, rest] = /^cpe:(\/|2\.3:)([aoh]):(.+)$/.exec(cpe) ?? []
  if (rest === undefined) return undefined
  const parts = rest.split(':').map((one) => (one === '*' || one === '-' ? '' : one.replaceAll('\\', '')))
  const [vendor, product, ...versions] = form === '/' ? parts : parts.slice(0, 5)
  const whole = kind === 'source' && product === 'enterprise_linux' ? versions.slice(0, 1) : versions
  const path = [vendor, product, ...whole].join(':').replace(/:+$/, '')
  return `rhel:cpe:/${operatingSystem.test(product ?? '') ? 'o' : part}:${path}`
}
