import { textHash } from '../fleet-row.ts'
import type { Connection } from './connection.ts'

/** The ids of texts, which are written where they are not there. */
export function internTexts(connection: Connection, texts: Iterable<string>): ReadonlyMap<string, number> {
  const insert = connection.prepare('INSERT INTO fleet_text (hash, body) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const ids = new Map<string, number>()
  for (const text of texts) {
    insert.run(textHash(text), text)
    ids.set(text, textId(connection, text)!)
  }
  return ids
}

/** The id of a text, if it is there. */
export function textId(connection: Connection, text: string): number | undefined {
  const [id] = (connection.prepareArrays('SELECT id FROM fleet_text WHERE hash = ?').get(textHash(text)) ??
    []) as unknown as readonly number[]
  return id
}
