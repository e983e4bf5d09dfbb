import { createPoster } from './post.ts'
import type { NotifierKind } from './settings.ts'

/** Clair v1 gives its webhook up after this time. */
const timeout = 5000

/** The webhook of Clair v1: told the name of a notification, which is of one vulnerability, again and again until that is deleted. */
export const webhookV1: NotifierKind = {
  id: 'webhook-v1',
  create({ webhookV1: { endpoint, renotifyInterval } }) {
    if (endpoint === '') return undefined
    const target = { url: endpoint, headers: {}, key: undefined, success: [200, 201], timeout }
    const poster = createPoster(target, 'chiaro.webhook_v1.endpoint')
    return {
      id: 'webhook-v1',
      repeat: renotifyInterval,
      byVulnerability: true,
      deliver: ({ notification }, signal) => poster.post({ Notification: { Name: notification } }, signal),
      [Symbol.asyncDispose]: () => poster[Symbol.asyncDispose](),
    }
  },
}
