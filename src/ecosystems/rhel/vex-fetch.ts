import { throwIfAborted } from '../../core/abort.ts'
import { ChiaroError, isChiaroError } from '../../core/errors.ts'
import type { Fetched, Spool, Validators } from '../../core/feed.ts'
import { limits } from '../../core/limits.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { vexUrl } from './feed.ts'
import { type ChangeList, type ListEntry, readList, readText } from './vex-lists.ts'
import { keepPlan, type VexPlan } from './vex-plan.ts'

export const archiveName = 'archive'
const changesName = 'changes.csv'
const deletionsName = 'deletions.csv'

/** Documents fetched at the same time. */
const parallel = 4
/** Documents that may be missing, as lists run ahead of documents. More of them are an outage. */
const mostMissing = 20
/** A document can be published some time after the time that it states. */
const overlap = 6 * 60 * 60 * 1000

/** What the next fetch has to know of this one. */
interface Fingerprint {
  readonly changes: Validators | undefined
  readonly deletions: Validators | undefined
  /** The time of the newest change that was taken in, milliseconds since 1970. */
  readonly until: number
  /** Documents that the list names, and that could not be fetched. */
  readonly missing: readonly string[]
}

/**
 * Brings the documents that changed since `last`: those that `changes.csv` names, one by one; what `deletions.csv` names is
 * removed. The first time, and where more than `mostDocuments` changed, it brings the archive that `archive_latest.txt` names,
 * with the documents that changed after it was made. A mirror without the archive gives all documents one by one.
 * Throws `LIMIT_EXCEEDED` if they are too many for that.
 */
export async function fetchVex(
  spool: Spool,
  last: string | undefined,
  signal: AbortSignal,
  mostDocuments: number = limits.feedDocuments,
): Promise<Fetched | 'unchanged'> {
  const before = fingerprintOf(last)
  const changed = await fetchList(spool, changesName, before?.changes, signal)
  const deleted = await fetchList(spool, deletionsName, before?.deletions, signal)
  const sameDeletions = deleted === 'unchanged' || (deleted === 'empty' && before?.deletions === undefined)
  if (before?.missing.length === 0 && changed === 'unchanged' && sameDeletions) return 'unchanged'
  const changes = await listOf(spool, changesName, changed, signal)
  const deletions = await listOf(spool, deletionsName, deleted, signal)
  if (changes.list.entries.length === 0) {
    throw new ChiaroError('FEED_FAILED', 'The list of documents has none', { where: `${vexUrl}${changesName}` })
  }
  const partial = before && planSince(before.until - overlap, changes.list, deletions.list, before.missing)
  const isPartial = partial !== undefined && partial.documents.length <= mostDocuments
  const plan = isPartial
    ? { ...partial, archive: undefined }
    : await planAll(spool, changes.list, deletions.list, signal)
  if (plan.documents.length > mostDocuments) {
    const message = `${plan.documents.length} documents would have to be fetched one by one; at most ${mostDocuments} are`
    throw new ChiaroError('LIMIT_EXCEEDED', message, {
      where: vexUrl,
      advice: 'Give the mirror archive_latest.txt and the archive that it names.',
    })
  }
  const missing = await fetchDocuments(spool, plan.documents, signal)
  const documents = plan.documents.filter((path) => !missing.includes(path))
  const gaps = missing.map((path) => badRecord(path, 'the list of documents names it, but it could not be fetched'))
  keepPlan(spool, { ...plan, documents, gaps: [...changes.list.gaps, ...deletions.list.gaps, ...gaps] })
  const until = changes.list.entries.reduce((newest, { time }) => Math.max(newest, time), 0)
  const fingerprint: Fingerprint = { changes: changes.validators, deletions: deletions.validators, until, missing }
  return {
    fingerprint: JSON.stringify(fingerprint),
    dataTime: new Date(until).toISOString(),
    ...(isPartial ? { partial: true } : {}),
  }
}

type FetchedList = Validators | 'unchanged' | 'empty'

/** A list can be empty, which for other documents is damage. */
async function fetchList(
  spool: Spool,
  name: string,
  last: Validators | undefined,
  signal: AbortSignal,
): Promise<FetchedList> {
  try {
    return await spool.fetch(name, vexUrl + name, last, signal)
  } catch (error) {
    const kept = isChiaroError(error, 'FEED_FAILED') ? await spool.random(name).catch(() => undefined) : undefined
    if (kept?.size === 0) return 'empty'
    throw error
  }
}

/** The content of a list; one that did not change is fetched all the same, as the other one did. */
async function listOf(
  spool: Spool,
  name: string,
  fetched: FetchedList,
  signal: AbortSignal,
): Promise<{ list: ChangeList; validators: Validators | undefined }> {
  const validators = fetched === 'unchanged' ? await fetchList(spool, name, undefined, signal) : fetched
  if (validators === 'empty' || validators === 'unchanged')
    return { list: { entries: [], gaps: [] }, validators: undefined }
  return { list: await readList(spool, name, signal), validators }
}

/** What was changed and deleted since a time, and what was missing then. */
function planSince(
  since: number,
  changes: ChangeList,
  deletions: ChangeList,
  missing: readonly string[],
): Pick<VexPlan, 'documents' | 'removed'> {
  const changed = latest(changes.entries)
  const deleted = latest(deletions.entries)
  const never = Number.NEGATIVE_INFINITY
  const isGone = (path: string) => deleted.has(path) && deleted.get(path)! >= (changed.get(path) ?? never)
  const wanted = [...changed].filter(([path, time]) => time >= since || missing.includes(path))
  return {
    documents: wanted.map(([path]) => path).filter((path) => !isGone(path)),
    removed: [...deleted].filter(([path, time]) => time >= since && isGone(path)).map(([path]) => path),
  }
}

/** The archive, and what changed after its day; without an archive, all documents. */
async function planAll(
  spool: Spool,
  changes: ChangeList,
  deletions: ChangeList,
  signal: AbortSignal,
): Promise<Omit<VexPlan, 'gaps'>> {
  const day = await fetchArchive(spool, signal)
  const { documents, removed } = planSince(day === undefined ? 0 : day - overlap, changes, deletions, [])
  const archive = day === undefined ? undefined : { without: new Set([...documents, ...removed]) }
  return { documents, removed: [], archive }
}

/** Fetches the archive and gives the start of the day in its name; `undefined` where a mirror has none. */
async function fetchArchive(spool: Spool, signal: AbortSignal): Promise<number | undefined> {
  const pointer = 'archive_latest.txt'
  try {
    await spool.fetch(pointer, vexUrl + pointer, undefined, signal)
  } catch (error) {
    if (isChiaroError(error, 'FEED_FAILED')) return undefined
    throw error
  }
  const name = (await readText(spool, pointer, signal)).trim()
  const [, date] = /^[\w.-]*?(\d{4}-\d{2}-\d{2})[\w.-]*\.tar\.zst$/.exec(name) ?? []
  const day = Date.parse(date ?? '')
  if (Number.isNaN(day)) {
    throw new ChiaroError('FEED_FAILED', 'It does not name an archive with a day', { where: vexUrl + pointer })
  }
  await spool.fetch(archiveName, vexUrl + name, undefined, signal)
  return day
}

/** Fetches documents, each under its path; gives those that are not there. */
async function fetchDocuments(spool: Spool, paths: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const waiting = paths.values()
  const missing: string[] = []
  async function work(): Promise<void> {
    for (const path of waiting) {
      throwIfAborted(signal)
      try {
        await spool.fetch(path, vexUrl + path, undefined, signal)
      } catch (error) {
        const isMissing = isChiaroError(error, 'FEED_FAILED') || isChiaroError(error, 'NETWORK_FAILED')
        if (!isMissing || missing.push(path) > mostMissing) throw error
      }
    }
  }
  const workers = Array.from({ length: parallel }, work)
  await Promise.allSettled(workers)
  await Promise.all(workers)
  return missing
}

/** The newest time of each path. */
function latest(entries: readonly ListEntry[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const { path, time } of entries) times.set(path, Math.max(time, times.get(path) ?? time))
  return times
}

function fingerprintOf(text: string | undefined): Fingerprint | undefined {
  if (text === undefined) return undefined
  try {
    const { changes, deletions, until, missing } = JSON.parse(text) as Partial<Fingerprint>
    if (typeof until !== 'number' || !Array.isArray(missing)) return undefined
    return { changes, deletions, until, missing }
  } catch {
    return undefined
  }
}
