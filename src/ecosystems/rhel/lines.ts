import { rpm } from '../../versions/rpm.ts'

/**
 * The line of builds that a version belongs to, in which one fix follows the other: the minor release that it was built for
 * (`el9_2`, of modules `el8.10.0`). The same package is often fixed in several of them, each by a version of its own. A
 * version without one, as what was built for a major release has, is in no line.
 */
export function lineOf(version: string): string | undefined {
  return /\.(el\d+_\d+)/.exec(version)?.[1] ?? /\.module\+(el\d+(?:\.\d+)+)\+/.exec(version)?.[1]
}

/** Whether it was built in a module stream. */
export function isModular(version: string): boolean {
  return version.includes('.module+el')
}

/** The line of a version whose module stream is not known: streams mostly are major versions. */
export function majorOf(version: string): string {
  return /^(?:\d+:)?\d*/.exec(version)![0]
}

/** The line of a container: `4.12` of the tag `v4.12.0-202308`. */
export function tagLine(tag: string): string | undefined {
  return /^v?(\d+\.\d+)/.exec(tag)?.[1]
}

/**
 * The fixed versions that count, the lowest first: of each line the highest, as an earlier one did not fix all of it. Of
 * builds of one module that differ in nothing but the context that they were built in (`+23147+20b7d289`), which have no
 * order among them, the lowest.
 */
export function highestOfLines(
  versions: Iterable<string>,
  line: (version: string) => string | undefined,
): readonly string[] {
  const builds = new Map<string, string>()
  for (const version of versions) {
    const build = withoutContext(version)
    const known = builds.get(build)
    if (known === undefined || compare(version, known) < 0) builds.set(build, version)
  }
  const lines = new Map<string, string>()
  for (const version of builds.values()) {
    const of = line(version) ?? ''
    const known = lines.get(of)
    if (known === undefined || compare(version, known) > 0) lines.set(of, version)
  }
  return [...lines.values()].sort(compare)
}

/** A version without the context of a module build, which is different for every one. */
export function withoutContext(version: string): string {
  return /^.*\.module\+el[\d.]+\+\d+(?=\+)/.exec(version)?.[0] ?? version
}

function compare(left: string, right: string): number {
  return rpm.compare(left, right) ?? 0
}
