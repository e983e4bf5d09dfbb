import type { Digest } from '../../../core/digest.ts'
import { type Release, releaseName } from '../../../core/package.ts'
import type { IndexedPackage, IndexReport } from '../../../core/report.ts'
import type { ClairDistribution, ClairEnvironment, ClairIndexReport, ClairPackage, ClairRepository } from './schema.ts'

/** The parts of an index that both of Clair's reports have. */
export type ClairContent = Pick<
  ClairIndexReport,
  'manifest_hash' | 'packages' | 'distributions' | 'repository' | 'environments'
>

/** The only distribution of an image. */
const distributionId = '1'

/** What `NAME` of os-release is, which an index does not keep. */
const names: Readonly<Record<string, string>> = {
  alpine: 'Alpine Linux',
  debian: 'Debian GNU/Linux',
  ubuntu: 'Ubuntu',
  rhel: 'Red Hat Enterprise Linux',
  centos: 'CentOS Linux',
  ol: 'Oracle Linux Server',
  amzn: 'Amazon Linux',
  sles: 'SLES',
  photon: 'VMware Photon OS',
}

/** An index report in Clair's form. */
export function clairIndexReport(report: IndexReport, digest: Digest): ClairIndexReport {
  const { gaps } = report
  return {
    ...clairContent(report, digest),
    state: 'IndexFinished',
    success: true,
    err: '',
    ...(gaps.length === 0 ? {} : { gaps: gaps.map(({ code, where, detail }) => ({ code, where, detail })) }),
  }
}

/** What Clair answers for an image that could not be read. */
export function clairIndexError(digest: Digest, message: string): ClairIndexReport {
  const nothing = { packages: {}, distributions: {}, repository: {}, environments: {} }
  return { manifest_hash: digest, ...nothing, state: 'IndexError', success: false, err: message }
}

/** What is in an image, in Clair's form. Packages are numbered in their order, which is the same for the same image. */
export function clairContent(
  { image, packages, release }: Pick<IndexReport, 'image' | 'packages' | 'release'>,
  digest: Digest,
): ClairContent {
  const sources = new Map<string, string>()
  const repositories = new Map<string, ClairRepository>()
  const clairPackages: Record<string, ClairPackage> = {}
  const environments: Record<string, ClairEnvironment[]> = {}
  for (const [place, pkg] of packages.entries()) {
    const id = packageId(place)
    clairPackages[id] = clairPackage(pkg, id, (key) => numbered(sources, key, packages.length + 1))
    environments[id] = [
      {
        package_db: pkg.path,
        introduced_in: image.layers[pkg.layer]?.digest ?? '',
        distribution_id: release === undefined ? '' : distributionId,
        repository_ids: pkg.repositories?.map((name) => repositoryId(name, repositories)) ?? null,
      },
    ]
  }
  return {
    manifest_hash: digest,
    packages: clairPackages,
    distributions: release === undefined ? {} : { [distributionId]: clairDistribution(release, distributionId) },
    repository: Object.fromEntries([...repositories.values()].map((repository) => [repository.id, repository])),
    environments,
  }
}

/** The id of the package at this place of an index. */
export function packageId(place: number): string {
  return String(place + 1)
}

function clairPackage(pkg: IndexedPackage, id: string, sourceId: (key: string) => string): ClairPackage {
  const { source } = pkg
  return {
    id,
    name: pkg.name,
    version: pkg.version,
    kind: 'binary',
    source: {
      id: sourceId(`${source.name}\0${source.version}`),
      name: source.name,
      version: source.version,
      kind: 'source',
      normalized_version: '',
      cpe: '',
    },
    normalized_version: '',
    module: pkg.module ?? '',
    arch: pkg.arch,
    cpe: '',
  }
}

/** A distribution in Clair's form. */
export function clairDistribution(release: Release, id: string): ClairDistribution {
  const { codename, versionId } = release
  return {
    id,
    did: release.id,
    name: names[release.id] ?? releaseName(release),
    version: codename === '' ? versionId : `${versionId} (${codename})`.trim(),
    version_code_name: codename,
    version_id: versionId,
    arch: '',
    cpe: release.cpe,
    pretty_name: releaseName(release),
  }
}

function repositoryId(name: string, repositories: Map<string, ClairRepository>): string {
  const known = repositories.get(name)
  if (known !== undefined) return known.id
  const id = String(repositories.size + 1)
  repositories.set(name, clairRepository(name, id))
  return id
}

/** A repository in Clair's form. */
export function clairRepository(name: string, id: string): ClairRepository {
  const cpe = name.startsWith('cpe:') ? name : ''
  return { id, name, key: cpe === '' ? '' : 'rhel-cpe-repository', uri: '', cpe }
}

function numbered(ids: Map<string, string>, key: string, first: number): string {
  const known = ids.get(key) ?? String(first + ids.size)
  ids.set(key, known)
  return known
}
