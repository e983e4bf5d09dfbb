import { limits } from '../../core/limits.ts'
import type { DatabaseObservations } from '../database-observations.ts'
import { parseSourceRpm } from './header.ts'

/**
 * The packages of a `container-manifest-2`, which takes the place of the database in Azure Linux (CBL-Mariner) images without
 * rpm. A line a package, parted by tabs: name, version-release, two times, vendor, `(none)`, size, architecture, epoch, source
 * package.
 */
export function readManifest(bytes: Buffer, observations: DatabaseObservations): void {
  for (let from = 0, line = 1; from < bytes.length; line += 1) {
    const lineFeed = bytes.indexOf(10, from)
    const end = lineFeed < 0 ? bytes.length : lineFeed
    const isTooLong = end - from > limits.packageFieldBytes
    const goesOn = isTooLong
      ? observations.gap(`Line ${line} is too long.`)
      : end === from || readLine(bytes.toString('utf8', from, end), line, observations)
    if (!goesOn) return
    from = end + 1
  }
}

function readLine(text: string, line: number, observations: DatabaseObservations): boolean {
  const [name, evr, , , vendor, , , arch, epoch, sourceRpm, ...rest] = text.trimEnd().split('\t')
  if (name === 'gpg-pubkey') return true
  if (!name || !evr || !arch || !/^\d+$/.test(epoch ?? '') || rest.length > 0) {
    return observations.gap(`Line ${line} is not that of a package.`)
  }
  const prefix = epoch === '0' ? '' : `${epoch}:`
  const source = parseSourceRpm(sourceRpm) ?? { name, version: evr }
  return observations.add({
    type: 'rpm',
    name,
    version: prefix + evr,
    arch,
    source: { name: source.name, version: prefix + source.version },
    ...(vendor && vendor !== '(none)' ? { vendor } : {}),
  })
}
