/** A time of NVD's in ISO 8601, UTC: those without a zone are. `undefined` for what is no time. */
export function timeOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}
