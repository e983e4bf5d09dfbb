/** What is kept for speed only. */

/** The day in UTC, ISO 8601. */
export function today(): string {
  return new Date().toISOString().slice(0, 10)
}

/** What was kept, or nothing where it cannot be read: it is then made again, and replaced. */
export async function unlessDamaged<T>(decode: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await decode()
  } catch {
    return undefined
  }
}
