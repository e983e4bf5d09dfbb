import { ChiaroError, messageOf, printable } from '../core/errors.ts'

/** Causes that trying again does not cure. */
const final =
  /^(?:ENOTFOUND|EPROTO|ERR_TLS_\w+|ERR_SSL_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|HOSTNAME_MISMATCH|ERR_INVALID_\w+)$/
const certificate = /^(?:CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|HOSTNAME_MISMATCH|ERR_TLS_CERT_\w+)$/

/** Whether a connection failed for a reason that will be the same next time: unknown host, untrusted certificate. */
export function isFinal(error: unknown): boolean {
  return final.test(rootCause(error).code)
}

/** Whether a connection failed since the server's certificate is not trusted. */
export function isCertificateError(error: unknown): boolean {
  return certificate.test(rootCause(error).code)
}

/** The `NETWORK_FAILED` error for whatever a request or a body threw, in words. */
export function networkError(error: unknown, where: string, attempts: number): ChiaroError {
  const { code, message } = rootCause(error)
  const tries = attempts > 1 ? ` (${attempts} attempts)` : ''
  const advice = adviceFor(code)
  return new ChiaroError('NETWORK_FAILED', `${message}${tries}`, {
    where,
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  })
}

const privateAuthority =
  'If the certificate is of an authority of your own, name its file (PEM): --ca-file for a registry, NODE_EXTRA_CA_CERTS for any server.'

function adviceFor(code: string): string | undefined {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'Check the name of the host, and whether a proxy is needed (HTTPS_PROXY).'
  if (code === 'ECONNREFUSED') return 'Check the port, and whether the server runs.'
  if (certificate.test(code)) return privateAuthority
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) return 'The server does not seem to speak TLS on this port.'
  return undefined
}

/** The reason may be in `cause`; those of attempts at several addresses are in `errors`. */
function rootCause(error: unknown): { readonly code: string; readonly message: string } {
  let current = error
  for (let depth = 0; depth < 8; depth++) {
    const inner: unknown = innerOf(current)
    if (inner === undefined) break
    current = inner
  }
  const code = current instanceof Error && 'code' in current ? printable(String(current.code)) : ''
  return { code, message: messageOf(current) || code || 'the connection failed' }
}

function innerOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.at(-1)
  return error instanceof Error && error.cause instanceof Error ? error.cause : undefined
}
