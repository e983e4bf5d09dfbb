import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { messageOf } from '../../../core/errors.ts'
import { failure } from './errors.ts'

/** What reads bodies of a form: it throws failures with status 400, with `message` for bodies of another form. */
export function bodyReader<T extends TSchema>(schema: T, message: string): (body: unknown) => Static<T> {
  const validator = Compile(schema)
  return (body) => {
    let value: unknown
    try {
      value = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '')
    } catch (error) {
      throw failure(400, messageOf(error).slice(0, 200))
    }
    if (!validator.Check(value)) throw failure(400, message)
    return value
  }
}
