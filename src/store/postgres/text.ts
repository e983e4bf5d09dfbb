/**
 * PostgreSQL keeps any text but U+0000. It stands as U+0010 and "0" there, and U+0010 itself as U+0010 and "1".
 * JSON is the same before and after: it has neither.
 */
export function encodeText(text: string): string {
  if (!text.includes('\0') && !text.includes('\x10')) return text
  return text.replaceAll('\x10', '\x101').replaceAll('\0', '\x100')
}

/** What `encodeText` was given. */
export function decodeText(text: string): string {
  if (!text.includes('\x10')) return text
  return text.replaceAll('\x100', '\0').replaceAll('\x101', '\x10')
}
