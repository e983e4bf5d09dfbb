/** `text` as a part of the path of a link. Half a character, which JSON can have, becomes U+FFFD. */
export function pathPart(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
