import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import fc from 'fast-check'

/** What of a JSON schema is read here. */
export interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly $ref?: string
}

/** Any text that can be sent. */
export const anyText: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', maxLength: 40 })
  .map((text) => text.toWellFormed())

const numbers = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, 1e15, 2 ** 53, 0.5, 1e308))

/**
 * Values near to what a schema wants: right ones, wrong ones, and anything. `texts` are texts that mean something; `components` has
 * what references name.
 */
export function near(
  schema: Schema,
  texts: readonly string[],
  components: Readonly<Record<string, Schema>> = {},
): fc.Arbitrary<unknown> {
  const go = (part: Schema): fc.Arbitrary<unknown> => near(part, texts, components)
  if (schema.$ref !== undefined) return go(components[/^#\/components\/schemas\/(\w+)$/.exec(schema.$ref)![1]!]!)
  const own = (): fc.Arbitrary<unknown> => {
    if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(go))
    if ('const' in schema) return fc.constant(schema.const)
    const text = fc.oneof(anyText, fc.constantFrom(...(schema.enum ?? texts)))
    switch (schema.type) {
      case 'integer':
      case 'number':
        return numbers
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      case 'array':
        return fc.array(schema.items === undefined ? fc.jsonValue() : go(schema.items), { maxLength: 4 })
      case 'object': {
        const [values] = Object.values(schema.patternProperties ?? {})
        if (values !== undefined) return fc.dictionary(anyText, go(values), { maxKeys: 4 })
        const members = Object.entries(schema.properties ?? {}).map(([name, member]) => [name, go(member)] as const)
        return fc.record(Object.fromEntries(members), { requiredKeys: [] })
      }
      default:
        return text
    }
  }
  return fc.oneof({ weight: 5, arbitrary: own() }, { weight: 1, arbitrary: fc.jsonValue() })
}

/** Messages in JSON near to what a definition of Protocol Buffers wants; all of them `right`, or some of them anything. */
export function nearMessage(message: DescMessage, texts: readonly string[], right: boolean): fc.Arbitrary<unknown> {
  const members = message.fields.map((field) => [field.name, nearField(field, texts, right)] as const)
  const own = fc.record(Object.fromEntries(members), { requiredKeys: [] })
  return right ? own : fc.oneof({ weight: 5, arbitrary: own }, { weight: 1, arbitrary: fc.jsonValue() })
}

function nearField(field: DescField, texts: readonly string[], right: boolean): fc.Arbitrary<unknown> {
  const single = (message: DescMessage | undefined, scalar: ScalarType | undefined): fc.Arbitrary<unknown> => {
    if (message !== undefined) return nearMessage(message, texts, right)
    if (scalar === ScalarType.BOOL) return fc.boolean()
    if (scalar === ScalarType.INT32) return right ? fc.integer() : numbers
    return fc.oneof(anyText, fc.constantFrom(...texts))
  }
  const own = single(field.message, field.scalar)
  if (field.fieldKind === 'list') return fc.array(own, { maxLength: 4 })
  if (field.fieldKind === 'map') return fc.dictionary(anyText, single(undefined, field.scalar), { maxKeys: 4 })
  return own
}
