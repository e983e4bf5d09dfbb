import type { FeedRecord } from '../../core/advisory.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { jsonElements } from '../../io/json-stream.ts'

/**
 * Both maps are `{ "data": { name: … } }`. Of a container it is the list of its repositories; of a repository an object with
 * the list `cpes` beside others. Each entry is a fact.
 */
export async function* readMap(
  source: AsyncIterable<Buffer>,
  url: string,
  member: string | undefined,
): AsyncGenerator<FeedRecord> {
  for await (const element of jsonElements(source, { path: ['data'], where: url })) {
    const name = String(element.key)
    if ('bad' in element) {
      yield badRecord(name, element.bad)
      continue
    }
    const { value } = element
    const list = member === undefined ? value : (value as Readonly<Record<string, unknown>> | null)?.[member]
    if (Array.isArray(list) && list.every((one) => typeof one === 'string')) yield { fact: name, value: list }
    else yield badRecord(name, 'it has no list of names')
  }
}
