// What indexing an image takes.
import { join } from 'node:path'
import { doubleImage } from './double-image.ts'
import { inTurn, millisecondsOf, run } from './measure.ts'
import type { Part } from './part.ts'

const script = (name: string) => join(import.meta.dirname, `${name}.ts`)

/** The large image of the corpus, against two workers that only inflate and hash its layers. */
export const indexing: Part = {
  id: 'indexing',
  title: 'Indexing images',
  async measure({ corpus, folder, times, results }) {
    const layout = join(corpus, 'debian-12-large')
    const double = join(folder, 'double')
    await doubleImage(layout, double)
    const index = (image: string) => () => run([script('index-image'), image], { memory: true })
    const floor = () => run([script('floor'), layout])
    const [floors, runs, doubles] = await inTurn([floor, index(layout), index(double)], times)
    const floorMs = floors!.map(millisecondsOf)
    results.times(
      'index debian-12-large',
      runs!.map(millisecondsOf),
      'two workers that inflate and hash',
      floorMs,
      '1.2',
    )
    results.memory('peak memory of indexing it', runs!, '250 MiB')
    results.memory('peak memory of indexing an image twice as large', doubles!, 'no more')
  },
}
