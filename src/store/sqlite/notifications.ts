import type { NotificationStore } from '../../core/notifications.ts'
import type { Database } from './database.ts'

/** Notifications in an SQLite database. Only a server has them: what reads and writes them is loaded when it is used. */
export function createNotificationStore(database: Database): NotificationStore {
  const rows = () => import('./notification-rows.ts')
  return {
    handled: async () => (await rows()).readHandled(database),
    handle: async (operation) => (await rows()).handle(database, operation),
    begin: async (operation, about, now) => (await rows()).begin(database, operation, about, now),
    add: async (id, entries) => (await rows()).add(database, id, entries),
    finish: async (id, now) => (await rows()).finish(database, id, now),
    get: async (id) => (await rows()).find(database, id),
    entries: async (id, after, limit) => (await rows()).readEntries(database, id, after, limit),
    claim: async (times) => (await rows()).claim(database, times),
    delivered: async (id, now, again) => (await rows()).noteDelivery(database, id, now, again),
    failed: async (id, now, again, detail) => (await rows()).noteFailure(database, id, now, again, detail),
    remove: async (id, now) => (await rows()).remove(database, id, now),
    clean: async (rules) => (await rows()).clean(database, rules),
  }
}
