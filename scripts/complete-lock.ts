// Completes package-lock.json: `npm install` drops optional packages of other platforms that its registry does not have at
// the moment, without a word, and then `npm ci` fails everywhere. Run it after every change of dependencies.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Locked {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const file = join(import.meta.dirname, '..', 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> }
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32']

for (const [owner, { dev, optionalDependencies }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) continue
    const [nearest] = places(owner, name).filter((place) => lock.packages[place] !== undefined)
    if (nearest !== undefined && lock.packages[nearest]!.version === version) continue
    const place = nearest === undefined ? `node_modules/${name}` : `${owner}/node_modules/${name}`
    lock.packages[place] = {
      version,
      cpu: [processorOf(name)],
      ...(dev ? { dev } : {}),
      optional: true,
      os: [systemOf(name)],
    }
    process.stdout.write(`added ${place} ${version}\n`)
  }
}
const sorted = Object.entries(lock.packages).sort(([left], [right]) => (left < right ? -1 : 1))
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, undefined, 2)}\n`)

/** Where Node looks for a package that `owner` asks for, nearest first. */
function places(owner: string, name: string): readonly string[] {
  const folders = owner.split('/node_modules/')
  return folders
    .map((_, index) => `${folders.slice(0, folders.length - index).join('/node_modules/')}/node_modules/${name}`)
    .concat(`node_modules/${name}`)
}

function systemOf(name: string): string {
  return systems.find((system) => name.includes(system)) ?? 'unknown'
}

function processorOf(name: string): string {
  return processors.find((processor) => name.includes(processor)) ?? 'unknown'
}
