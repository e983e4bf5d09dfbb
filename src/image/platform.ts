import type { Platform } from '../core/image.ts'

/** Other names of architectures, by Go's: what Node, uname and Debian say. */
const architectures: ReadonlyMap<string, Omit<Platform, 'os'>> = new Map([
  ['x64', { architecture: 'amd64' }],
  ['x86_64', { architecture: 'amd64' }],
  ['x86-64', { architecture: 'amd64' }],
  ['ia32', { architecture: '386' }],
  ['i386', { architecture: '386' }],
  ['i686', { architecture: '386' }],
  ['aarch64', { architecture: 'arm64' }],
  ['armhf', { architecture: 'arm', variant: 'v7' }],
  ['armel', { architecture: 'arm', variant: 'v6' }],
  ['ppc64', { architecture: 'ppc64le' }],
])

/** The variant that is meant where none is named. */
const defaultVariants: ReadonlyMap<string, string> = new Map([
  ['amd64', 'v1'],
  ['arm64', 'v8'],
  ['arm', 'v7'],
])

/** linux on this machine's architecture, in Go's words. */
export function defaultPlatform(): Platform {
  return normalizedPlatform({ os: 'linux', architecture: process.arch })
}

/** `linux/arm64/v8`. */
export function showPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant].filter((part) => part !== undefined).join('/')
}

/** The platform in Go's words, lower case, without a variant that is the usual one. */
function normalizedPlatform(platform: Platform): Platform {
  const named = platform.architecture.toLowerCase()
  const { architecture, variant: implied } = architectures.get(named) ?? { architecture: named }
  const variant = (platform.variant || implied)?.toLowerCase().replace(/^(?=\d)/, 'v')
  const os = platform.os.toLowerCase()
  return variant === undefined || variant === defaultVariants.get(architecture)
    ? { os, architecture }
    : { os, architecture, variant }
}

/**
 * The best of `candidates` for `wanted`, or `undefined`: same system and architecture, and the same variant if one is
 * wanted. Where none is, the usual one, else the first.
 */
export function choosePlatform<T extends { readonly platform: Platform }>(
  candidates: readonly T[],
  wanted: Platform,
): T | undefined {
  const { os, architecture, variant } = normalizedPlatform(wanted)
  const fitting = candidates
    .map((candidate) => ({ candidate, platform: normalizedPlatform(candidate.platform) }))
    .filter(({ platform }) => platform.os === os && platform.architecture === architecture)
  const exact = fitting.find(({ platform }) => platform.variant === variant)
  const wantsVariant = wanted.variant !== undefined && wanted.variant !== ''
  return (exact ?? (wantsVariant ? undefined : fitting[0]))?.candidate
}
