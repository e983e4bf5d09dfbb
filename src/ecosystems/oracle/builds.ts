/**
 * Which of Oracle's builds of a package a version belongs to. A package is built plain, for Ksplice (user space that can be
 * patched while it runs: `2:2.28-225.0.4.ksplice1.el8`) and validated for FIPS 140 (`10:1.0.2k-26.el7_9_fips`). Epochs keep them
 * apart, so that versions of one kind say nothing about another.
 */
export type Build = '' | 'ksplice' | 'fips'

/** The build that `version` is of; empty for a plain one. */
export function buildOf(version: string): Build {
  const release = version.slice(version.lastIndexOf('-') + 1)
  return release.includes('ksplice') ? 'ksplice' : /(?:^|[._])fips/.test(release) ? 'fips' : ''
}

/** The name under which a build of a package is spoken of. */
export function nameOfBuild(name: string, build: Build): string {
  return build === '' ? name : `${name} build=${build}`
}
