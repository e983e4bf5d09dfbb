import { ChiaroError, type ErrorCode, errorCodes } from '../core/errors.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { PathSet } from '../core/path-set.ts'
import type { LayerIdentity } from './analyze-layer.ts'

/** What a worker thread is to read. The bytes of a stream follow in messages of their own. */
export type LayerTask =
  | {
      readonly kind: 'file'
      readonly layer: LayerIdentity
      readonly path: string
      readonly offset: number
      readonly size: number
    }
  | { readonly kind: 'stream'; readonly layer: LayerIdentity }
  | { readonly kind: 'directory'; readonly path: string }

/** What a worker thread is told. */
export type ToWorker =
  | { readonly kind: 'task'; readonly task: LayerTask }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' }

/** What a worker thread says. */
export type FromWorker =
  | { readonly kind: 'progress'; readonly bytes: number }
  /** A chunk has been used up; its memory comes back. */
  | { readonly kind: 'used'; readonly buffer: ArrayBuffer }
  /** The stream is needed once more, from its start. */
  | { readonly kind: 'again' }
  | { readonly kind: 'done'; readonly index: SentIndex }
  | { readonly kind: 'failed'; readonly error: SentError }

/** A `LayerIndex` as it can be sent: without methods. */
export type SentIndex = Omit<LayerIndex, 'nonDirectories'> & { readonly hashes: Float64Array }

/** An error as it can be sent. */
export interface SentError {
  readonly code: ErrorCode
  readonly message: string
  readonly where: string | undefined
  readonly advice: string | undefined
  readonly stack: string | undefined
}

export function sendIndex({ nonDirectories, ...index }: LayerIndex): SentIndex {
  return { ...index, hashes: nonDirectories.hashes }
}

export function receiveIndex({ hashes, ...index }: SentIndex): LayerIndex {
  return { ...index, nonDirectories: new PathSet(hashes) }
}

export function sendError(error: unknown): SentError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (!(error instanceof ChiaroError)) return { code: 'INTERNAL', message, where: undefined, advice: undefined, stack }
  return { code: error.code, message, where: error.where, advice: error.advice, stack }
}

export function receiveError({ code, message, where, advice, stack }: SentError): ChiaroError {
  const error = new ChiaroError(code in errorCodes ? code : 'INTERNAL', message, {
    ...(where === undefined ? {} : { where }),
    ...(advice === undefined ? {} : { advice }),
  })
  if (stack !== undefined) error.stack = stack
  return error
}
