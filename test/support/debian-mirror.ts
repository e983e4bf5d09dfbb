/** Where a mirror has the document of Debian's tracker. */
export const trackerPath = 'security-tracker.debian.org/tracker/data/json'

/** The files of a mirror that all of Debian's feeds are content with: this document of the tracker, and lists of one advisory. */
export function debianFiles(tracker: string): Readonly<Record<string, string>> {
  const list = (kind: string) => [
    `salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/${kind}/list`,
    `[01 Jan 2099] ${kind}-9000-1 sample - security update\n\t{CVE-2099-0001}\n\t[bookworm] - sample 1.0-1\n`,
  ]
  return { [trackerPath]: tracker, ...Object.fromEntries(['DSA', 'DLA'].map(list)) }
}
