/** Where an erratum can be read; `undefined` for what is none. */
export function linkOf(id: string): string | undefined {
  return /^ELSA-\d{4}-\d+$/.test(id) ? `https://linux.oracle.com/errata/${id}.html` : undefined
}
