/**
 * Every code an error of Chiaro can carry, with what it means. `docs/errors.md` lists the same codes; a test compares
 * them. Codes are stable: scripts may depend on them.
 */
export const errorCodes = {
  ABORTED: 'The work was cancelled, by a signal or by the caller.',
  ADDRESS_REFUSED: 'Something would have to be fetched from an address that is not allowed.',
  ARCHIVE_INVALID: 'An image archive or layout is damaged or is not one.',
  AUTH_FAILED: 'A registry refused the credentials, or none were found where some are needed.',
  CONFIG_INVALID: 'An option, environment variable or configuration file has a value that cannot be used.',
  DAEMON_UNAVAILABLE: 'The Docker or Podman daemon does not answer on its socket.',
  DATABASE_FAILED: 'The database cannot be opened, read or written, or it is damaged.',
  DATABASE_NEWER: 'The database was written by a newer version of Chiaro.',
  DATA_FILE_INVALID:
    'A file or artifact of vulnerability data is damaged, is not one, or does not fit the data that is there.',
  DELIVERY_FAILED: 'Somebody who is to be notified did not take the notification.',
  DIGEST_INVALID: 'A digest is not in canonical form.',
  DIGEST_MISMATCH: 'Content does not hash to the digest that names it.',
  FEED_FAILED: 'A vulnerability feed could not be fetched or read.',
  FEED_UNKNOWN: 'No feed has this name.',
  FILE_FAILED: 'A file or directory cannot be read or written.',
  IMAGE_NOT_FOUND: 'There is no such image, tag, platform or blob.',
  INDEXER_FAILED: 'The indexer of another process cannot be used.',
  INTERNAL: 'A defect of Chiaro itself.',
  LAYER_INVALID: 'A layer is damaged: its compression or its tar archive cannot be read to the end.',
  LIMIT_EXCEEDED: 'Input goes beyond a limit that protects this machine.',
  MANIFEST_INVALID: 'An image manifest, index or configuration is malformed.',
  NETWORK_FAILED: 'A host cannot be reached, or gave up in mid-transfer.',
  OFFLINE: 'The network is needed, and --offline forbids it.',
  REFERENCE_INVALID: 'The image reference cannot be understood.',
  REGISTRY_FAILED: 'A registry answered with an error.',
} as const

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes

/** What an error says beside its message. */
export interface ErrorContext {
  /** The input or place at fault: a reference, path, URL, layer digest. */
  readonly where?: string
  /** What the reader can do about it, as a sentence. */
  readonly advice?: string
  readonly cause?: unknown
}

/** The one error that Chiaro throws on purpose: what stops the work, where, and what to do about it. */
export class ChiaroError extends Error {
  readonly code: ErrorCode
  readonly where: string | undefined
  readonly advice: string | undefined

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, 'cause' in context ? { cause: context.cause } : undefined)
    this.name = 'ChiaroError'
    this.code = code
    this.where = context.where
    this.advice = context.advice
  }
}

/** Whether `error` is a `ChiaroError`, optionally of one code. */
export function isChiaroError(error: unknown, code?: ErrorCode): error is ChiaroError {
  return error instanceof ChiaroError && (code === undefined || error.code === code)
}

/** The message of anything thrown, for use inside another message. Control characters are escaped. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return printable(text)
}

/** `text` with control characters, terminal escapes and direction overrides shown as `\u….`, never interpreted. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to be found
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
