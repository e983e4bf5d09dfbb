import type { Store } from '../core/store.ts'
import type { NotifierSettings } from './settings.ts'
import type { NotificationWork, WorkOptions } from './work.ts'

/** How what changes is notified. */
type NotificationOptions = Pick<WorkOptions, 'summary' | 'firstLoads' | 'firstWait' | 'longestWait'> & {
  readonly settings: NotifierSettings
}

/** What notifies of changes in the fleet; `undefined` if the settings ask for nobody to be notified. Throws `CONFIG_INVALID`. */
export async function openNotificationWork(
  { fleet, notifications, lock }: Pick<Store, 'fleet' | 'notifications' | 'lock'>,
  { settings, ...options }: NotificationOptions,
): Promise<NotificationWork | undefined> {
  const { createNotifier } = await import('./registry.ts')
  const { createNotificationWork } = await import('./work.ts')
  const notifier = createNotifier(settings)
  return notifier === undefined
    ? undefined
    : createNotificationWork({ ...options, notifier, fleet, notifications, lock })
}
