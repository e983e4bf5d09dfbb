import type { NotificationEntry } from '../../../core/notifications.ts'
import { clairDistribution, clairRepository } from './index-report.ts'
import type { ClairNotification } from './schema.ts'
import { severityName } from './vulnerabilities.ts'

/** What notifications say of a change, in Clair's form: as its server writes it, and as its schema has it. */
export function clairNotification({ id, manifest, reason, finding }: NotificationEntry): ClairNotification {
  const { release, package: pkg, repositories } = finding.package
  const { source } = pkg
  const [repository] = repositories.map((name) => clairRepository(name, ''))
  const severity = severityName(finding.severity)
  return {
    id,
    manifest,
    reason,
    vulnerability: {
      name: finding.id,
      description: finding.description,
      package: {
        id: '',
        name: pkg.name,
        version: pkg.version,
        kind: 'binary',
        source: { id: '', ...source, kind: 'source', normalized_version: '', cpe: '' },
        normalized_version: '',
        module: pkg.module ?? '',
        arch: pkg.arch,
        cpe: '',
      },
      distribution: clairDistribution(release, ''),
      ...(repository === undefined ? {} : { repo: repository, repository }),
      severity,
      normalized_severity: severity,
      fixed_in_version: finding.fixedIn ?? '',
      links: finding.links.join(' '),
    },
  }
}
