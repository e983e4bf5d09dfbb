import type { NotificationEntry } from '../core/notifications.ts'
import type { NotificationBatch } from '../core/notifier.ts'
import type { BrokerSettings } from './settings.ts'

/** A message for a broker. */
export interface Message {
  /** The same for the same message, so that what is delivered twice can be told. */
  readonly id: string
  /** JSON. */
  readonly body: string
}

/** What tells that there is a notification, and where to read it. */
export function callbackMessage(notification: string, callback: string): object {
  return { notification_id: notification, callback: `${callback}${notification}` }
}

/** The messages for a notification: one that tells where to read it, or its entries, a list of so many in each. */
export async function* messagesOf(
  { notification, entries }: NotificationBatch,
  { direct, rollup, callback }: BrokerSettings,
  form: (entry: NotificationEntry) => object,
): AsyncGenerator<Message> {
  if (!direct) {
    yield { id: notification, body: JSON.stringify(callbackMessage(notification, callback)) }
    return
  }
  let group: NotificationEntry[] = []
  const message = () => ({ id: group[0]!.id, body: JSON.stringify(group.map(form)) })
  for await (const entry of entries()) {
    group.push(entry)
    if (group.length < Math.max(1, rollup)) continue
    yield message()
    group = []
  }
  if (group.length > 0) yield message()
}
