/** Where an update can be read: those of SUSE Linux Enterprise have a page of their own. */
export function linkOf(id: string): string | undefined {
  const [, kind, year, number] = /^SUSE-(SU|RU|FU|OU)-(\d{4}):(\d+-\d+)$/.exec(id) ?? []
  if (kind === undefined) return undefined
  const page = `suse-${kind.toLowerCase()}-${year}${number}`
  return `https://www.suse.com/support/update/announcement/${year}/${page}/`
}
