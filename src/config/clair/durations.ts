/** Milliseconds of the units of Go's `time.ParseDuration`. */
const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** A length of time as Go writes it (`6h`, `1h30m`, `1.5s`, `-1m`, `0`), in milliseconds; `undefined` if it is none. */
export function parseGoDuration(text: string): number | undefined {
  const [, sign = '', body = ''] = /^([-+]?)(.+)$/.exec(text) ?? []
  if (body === '0') return 0
  const parts = [...body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== body) return undefined
  const milliseconds = parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0)
  return sign === '-' ? -milliseconds : milliseconds
}
