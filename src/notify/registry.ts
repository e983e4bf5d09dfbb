import type { Notifier } from '../core/notifier.ts'
import { amqp } from './amqp.ts'
import type { NotifierKind, NotifierSettings } from './settings.ts'
import { stomp } from './stomp.ts'
import { webhook } from './webhook.ts'
import { webhookV1 } from './webhook-v1.ts'

/** Every kind of notifier; of several that are configured the first is used, as Clair does. */
export const notifierKinds: readonly NotifierKind[] = [webhook, amqp, stomp, webhookV1]

/** The notifier that the settings ask for; `undefined` if for none. Throws `CONFIG_INVALID`. */
export function createNotifier(settings: NotifierSettings): Notifier | undefined {
  for (const kind of notifierKinds) {
    const notifier = kind.create(settings)
    if (notifier !== undefined) return notifier
  }
  return undefined
}
