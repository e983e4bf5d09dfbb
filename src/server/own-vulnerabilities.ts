import { randomUUID } from 'node:crypto'
import type { Engine } from '../compose.ts'
import { type Advisory, type FeedRecord, isFact, isGap, isRemoval, type Removal } from '../core/advisory.ts'
import { isChiaroError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { ownFeedId } from '../core/own-feed.ts'

/** How often a change is tried anew that another process came before. */
const attempts = 10

/** The version of what is kept. */
const version = 1

/** The vulnerabilities that people have added themselves, each in one scope. */
export interface OwnVulnerabilities {
  /** Those of a scope, by name. */
  read(scope: string): Promise<ReadonlyMap<string, Advisory>>
  /**
   * Imports what `change` makes of those of a scope, as an update imports a feed: they are judged by from then on. It goes on
   * whether or not a client waits. What `change` throws is thrown. Throws `DATABASE_FAILED`, and `ABORTED` after `limits.answerTime`.
   */
  change(scope: string, change: (known: ReadonlyMap<string, Advisory>) => Advisory | Removal): Promise<void>
}

export function createOwnVulnerabilities({ store }: Engine): OwnVulnerabilities {
  const { advisories } = store
  let last: Promise<unknown> = Promise.resolve()

  async function generationOf(scope: string): Promise<number> {
    const [status] = await advisories.status([ownFeedId(scope)])
    return status?.generation ?? 0
  }

  async function read(scope: string): Promise<ReadonlyMap<string, Advisory>> {
    const known = new Map<string, Advisory>()
    if ((await generationOf(scope)) === 0) return known
    for await (const record of advisories.records(ownFeedId(scope))) {
      if (isAdvisory(record)) known.set(record.vulnerability.id, record)
    }
    return known
  }

  async function write(scope: string, change: Parameters<OwnVulnerabilities['change']>[1], signal: AbortSignal) {
    const base = await generationOf(scope)
    const record = change(await read(scope))
    const id = ownFeedId(scope)
    const source = {
      feed: { id, url: id, version },
      fingerprint: randomUUID(),
      dataTime: new Date().toISOString(),
      partial: true as const,
      base,
      records: only(record),
    }
    await advisories.import(source, signal)
  }

  /** Where the database cannot keep another process out, that is told by the base, and what it did is looked at again. */
  async function change(...[scope, make]: Parameters<OwnVulnerabilities['change']>): Promise<void> {
    const signal = AbortSignal.timeout(limits.answerTime)
    for (let attempt = 1; ; attempt++) {
      try {
        return await store.lock(ownFeedId(scope), signal, () => write(scope, make, signal))
      } catch (error) {
        if (!isChiaroError(error) || error.code !== 'FEED_FAILED' || attempt === attempts) throw error
      }
    }
  }

  return {
    read,
    change: (...what) => {
      const turn = last.then(() => change(...what))
      last = turn.catch(() => {})
      return turn
    },
  }
}

function isAdvisory(record: FeedRecord): record is Advisory {
  return !isGap(record) && !isFact(record) && !isRemoval(record)
}

async function* only(record: FeedRecord): AsyncGenerator<FeedRecord> {
  yield record
}
