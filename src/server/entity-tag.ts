import { createHash } from 'node:crypto'

/** A weak entity tag (RFC 9110, 8.8.3) for what these texts decide: weak, as the same answer may be compressed or not. */
export function entityTag(...parts: readonly string[]): string {
  return `W/"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 27)}"`
}

/** Whether an If-None-Match header names the tag, or any (RFC 9110, 13.1.2). */
export function matchesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  const opaque = (text: string) => text.trim().replace(/^W\//, '')
  return header.split(',').some((text) => opaque(text) === opaque(tag))
}
