import type { Digest } from '../../core/digest.ts'
import { askedTogether } from './asked-together.ts'
import type { Database } from './database.ts'

interface StateRow {
  readonly digest: Digest
  readonly state: string
}

/** `FleetStore.state`, which is asked before each answer: at most one query at a time, for all who wait. */
export function createStates(database: Database): (digest: Digest) => Promise<string | undefined> {
  return askedTogether(async (digests) => {
    const rows = await database.single((connection) =>
      connection.prepared<StateRow>('fleet_state', stateSql, [digests]),
    )
    return new Map(rows.map(({ digest, state }) => [digest, state]))
  })
}

const stateSql = `WITH feeds AS MATERIALIZED (
    SELECT md5(string_agg(concat_ws(':', id, generation, checked_at, error_at), ',' ORDER BY id)) AS state FROM feed
  )
  SELECT digest, concat_ws(' ', image.id, md5(concat_ws(' ', indexed_at, analyzers)), (
    SELECT string_agg(concat(own.id, ':', changed), ',' ORDER BY own.id)
    FROM fleet_image_set JOIN fleet_set AS own ON own.id = package_set WHERE fleet_image_set.image = image.id
  ), feeds.state) AS state FROM fleet_image AS image CROSS JOIN feeds WHERE digest = ANY ($1::text[])`
