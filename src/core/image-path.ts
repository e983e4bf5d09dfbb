/** A component that has to be resolved: an empty one, `.` or `..`. */
const unresolved = /(?:^|\/)\.{0,2}(?:\/|$)/

/**
 * The canonical form of a path inside an image, `var/lib/dpkg/status`: no leading or trailing slash, no empty component,
 * `.` and `..` resolved by name alone and never above the root. The root itself is the empty string.
 */
export function imagePath(raw: string): string {
  if (!unresolved.test(raw)) return raw
  const components: string[] = []
  for (const component of raw.split('/')) {
    if (component === '..') components.pop()
    else if (component !== '' && component !== '.') components.push(component)
  }
  return components.join('/')
}

/** The directory of a canonical path; the root, an empty string, for a path in the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}
