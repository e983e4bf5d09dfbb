import { callbackMessage } from './messages.ts'
import { createPoster } from './post.ts'
import type { NotifierKind } from './settings.ts'

/** Clair's webhook: told that there is a notification and where to read it, signed where a key is configured. */
export const webhook: NotifierKind = {
  id: 'webhook',
  create({ webhook: { target, callback, headers }, key }) {
    if (target === '') return undefined
    const own = Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values.join(', ')]),
    )
    const poster = createPoster({ url: target, headers: own, key, success: [200] }, 'notifier.webhook.target')
    return {
      id: 'webhook',
      deliver: ({ notification }, signal) => poster.post(callbackMessage(notification, callback), signal),
      [Symbol.asyncDispose]: () => poster[Symbol.asyncDispose](),
    }
  },
}
