import type { Release } from '../../core/package.ts'

/** A release of Amazon Linux. */
export interface AmazonRelease {
  /** The number by which it is called here: `1`, `2`, `2023`. */
  readonly number: string
  /** The architectures that its packages are built for. */
  readonly architectures: readonly string[]
  /** The first day without security updates (https://aws.amazon.com/amazon-linux-2/faqs/, https://docs.aws.amazon.com/linux/al2023/). */
  readonly endOfLife: string
}

export const amazonReleases: readonly AmazonRelease[] = [
  { number: '1', architectures: ['x86_64'], endOfLife: '2024-01-01' },
  { number: '2', architectures: ['x86_64', 'aarch64'], endOfLife: '2026-07-01' },
  { number: '2023', architectures: ['x86_64', 'aarch64'], endOfLife: '2029-07-01' },
]

/** The release that os-release states: `2018.03` is one of the dated versions of release 1. The preview 2022 is none. */
export function releaseOf({ versionId }: Release): AmazonRelease | undefined {
  const number = /^201\d\.\d\d$/.test(versionId) ? '1' : (/^(\d+)(?:\.|$)/.exec(versionId)?.[1] ?? '')
  return amazonReleases.find((release) => release.number === number)
}
