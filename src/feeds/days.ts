/** The day after a day in ISO 8601: the first one without, where the last one with is known. */
export function dayAfter(day: string | undefined): string | undefined {
  if (day === undefined) return undefined
  return new Date(Date.parse(day) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10)
}
