/** An ecosystem of OSV that is imported. */
export interface OsvEcosystem {
  /** Its name there, which is the folder of its archive. */
  readonly name: string
  /** The purl type of its packages, where one is defined: the scope under which they are looked up. */
  readonly type?: string
  /** A package's name as the ecosystem tells names apart; as it is, if this is missing. */
  readonly normal?: (name: string) => string
  /** A distribution, whose records are advisories: what they name as related are the vulnerabilities that they fix. */
  readonly distribution?: true
}

const lowerCase = (name: string) => name.toLowerCase()

/**
 * The ecosystems of `osv-vulnerabilities` as of August 2026 (https://osv-vulnerabilities.storage.googleapis.com/ecosystems.txt,
 * https://ossf.github.io/osv-schema/#defined-ecosystems), but for those of `ownSources`, and GIT, whose records have commits and no
 * versions.
 */
export const osvEcosystems: readonly OsvEcosystem[] = [
  { name: 'npm', type: 'npm' },
  { name: 'PyPI', type: 'pypi', normal: pythonName },
  { name: 'Maven', type: 'maven' },
  { name: 'Go', type: 'golang' },
  { name: 'crates.io', type: 'cargo' },
  { name: 'RubyGems', type: 'gem' },
  { name: 'NuGet', type: 'nuget', normal: lowerCase },
  { name: 'Packagist', type: 'composer', normal: lowerCase },
  { name: 'Hex', type: 'hex', normal: lowerCase },
  { name: 'Pub', type: 'pub', normal: lowerCase },
  { name: 'SwiftURL', type: 'swift', normal: repositoryName },
  { name: 'GitHub Actions', type: 'github', normal: lowerCase },
  { name: 'Bitnami', type: 'bitnami', normal: lowerCase },
  { name: 'ConanCenter', type: 'conan' },
  { name: 'CRAN', type: 'cran' },
  { name: 'Hackage', type: 'hackage' },
  { name: 'Julia', type: 'julia' },
  { name: 'Bioconductor' },
  { name: 'GHC' },
  { name: 'Kubernetes' },
  { name: 'VSCode', normal: lowerCase },
  { name: 'opam' },
  { name: 'Android' },
  { name: 'Linux' },
  { name: 'OSS-Fuzz' },
  { name: 'FreeBSD', distribution: true },
  { name: 'Alpaquita', distribution: true },
  { name: 'BellSoft Hardened Containers', distribution: true },
  { name: 'CleanStart', distribution: true },
  { name: 'Docker Hardened Images', distribution: true },
  { name: 'Echo', distribution: true },
  { name: 'Mageia', distribution: true },
  { name: 'MinimOS', distribution: true },
  { name: 'Root', distribution: true },
  { name: 'openEuler', distribution: true },
]

/** The ecosystems whose data comes from the source itself, as a distribution of ours: that has more, or is what OSV is made from. */
export const ownSources: readonly OsvEcosystem[] = [
  { name: 'AlmaLinux', distribution: true },
  { name: 'Alpine', distribution: true },
  { name: 'Azure Linux', distribution: true },
  { name: 'Chainguard', distribution: true },
  { name: 'Debian', distribution: true },
  { name: 'Photon OS', distribution: true },
  { name: 'Red Hat', distribution: true },
  { name: 'Rocky Linux', distribution: true },
  { name: 'SUSE', distribution: true },
  { name: 'Ubuntu', distribution: true },
  { name: 'Wolfi', distribution: true },
  { name: 'openSUSE', distribution: true },
]

/**
 * The scope of packages of an ecosystem as a record names it. What follows a colon is a release of a distribution
 * (`openEuler:22.03-LTS`) and is kept, or a repository (`Maven:https://…`), which says nothing that the name does not.
 */
export function scopeOf({ type, name }: OsvEcosystem, named: string = name): string {
  return type ?? `osv:${named}`
}

/** PEP 503: `Zope.Interface` is `zope-interface`. */
function pythonName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase()
}

/** A Swift package is named by its repository: `https://github.com/Vapor/vapor.git` is `github.com/vapor/vapor`, as in its purl. */
function repositoryName(name: string): string {
  return name
    .replace(/^\w+:\/\//, '')
    .replace(/\.git$|\/$/, '')
    .toLowerCase()
}
