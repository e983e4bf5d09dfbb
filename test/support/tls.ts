import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestCertificate } from './certificate.ts'

/** Files of a certificate for a server's configuration, until it is disposed of. */
export function temporaryTls({
  cert,
  key,
}: TestCertificate): Disposable & { readonly files: { cert: string; key: string } } {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-tls-'))
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  return { files, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
