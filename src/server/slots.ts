/** Places for work that only so much of may go on at a time. */
export interface Slots {
  /** Takes a place, and gives what gives it back; `undefined` if all are taken. */
  take(): (() => void) | undefined
}

/** `count` places; as many as are wanted if it is below zero. */
export function createSlots(count: number): Slots {
  let taken = 0
  return {
    take() {
      if (count >= 0 && taken >= count) return undefined
      taken++
      let held = true
      return () => {
        if (held) taken--
        held = false
      }
    },
  }
}
