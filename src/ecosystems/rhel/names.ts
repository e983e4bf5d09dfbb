import { qualifiedName } from '../../core/advisory.ts'
import type { Package } from '../../core/package.ts'

/** The architecture that purls of source packages have; what is said of one holds for all that is built from it. */
const sourceArch = 'src'

/** The name of a statement about a source package. */
export function sourceName(name: string, module: string | undefined): string {
  return qualifiedName(name, module === undefined ? { arch: sourceArch } : { module, arch: sourceArch })
}

/** The name of a statement about a binary package, of one architecture if `arch` is given. */
export function binaryName(name: string, module: string | undefined, arch?: string): string {
  return qualifiedName(name, { ...(module === undefined ? {} : { module }), ...(arch === undefined ? {} : { arch }) })
}

/** The names under which statements about an installed package are found: its own, and that of its source. */
export function namesOf(pkg: Package): { readonly binary: readonly string[]; readonly source: string | undefined } {
  const { name, arch, module, source } = pkg
  if (isDebug(name) || (kernelSource.test(source.name) && !holdsKernel(name))) return { binary: [], source: undefined }
  const binary = [binaryName(name, module), ...(arch === '' ? [] : [binaryName(name, module, arch)])]
  return {
    // Old documents do not name the stream of what they fix in a module: judge.ts looks which one is meant.
    binary: module === undefined ? binary : [...binary, name],
    source: sourceName(source.name, module),
  }
}

/** Whether statements about packages of this name are worth keeping: no installed package asks for others. */
export function isJudged(name: string): boolean {
  return !isDebug(name) && (holdsKernel(name) || !fromKernel.test(name))
}

const kernelSource = /^kernel(?:-rt|-alt|-pegas)?$/
const fromKernel = /^(?:kernel-(?!srpm-macros).*|perf|python3-perf|libperf|bpftool|rtla|rv)$/

/**
 * Whether a package built from the kernel's source holds a kernel or its modules. The rest, such as headers, documentation
 * and tools, has the version of the kernel and next to nothing of its code: vulnerabilities of the kernel are not in it.
 */
function holdsKernel(name: string): boolean {
  return /^kernel(?:-(?:rt|64k|rt-64k|16k|zfcpdump|PAE|xen|kvm))?(?:-(?:core|modules|modules-core|modules-extra))?$|^kernel-uki-virt(?:-addons)?$/.test(
    name,
  )
}

/** Symbols and sources for debuggers: nothing in them is run. */
function isDebug(name: string): boolean {
  return /-debuginfo(?:-|$)|-debugsource$/.test(name)
}
