/**
 * The name of the advisory that a reference of source PHSA is about: `PHSA:00001:3.0:0036`, issued in 2019, is
 * `PHSA-2019-3.0-0036`. `undefined` if it cannot be told.
 */
export function advisoryOf(reference: string, issued: string): string | undefined {
  const [, release, number] = /^PHSA:\d+:([\d.]+):(\d+)$/.exec(reference) ?? []
  const year = /^\d{4}(?=-)/.exec(issued)?.[0]
  return release === undefined || year === undefined ? undefined : `PHSA-${year}-${release}-${number}`
}

/** Where an advisory can be read; `undefined` for what is none. */
export function linkOf(advisory: string): string | undefined {
  const [, release, number] = /^PHSA-\d{4}-(\d+\.\d+)-(\d+)$/.exec(advisory) ?? []
  return release && `https://github.com/vmware/photon/wiki/Security-Updates-${release}-${number}`
}
