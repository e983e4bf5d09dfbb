import type { Package } from './package.ts'

const kernelHeaders =
  'it has headers or documentation of the kernel and none of its code; what runs is the kernel of the host'

/** By type: packages built from the kernel's source that cannot have its vulnerabilities. */
const kernelNames: Readonly<Record<string, RegExp>> = {
  deb: /^linux-(?:libc-dev|headers-|kbuild-|doc|source)/,
  rpm: /^kernel(?:-[a-z0-9_]+)*-(?:headers|devel|doc|source)(?:-[a-z0-9_]+)*$/,
  apk: /^linux-(?:headers|[a-z0-9]+-(?:dev|doc))$/,
}

/**
 * Why findings of a package are set aside unless all are asked for; `null` for nearly every package. They are true of the source
 * that it was built from, and mean nothing for this package.
 */
export function setAsideReason({ type, name, source }: Package): string | null {
  const pattern = Object.hasOwn(kernelNames, type) ? kernelNames[type] : undefined
  return pattern?.test(name) === true && /^(?:linux|kernel)(?:-|$)/.test(source.name) ? kernelHeaders : null
}
