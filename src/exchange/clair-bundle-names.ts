/** A vulnerability that a name stands for, or an advisory and the vulnerabilities that it covers. */
export interface NamedIssue {
  readonly id: string
  readonly aliases: readonly string[]
  readonly covers: readonly string[]
}

const cves = /\bCVE[-_](\d{4})[-_](\d{4,})\b/gi
const advisoryId = /^[A-Za-z][A-Za-z0-9]*[-:][\w:.-]+$/

/**
 * What the name of a vulnerability names. It is an id, the title of an OVAL definition (`ELSA-2023-0001:  kernel security
 * update (IMPORTANT)`, `CVE-2020-11080 on Ubuntu 18.04 LTS (bionic) - medium.`), or an entry of Alpine's with several ids
 * (`CVE-2020-11740 CVE-2020-11741 XSA-313`). The CVEs that an advisory covers are those that its links name, or else its
 * description. `isErratum`: whether an id that is no CVE is that of an advisory, and not of a vulnerability.
 */
export function issuesOf(
  vulnerability: { readonly name: string; readonly description?: string; readonly links?: string },
  isErratum: boolean,
): readonly NamedIssue[] {
  const { name, description = '', links = '' } = vulnerability
  const words = name.split(/[\s,;]+/).map((word) => word.replace(/[:.]+$/, ''))
  const first = words.find((word) => word !== '') ?? name
  const named = cvesIn(name)
  if (cvesIn(first).length > 0) {
    const aliases = words.filter((word) => /^[A-Z]+-[\w-]*\d[\w-]*$/.test(word) && cvesIn(word).length === 0)
    return named.map((id) => ({ id, aliases, covers: [] }))
  }
  const id = advisoryId.test(first) ? first : name
  if (!isErratum) return [{ id, aliases: cvesIn(links.split(/\s+/).filter(isRecord).join(' ')), covers: [] }]
  const linked = cvesIn(links)
  return [{ id, aliases: [], covers: linked.length > 0 ? linked : cvesIn(description) }]
}

/** Whether a link is to the record of a vulnerability, and not to something that mentions it. */
function isRecord(link: string): boolean {
  return /^https?:\/\/(?:nvd\.nist\.gov\/vuln\/detail\/|(?:www\.)?cve\.org\/|cve\.mitre\.org\/)/.test(link)
}

function cvesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(cves)].map(([, year, number]) => `CVE-${year}-${number}`))]
}
