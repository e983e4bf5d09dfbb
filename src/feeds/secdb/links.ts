/** Where anybody can read of a vulnerability, by its id; for databases that have no pages of their own. */
export function publicLink(id: string): string | undefined {
  if (/^CVE-\d{4}-\d{4,}$/.test(id)) return `https://www.cve.org/CVERecord?id=${id}`
  if (/^GHSA(?:-[a-z\d]{4}){3}$/.test(id)) return `https://github.com/advisories/${id}`
  return undefined
}
