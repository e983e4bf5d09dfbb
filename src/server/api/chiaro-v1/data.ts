import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Statement } from '../../../core/advisory.ts'
import { isChiaroError } from '../../../core/errors.ts'
import type { FeedStatus, StatementChange } from '../../../core/store.ts'
import { feedsOf } from '../../data-state.ts'
import { entityTag } from '../../entity-tag.ts'
import { type Operation, operation } from './operation.ts'
import { failure } from './problem.ts'
import {
  type ChangeBody,
  change,
  type DataBody,
  dataStatus,
  feedDetail,
  feedId,
  generation,
  page,
  paging,
  parameters,
  type StatementBody,
} from './schema.ts'
import type { Services } from './services.ts'

type State = DataBody['feeds'][number]

const path = parameters({ feed: feedId })

/** A generation of the feed, by which its history is asked for. */
const number = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description }))

const generationPlace = Compile(Type.Integer({ minimum: 0 }))
/** Generations do not change, so that a place among their differences is a number. */
const changePlace = Compile(
  Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 1 }), Type.Integer({ minimum: 0 })]),
)

/** The state of the vulnerability data, and its history. */
export function dataOperations({ engine, config, dataState }: Services): readonly Operation[] {
  const { advisories } = engine.store
  const wanted = feedsOf(engine, config)

  return [
    operation({
      id: 'getData',
      tag: 'data',
      method: 'GET',
      path: '/data',
      summary: 'The vulnerability data: which feeds there are, how old they are, what is wrong with them',
      answers: { 200: { description: 'The data.', schema: dataStatus } },
      problems: [],
      async handle() {
        const statuses = new Map((await advisories.status()).map((status) => [status.feed, status]))
        const { ready } = await dataState()
        const feeds = [...new Set([...wanted, ...statuses.keys()])].sort()
        const states = feeds.map((feed) => stateOf(feed, statuses.get(feed), wanted))
        return { status: 200, body: { ready, feeds: states }, etag: ageless(ready, states) }
      },
    }),
    operation({
      id: 'getFeed',
      tag: 'data',
      method: 'GET',
      path: '/data/{feed}',
      summary: 'One feed, with what of it could not be read',
      params: path,
      answers: { 200: { description: 'The feed.', schema: feedDetail } },
      problems: [400, 404],
      async handle({ path: { feed } }) {
        const [status] = await advisories.status([feed])
        if (status === undefined && !wanted.includes(feed)) throw unknownFeed(feed)
        const gaps = await advisories.gaps(feed)
        const gapList = gaps.map(({ code, where, detail }) => ({ code, where, detail }))
        const state = stateOf(feed, status, wanted)
        return { status: 200, body: { ...state, gapList }, etag: ageless(gapList, [state]) }
      },
    }),
    operation({
      id: 'getGenerations',
      tag: 'data',
      method: 'GET',
      path: '/data/{feed}/generations',
      summary: 'The states that a feed has had, the newest first',
      params: path,
      query: parameters(paging),
      answers: { 200: { description: 'Some of them.', schema: page('Generations', generation) } },
      problems: [400, 404],
      async handle({ path: { feed }, query: { limit = 100 }, cursor, next }) {
        const before = cursor(generationPlace) ?? Number.POSITIVE_INFINITY
        const all = await advisories.generations(feed)
        if (all.length === 0) throw unknownFeed(feed)
        const rest = all.toReversed().filter((one) => one.number < before)
        const items = rest
          .slice(0, limit)
          .map(({ number, importedAt, dataTime, records, gaps }) => ({ number, importedAt, dataTime, records, gaps }))
        const body = { items, next: next(rest.length > limit ? items.at(-1)?.number : undefined) }
        return { status: 200, body, etag: 'content' }
      },
    }),
    operation({
      id: 'getChanges',
      tag: 'data',
      method: 'GET',
      path: '/data/{feed}/changes',
      summary: 'What differs between two states of a feed, by scope, name and vulnerability',
      params: path,
      query: parameters({
        from: number('The generation before; by default the one before `to`. 0: when there was none.'),
        to: number('The generation after; by default the newest.'),
        ...paging,
      }),
      answers: { 200: { description: 'Some of it.', schema: page('Changes', change) } },
      problems: [400, 404],
      async handle({ path: { feed }, query: { from, to, limit = 100 }, cursor, next }) {
        const place = cursor(changePlace)
        const [first, last, skipped] = place ?? [from, to, 0]
        const changes = await changesOf(() => engine.changes(feed, first, last))
        const items: ChangeBody[] = []
        let seen = 0
        let more = false
        for await (const statement of changes.statements) {
          if (seen++ < skipped) continue
          more = items.length === limit
          if (more) break
          items.push(changeOf(statement))
        }
        const rest = [changes.from?.number ?? 0, changes.to.number, skipped + items.length]
        return { status: 200, body: { items, next: next(more ? rest : undefined) }, etag: 'content' }
      },
    }),
  ]
}

/** What a client has asked for wrongly is an error of the client's. */
async function changesOf<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (isChiaroError(error, 'FEED_UNKNOWN') || isChiaroError(error, 'CONFIG_INVALID')) {
      const advice = error.advice === undefined || error.code === 'FEED_UNKNOWN' ? '' : ` ${error.advice}`
      throw failure('NOT_FOUND', `${error.message}.${advice}`)
    }
    throw error
  }
}

/** An entity tag that time alone does not change. */
function ageless(beside: unknown, states: readonly State[]): string {
  return entityTag(JSON.stringify([beside, states.map((state) => ({ ...state, age: null }))]))
}

function unknownFeed(feed: string): Error {
  return failure('NOT_FOUND', `${feed} was never loaded. GET /api/v1/data names all feeds.`)
}

const neverLoaded = {
  url: null,
  generation: 0,
  checkedAt: null,
  importedAt: null,
  dataTime: null,
  records: 0,
  gaps: 0,
  lastError: undefined,
}

function stateOf(feed: string, status: FeedStatus | undefined, wanted: readonly string[]): State {
  const { url, generation, checkedAt, importedAt, dataTime, records, gaps, lastError } = status ?? neverLoaded
  const age = checkedAt === null ? null : Math.max(0, Math.floor((Date.now() - Date.parse(checkedAt)) / 1000))
  const error = lastError === undefined ? null : { at: lastError.at, code: lastError.code, message: lastError.message }
  return {
    feed,
    url,
    wanted: wanted.includes(feed),
    generation,
    checkedAt,
    importedAt,
    dataTime,
    age,
    records,
    gaps,
    error,
  }
}

function changeOf({ change, key, vulnerability, before, after }: StatementChange): ChangeBody {
  return {
    change,
    scope: key.scope,
    name: key.name,
    vulnerability,
    before: before === undefined ? null : statementOf(before),
    after: after === undefined ? null : statementOf(after),
  }
}

function statementOf({ fix, fixedIn, rating, advisory, note }: Statement): StatementBody {
  return {
    state: fix,
    fixedIn: fixedIn ?? null,
    severity: rating?.severity ?? null,
    advisory: advisory ?? null,
    note: note ?? null,
  }
}
