// What it takes to start: the version, and the scan of an image that is known.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { inTurn, run } from './measure.ts'
import type { Part } from './part.ts'

const root = join(import.meta.dirname, '..')
const command = join(root, 'bin', 'chiaro.mjs')
const images = ['debian-12-slim', 'debian-12-node', 'debian-12-large']

/** Start-up, as many times an empty Node's. */
export const startUp: Part = {
  id: 'start-up',
  title: 'Starting',
  async measure({ corpus, feeds, folder, times, results }) {
    const real = images
      .map((name) => [name, join(corpus, name), feeds] as const)
      .filter(([, layout]) => existsSync(layout))
    const known = [
      ['the bundled example', `${join(root, 'examples/image')}:debian`, join(root, 'examples/feeds')],
      ...real,
    ]
    const scans = known.map(([, layout, mirror], index) => {
      const database = join(folder, `known-${index}.db`)
      const args = [command, 'scan', `oci-layout:${layout}`, '--mirror', mirror!, '--offline', '--db', database]
      return () => run(args)
    })
    for (const scan of scans) await scan()
    const empty = () => run(['-e', '0'])
    const runs = await inTurn([empty, () => run([command, 'version']), ...scans], Math.max(times, 15))
    const [floor, version, ...seconds] = runs.map((list) => list.map(({ ms }) => ms))
    results.times('`chiaro version`', version!, 'an empty Node', floor!, '1.5')
    for (const [index, [name]] of known.entries()) {
      results.times(`second scan of a known image: ${name}`, seconds[index]!, 'an empty Node', floor!, '2.5')
    }
  },
}
