import type { NotifierSettings } from '../../src/notify/settings.ts'

/** Settings that ask for no notifier, but for those given. Entries are told by the id of their vulnerability. */
export function notifierSettings(settings: Partial<NotifierSettings> = {}): NotifierSettings {
  const broker = { uris: [], direct: false, rollup: 0, callback: '', tls: { cert: '', key: '', root_ca: '' } }
  return {
    webhook: { target: '', callback: '', headers: {} },
    amqp: { ...broker, exchange: { name: '', type: '', durability: false, auto_delete: false }, routing_key: '' },
    stomp: { ...broker, destination: '', user: { login: '', passcode: '' } },
    webhookV1: { endpoint: '', renotifyInterval: 1000 },
    key: undefined,
    form: ({ finding }) => ({ name: finding.id }),
    ...settings,
  }
}
