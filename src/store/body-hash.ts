import { hash } from 'node:crypto'

/** 48 bits of what a body says, to see whether it changed. */
export function bodyHash(body: string): number {
  return hash('sha256', body, 'buffer').readUIntBE(0, 6)
}
