/** How much a clock may be put forward without being doubted, as those that keep them right do; milliseconds. */
const tolerance = 60_000
/** How long a clock that jumped forward is doubted: somebody who set it wrong has noticed by then. Milliseconds. */
const doubt = 24 * 60 * 60 * 1000

/** The clocks that are compared, in milliseconds: that of the machine, which may jump, and one that does not. */
export interface Clocks {
  wall(): number
  steady(): number
}

/**
 * The time by which it is told what is too old to be kept; milliseconds since 1970. When the clock jumps forward, nothing gets old
 * for a day: it goes on from where it was. A clock that jumps backward is followed, as nothing is removed for that.
 */
export function createSteadyTime(
  clocks: Clocks = { wall: () => Date.now(), steady: () => performance.now() },
): () => number {
  let base = { wall: clocks.wall(), steady: clocks.steady() }
  let doubtedSince: number | undefined
  return () => {
    const [wall, steady] = [clocks.wall(), clocks.steady()]
    const expected = base.wall + (steady - base.steady)
    if (wall > expected + tolerance) {
      doubtedSince ??= steady
      if (steady - doubtedSince < doubt) return expected
    }
    doubtedSince = undefined
    base = { wall, steady }
    return wall
  }
}
