import { byHash, textHash } from '../fleet-row.ts'
import type { Connection } from './connection.ts'

/** The ids of texts, which are written where they are not there. */
export async function internTexts(
  connection: Connection,
  texts: Iterable<string>,
): Promise<ReadonlyMap<string, number>> {
  const rows = [...new Set(texts)].map((body) => ({ hash: textHash(body), body })).sort(byHash)
  const ids = await textIds(connection, rows)
  const missing = rows.filter(({ hash }) => !ids.has(hash))
  if (missing.length > 0) {
    await connection.run(
      'INSERT INTO fleet_text (hash, body) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING',
      [missing.map(({ hash }) => hash), missing.map(({ body }) => body)],
    )
    for (const [hash, id] of await textIds(connection, missing)) ids.set(hash, id)
  }
  return new Map(rows.map(({ hash, body }) => [body, ids.get(hash)!]))
}

async function textIds(
  connection: Connection,
  rows: readonly { readonly hash: string }[],
): Promise<Map<string, number>> {
  if (rows.length === 0) return new Map()
  return new Map(
    await connection.arrays<[string, number]>('SELECT hash, id FROM fleet_text WHERE hash = ANY ($1::text[])', [
      rows.map(({ hash }) => hash),
    ]),
  )
}
