/** Numbers and times in words, for reports that people read. */

/** `12345` as `12,345`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A count with its noun: `1 package`, `1,200 packages`, `2 vulnerabilities`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

const units = [
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
] as const

/** How long ago a time was: `3 hours ago`. Without `now`, or for something that is no time, the time itself. */
export function ago(time: string, now: Date | undefined): string {
  const elapsed = now === undefined ? Number.NaN : now.getTime() - Date.parse(time)
  if (Number.isNaN(elapsed)) return time
  for (const [unit, length] of units) {
    if (elapsed >= length) return `${counted(Math.floor(elapsed / length), unit)} ago`
  }
  return 'just now'
}
