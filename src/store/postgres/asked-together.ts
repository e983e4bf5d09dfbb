/**
 * Answers many questions by asking one: those that come while one is on its way are the next one. Each is asked after it came, so
 * that the answer is what is true then or later.
 */
export function askedTogether<Key, Value>(
  ask: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): (key: Key) => Promise<Value | undefined> {
  let last: Promise<unknown> = Promise.resolve()
  let next: { readonly keys: Set<Key>; readonly answer: Promise<ReadonlyMap<Key, Value>> } | undefined
  return async (key) => {
    if (next === undefined) {
      const keys = new Set<Key>()
      const answer = last.then(() => {
        next = undefined
        return ask([...keys])
      })
      last = answer.catch(() => {})
      next = { keys, answer }
    }
    const { keys, answer } = next
    keys.add(key)
    return (await answer).get(key)
  }
}
