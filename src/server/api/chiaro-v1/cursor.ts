import { createHash } from 'node:crypto'
import { type Static, type TSchema, Type } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import type { Json } from '../../../core/advisory.ts'
import { failure } from './problem.ts'

/** The longest cursor that is read. */
export const cursorLength = 8192

const envelope = Compile(Type.Tuple([Type.String({ maxLength: 16 }), Type.Unknown()]))

/**
 * A text for the place at which a list goes on. It is of the question that the list answers, `question`, and of no other. Whoever
 * makes one up can have no more than a list from another place on.
 */
export function encodeCursor(question: string, position: Json): string {
  return Buffer.from(JSON.stringify([digestOf(question), position])).toString('base64url')
}

/** The place that a cursor means. Throws `CURSOR_INVALID` for what is none, or is of another question. */
export function decodeCursor<Schema extends TSchema>(
  question: string,
  cursor: string,
  position: Validator<Record<never, never>, Schema>,
): Static<Schema> {
  const value = read(cursor)
  if (!envelope.Check(value) || value[0] !== digestOf(question) || !position.Check(value[1])) throw invalidCursor()
  return value[1] as Static<Schema>
}

/** The error for a cursor that cannot be used. */
export function invalidCursor(): Error {
  return failure('CURSOR_INVALID', 'Use the "next" of an answer as it is, with the same parameters, or leave it out.')
}

function read(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

function digestOf(question: string): string {
  return createHash('sha256').update(question).digest('base64url').slice(0, 16)
}
