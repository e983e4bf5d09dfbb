import { hash } from 'node:crypto'

/** 48 bits of what a body says, to see whether it changed. By way of a text: a buffer for each would take as long as the hash. */
export function bodyHash(body: string): number {
  return Number.parseInt(hash('sha256', body, 'hex').slice(0, 12), 16)
}
