import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'

/** Any name of a member. `Type.String()` as the key of a record leaves members unchecked that have a line feed in their name. */
export const anyName = Type.String({ pattern: '^[^]*$' })

/** A value that has the fields that are used, or what is wrong with it. */
export type CheckedRecord<T> = { readonly value: T } | { readonly problem: string }

/**
 * A check of records against a schema, compiled once. Import this only where a feed is parsed: TypeBox takes a quarter of a
 * second to load.
 */
export function recordCheck<Schema extends TSchema>(
  schema: Schema,
): (record: unknown) => CheckedRecord<Static<Schema>> {
  const validator = Compile(schema)
  return (record) => {
    if (validator.Check(record)) return { value: record as Static<Schema> }
    const [error] = validator.Errors(record)
    const place = error?.instancePath ?? ''
    return { problem: `${place === '' ? 'it' : place} ${error?.message ?? 'is not as expected'}` }
  }
}
