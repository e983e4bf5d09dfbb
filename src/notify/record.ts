import { throwIfAborted } from '../core/abort.ts'
import type { FleetOperation, FleetStore } from '../core/fleet.ts'
import type { NotificationStore } from '../core/notifications.ts'
import { isOwnFeed } from '../core/own-feed.ts'
import { changesOf, entriesOf, summaryOf } from './entries.ts'

/** What becomes a notification, and of what form. */
export interface RecordOptions {
  readonly fleet: Pick<FleetStore, 'operations' | 'affected'>
  readonly notifications: NotificationStore
  /** Of each image the most severe change only. */
  readonly summary: boolean
  /** A notification for each vulnerability, instead of one for an operation. */
  readonly byVulnerability: boolean
  /** Whether what the first data of a feed finds is told as well. */
  readonly firstLoads: boolean
  readonly signal: AbortSignal
}

/** Images whose changes are read at a time, and operations. */
const imagesAtOnce = 50
const operationsAtOnce = 100

/** Numbers are given to operations before others can see these: so many before the last one that was told are looked at again. */
export const lookBack = 100

/**
 * Makes notifications of the operations that ended since the last time and changed findings because data changed. The first time
 * of all there are none: what was before is known to everybody. Gives how many operations were looked through.
 */
export async function recordOperations(options: RecordOptions): Promise<number> {
  const { notifications } = options
  const handled = await notifications.handled()
  if (handled === undefined) {
    await begin(options)
    return 0
  }
  let recorded = 0
  let told = handled
  let complete = true
  for await (const operation of operationsAfter(options, handled - lookBack)) {
    if (operation.cause.kind === 'data') {
      if (operation.endedAt === null) complete = false
      else if (await recordOperation(operation, options)) recorded++
    }
    // What has not ended is waited for; what comes behind it has a receipt, and is not told again.
    if (complete && operation.number > told) {
      told = operation.number
      await notifications.handle(told)
    }
  }
  return recorded
}

/** Gives receipts to the latest of the operations that there are, and takes all others for told. */
async function begin(options: RecordOptions): Promise<void> {
  const { notifications } = options
  const latest: FleetOperation[] = []
  for await (const operation of operationsAfter(options, 0)) {
    latest.push(operation)
    if (latest.length > lookBack) latest.shift()
  }
  for (const { number, cause, endedAt } of latest) {
    if (cause.kind !== 'data' || endedAt === null) continue
    const now = new Date().toISOString()
    const id = await notifications.begin(number, '', now)
    if (id !== undefined) await notifications.finish(id, now)
  }
  const open = latest.find(({ cause, endedAt }) => cause.kind === 'data' && endedAt === null)
  await notifications.handle(open === undefined ? (latest.at(-1)?.number ?? 0) : open.number - 1)
}

async function* operationsAfter({ fleet, signal }: RecordOptions, start: number): AsyncGenerator<FleetOperation> {
  for (let after = Math.max(0, start); ; ) {
    throwIfAborted(signal)
    const operations = await fleet.operations(after, operationsAtOnce)
    yield* operations
    const last = operations.at(-1)
    if (last === undefined) return
    after = last.number
  }
}

/** Whether it had not been told yet. The receipt of the operation as a whole comes last, so that what was half done is done again. */
async function recordOperation({ number, cause }: FleetOperation, options: RecordOptions): Promise<boolean> {
  const { notifications, byVulnerability, firstLoads } = options
  const now = new Date().toISOString()
  const whole = await notifications.begin(number, '', now)
  if (whole === undefined) return false
  if (cause.kind === 'data' && (cause.from > 0 || firstLoads || isOwnFeed(cause.feed))) {
    if (byVulnerability) await addByVulnerability(number, options)
    else await addAll(whole, number, options)
  }
  await notifications.finish(whole, new Date().toISOString())
  return true
}

async function addAll(id: string, operation: number, options: RecordOptions): Promise<void> {
  for await (const { digest, changes } of changedImages(operation, options)) {
    const told = options.summary ? summaryOf(changes) : changes
    if (told.length > 0) await options.notifications.add(id, entriesOf(id, digest, told))
  }
}

async function addByVulnerability(operation: number, options: RecordOptions): Promise<void> {
  const { notifications } = options
  const begun = new Map<string, string | undefined>()
  for await (const { digest, changes } of changedImages(operation, options)) {
    for (const change of changes) {
      const about = `${change.finding.scope} ${change.finding.id}`
      if (!begun.has(about)) {
        begun.set(about, await notifications.begin(operation, about, new Date().toISOString()))
      }
      const id = begun.get(about)
      if (id !== undefined) await notifications.add(id, entriesOf(id, digest, [change]))
    }
  }
  for (const id of begun.values()) {
    if (id !== undefined) await notifications.finish(id, new Date().toISOString())
  }
}

async function* changedImages(operation: number, { fleet, signal }: RecordOptions) {
  let after: string | undefined
  do {
    throwIfAborted(signal)
    const { items, next } = await fleet.affected(operation, { after, limit: imagesAtOnce })
    for (const { digest, events } of items) yield { digest, changes: changesOf(events) }
    after = next
  } while (after !== undefined)
}
