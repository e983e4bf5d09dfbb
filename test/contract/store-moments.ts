/** A time, ISO 8601, after everything that was written so far and before everything that is written from now on. */
export async function momentBetween(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 3))
  const moment = new Date().toISOString()
  await new Promise((resolve) => setTimeout(resolve, 3))
  return moment
}
