import type { NotificationEntry } from '../core/notifications.ts'
import type { Notifier } from '../core/notifier.ts'

/** Files in PEM for a TLS connection; empty: none. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
  readonly root_ca: string
}

/** What both kinds of brokers have. */
export interface BrokerSettings {
  /** Tried in their order. */
  readonly uris: readonly string[]
  /** Messages have the entries of a notification, `rollup` in one, and not where these can be read. */
  readonly direct: boolean
  readonly rollup: number
  /** Where notifications can be read: a URL that ends in `/`, to which the id is added. */
  readonly callback: string
  readonly tls: TlsFiles
}

export interface AmqpSettings extends BrokerSettings {
  readonly exchange: {
    readonly name: string
    readonly type: string
    readonly durability: boolean
    readonly auto_delete: boolean
  }
  readonly routing_key: string
}

export interface StompSettings extends BrokerSettings {
  readonly destination: string
  readonly user: { readonly login: string; readonly passcode: string }
}

/** Who is to be notified, and how: the sections of Clair's configuration (config/notifier.go), and that of Clair v1. */
export interface NotifierSettings {
  readonly webhook: {
    readonly target: string
    readonly callback: string
    readonly headers: Readonly<Record<string, readonly string[]>>
  }
  readonly amqp: AmqpSettings
  readonly stomp: StompSettings
  readonly webhookV1: {
    readonly endpoint: string
    /** Milliseconds. */
    readonly renotifyInterval: number
  }
  /** The key that requests are signed with; without it, they are not. */
  readonly key: Uint8Array | undefined
  /** An entry as messages have it. */
  form(entry: NotificationEntry): object
}

/** A kind of notifier: a file, and a line in `registry.ts`. */
export interface NotifierKind {
  readonly id: string
  /** `undefined` where the settings do not ask for it. Throws `CONFIG_INVALID`. */
  create(settings: NotifierSettings): Notifier | undefined
}
