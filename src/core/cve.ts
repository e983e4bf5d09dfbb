/** A CVE id, its year in the first group. */
export const cveId = /^CVE-(\d{4})-\d{4,}$/
