/** What one entry of a list of fixes names. */
export interface FixedIssue {
  readonly id: string
  readonly aliases: readonly string[]
}

const cve = /^CVE-\d{4}-\d{4,}$/

/**
 * The vulnerabilities that an entry of `secfixes` names. An entry is one id, but people write more into it: the ids that
 * others use (`CVE-2019-17349 XSA-295`), several vulnerabilities (`CVE-2020-11740 CVE-2020-11741 XSA-313`), remarks
 * (`CVE-2018-14466 (AFS/RX)`), slips (`CVE_2019-2426`) and placeholders (`CVE-????-????? TS-2024-005`). Every CVE id is a
 * vulnerability of its own, and what is no CVE id is an alias of each; without a CVE id the first one stands for it.
 */
export function issuesOf(entry: string): readonly FixedIssue[] {
  if (cve.test(entry)) return [{ id: entry, aliases: [] }]
  const words = entry.replace(/\([^)]*\)?/g, ' ').split(/[\s,;]+/)
  const ids = new Set(
    words.filter((word) => /^(?:[A-Za-z][\w.-]*\d[\w.-]*|GHSA(?:-[a-z]{4}){3})$/.test(word)).map(corrected),
  )
  const known = [...ids].filter((id) => cve.test(id))
  const others = [...ids].filter((id) => !cve.test(id))
  if (known.length > 0) return known.map((id) => ({ id, aliases: others }))
  const [id, ...aliases] = others
  return id === undefined ? [] : [{ id, aliases }]
}

function corrected(id: string): string {
  const [, year, number] = /^CVE[_-](\d{4})[_-](\d{4,})$/i.exec(id) ?? []
  return year === undefined ? id : `CVE-${year}-${number}`
}
