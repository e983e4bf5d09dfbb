import type { Digest } from '../../src/core/digest.ts'
import type {
  FleetFinding,
  FleetImage,
  FleetOperation,
  FleetPackage,
  FleetStore,
  Judgement,
  NumberedPackage,
} from '../../src/core/fleet.ts'
import { packageUrl } from '../../src/core/purl.ts'
import { bookworm } from './reports.ts'

/** Images, packages and findings of a fleet made by hand. */

export function fleetPackage(name: string, version = '1', more: Partial<FleetPackage> = {}): FleetPackage {
  const pkg = { type: 'deb', name, version, arch: 'amd64', source: { name, version } }
  return { release: bookworm, package: pkg, repositories: [], ...more }
}

/** The image of this number: its digest is made of it. */
export function fleetImage(number: number, names: readonly string[] = []): FleetImage {
  return { digest: digestOfNumber(number), names, analyzers: 'a@1', indexedAt: '2026-03-01T00:00:00.000Z' }
}

export function digestOfNumber(number: number): Digest {
  return `sha256:${String(number).padStart(64, '0')}`
}

export function fleetFinding(
  id: string,
  { release, package: pkg }: FleetPackage,
  more: Partial<FleetFinding> = {},
): FleetFinding {
  return {
    id,
    aliases: [],
    package: pkg.name,
    version: pkg.version,
    arch: pkg.arch,
    purl: packageUrl(pkg, release),
    fixedIn: '2',
    state: 'fixed',
    severity: 'high',
    severitySource: 'debian',
    cvss: [],
    weaknesses: [],
    epss: null,
    kev: null,
    risk: null,
    description: `about ${id}`,
    links: [`https://example.org/${id}`],
    advisory: null,
    advisoryLink: null,
    note: null,
    setAside: null,
    why: {
      feed: 'debian',
      scope: 'debian:12',
      name: pkg.source.name,
      scheme: 'dpkg',
      compared: pkg.version,
      because: `${pkg.version} is older than 2`,
    },
    ...more,
  }
}

/** A judgement of a package that has these findings. It is looked up by its name. */
export function judgement(
  { number, package: pkg }: NumberedPackage,
  findings: readonly FleetFinding[],
  more: Partial<Judgement> = {},
): Judgement {
  return { number, findings, gaps: [], keys: [{ scope: 'debian:12', name: pkg.package.source.name }], ...more }
}

/** Judges packages to have the vulnerabilities that `ids` gives. */
export function judgeAs(
  fleet: FleetStore,
  operation: FleetOperation,
  packages: readonly NumberedPackage[],
  ids: (pkg: FleetPackage) => readonly string[],
  rules = 'rules 1',
): ReturnType<FleetStore['judge']> {
  return fleet.judge(operation, rules, packages, async (asked) =>
    asked.map((one) =>
      judgement(
        one,
        ids(one.package).map((id) => fleetFinding(id, one.package)),
      ),
    ),
  )
}
