import { rpm } from '../../versions/rpm.ts'

/**
 * The line of builds that a version belongs to, in which one fix follows the other: the minor release that it was built for
 * (`el9_2`, of modules `el8.10.0`). The same package is often fixed in several of them, each by a version of its own. A
 * version without one, as what was built for a major release has, is in no line.
 */
export function lineOf(version: string): string | undefined {
  return /\.(el\d+_\d+)/.exec(version)?.[1] ?? /\.module[+_](el\d+(?:\.\d+)+)(?:\.z)?\+/.exec(version)?.[1]
}

/** Whether it was built in a module stream. */
export function isModular(version: string): boolean {
  return /\.module[+_]el/.test(version)
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
 * builds of one version that differ in nothing but the number and context of the module build (`+23147+20b7d289`), the lowest:
 * a stream is built several times, for the streams of others, and none of these builds comes before another.
 */
export function highestOfLines(
  versions: Iterable<string>,
  line: (version: string) => string | undefined,
): readonly string[] {
  const builds = new Map<string, string>()
  for (const version of versions) {
    const build = withoutBuild(version)
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

/** A version without the number and context of a module build: what is behind is the same source, built for something else. */
export function withoutBuild(version: string): string {
  return /^.*\.module[+_]el[\d.z]+(?=\+)/.exec(version)?.[0] ?? version
}

/** Whether a version of a module is CentOS's build of RHEL's: the same but for the number of the build, which CentOS counts by itself. */
export function isCentosBuild(version: string, ofRhel: string): boolean {
  return version.includes('.module_el') && rpm.compare(withoutBuild(version), withoutBuild(ofRhel)) === 0
}

function compare(left: string, right: string): number {
  return rpm.compare(left, right) ?? 0
}
