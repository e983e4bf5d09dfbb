import { isObject } from './check.ts'

/** `target` with `patch` merged into it: members replace members, `null` removes one (RFC 7396). Neither is changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged = new Map(Object.entries(isObject(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

/** The parts of a place that is being patched: an object or a list. */
type Container = Record<string, unknown> | unknown[]

/**
 * `document` with the operations of a JSON patch applied one after the other (RFC 6902). It is not changed. Throws an
 * `Error` that names the operation which cannot be applied.
 */
export function jsonPatch(document: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw new Error('a patch is a list of operations')
  let root: unknown = structuredClone(document)
  for (const [index, operation] of operations.entries()) {
    try {
      root = apply(root, operation)
    } catch (error) {
      throw new Error(`operation ${index + 1}: ${(error as Error).message}`)
    }
  }
  return root
}

function apply(root: unknown, operation: unknown): unknown {
  if (!isObject(operation)) throw new Error('it is not an operation')
  const { op, value } = operation
  const path = pointer(operation.path, 'path')
  switch (op) {
    case 'add':
      return add(root, path, required(operation, 'value'))
    case 'remove':
      return remove(root, path)
    case 'replace':
      required(operation, 'value')
      return path.length === 0 ? value : add(remove(root, path), path, value)
    case 'move': {
      const from = pointer(operation.from, 'from')
      const moved = get(root, from)
      if (path.length > from.length && from.every((part, index) => part === path[index])) {
        throw new Error('nothing can be moved into itself')
      }
      return add(remove(root, from), path, moved)
    }
    case 'copy':
      return add(root, path, structuredClone(get(root, pointer(operation.from, 'from'))))
    case 'test':
      if (!equal(get(root, path), required(operation, 'value'))) throw new Error(`${operation.path} is something else`)
      return root
    default:
      throw new Error(`${JSON.stringify(op)} is not an operation`)
  }
}

function required(operation: Readonly<Record<string, unknown>>, name: string): unknown {
  if (!Object.hasOwn(operation, name)) throw new Error(`it has no ${name}`)
  return operation[name]
}

/** The parts of a JSON pointer (RFC 6901). */
function pointer(text: unknown, name: string): readonly string[] {
  if (typeof text !== 'string' || !/^(?:\/(?:[^~]|~[01])*)?$/.test(text))
    throw new Error(`${name} is not a JSON pointer`)
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function get(root: unknown, path: readonly string[]): unknown {
  let value = root
  for (const part of path) value = memberOf(value, part, path)
  return value
}

function memberOf(value: unknown, part: string, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value[placeIn(part, value.length - 1, path)]
  if (isObject(value) && Object.hasOwn(value, part)) return value[part]
  throw missing(path)
}

function add(root: unknown, path: readonly string[], value: unknown): unknown {
  const name = path.at(-1)
  if (name === undefined) return value
  const parent = containerAt(root, path)
  if (Array.isArray(parent)) {
    parent.splice(name === '-' ? parent.length : placeIn(name, parent.length, path), 0, value)
  } else Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true })
  return root
}

function remove(root: unknown, path: readonly string[]): unknown {
  get(root, path)
  const name = path.at(-1)
  if (name === undefined) return null
  const parent = containerAt(root, path)
  if (Array.isArray(parent)) parent.splice(Number(name), 1)
  else delete parent[name]
  return root
}

function containerAt(root: unknown, path: readonly string[]): Container {
  const parent = get(root, path.slice(0, -1))
  if (typeof parent !== 'object' || parent === null) throw missing(path)
  return parent as Container
}

function placeIn(part: string, last: number, path: readonly string[]): number {
  const place = /^(?:0|[1-9]\d*)$/.test(part) ? Number(part) : Number.NaN
  if (!(place <= last)) throw missing(path)
  return place
}

function missing(path: readonly string[]): Error {
  return new Error(`there is no /${path.join('/')}`)
}

function equal(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index]))
  }
  if (isObject(left) && isObject(right)) {
    const names = Object.keys(left)
    return (
      names.length === Object.keys(right).length &&
      names.every((name) => Object.hasOwn(right, name) && equal(left[name], right[name]))
    )
  }
  return left === right
}
