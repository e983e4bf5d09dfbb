/** A version without its epoch. Microsoft's data knows none: it says 0 whatever the packages have. */
export function withoutEpoch(version: string): string {
  return version.replace(/^\d+:/, '')
}

/**
 * A version as the data means it. The generator adds the tag of the distribution to each, also to one without a release:
 * `29.3.azl3` is 29.3 in any release. `undefined` where no version was put in: `null.cm2`.
 */
export function statedVersion(version: string): string | undefined {
  if (/^null\b/.test(version)) return undefined
  return version.includes('-') ? version : version.replace(/\.(?:azl|cm)\d+$/, '')
}
