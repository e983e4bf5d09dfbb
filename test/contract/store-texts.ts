/** The values as texts, sorted: equal sets of values have equal texts, whatever their order and that of their properties. */
export function texts(values: readonly unknown[]): readonly string[] {
  return values.map((value) => JSON.stringify(sortedKeys(value))).sort()
}

/** The value with the properties of every object in alphabetical order. */
export function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  )
}
