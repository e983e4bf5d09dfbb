import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { GapCode } from '../../src/core/gap.ts'
import { chiaro } from '../support/command.ts'
import { corpus, corpusImages } from '../support/corpus.ts'

type Outcome =
  | { readonly error: readonly ErrorCode[] }
  | { readonly packages: readonly string[]; readonly gaps?: readonly GapCode[] }

const openssl: Outcome = { packages: ['openssl 3.0.9-1'] }

/** What each hostile image must end in. */
const outcomes: Readonly<Record<string, Outcome>> = {
  'path-traversal': openssl,
  'symlink-escape': openssl,
  'symlink-cycle': { packages: [], gaps: ['no-packages'] },
  'gzip-bomb': openssl,
  'zstd-bomb': openssl,
  'big-status': { packages: [], gaps: ['file-too-large'] },
  'big-status-line': { packages: [], gaps: ['file-too-large'] },
  'wrong-diffid': { error: ['DIGEST_MISMATCH'] },
  'missing-diffid': { error: ['MANIFEST_INVALID'] },
  'digest-mismatch': { error: ['DIGEST_MISMATCH'] },
  'config-digest-mismatch': { error: ['DIGEST_MISMATCH'] },
  'manifest-digest-mismatch': { error: ['DIGEST_MISMATCH'] },
  'size-mismatch': { error: ['DIGEST_MISMATCH'] },
  'missing-blob': { error: ['IMAGE_NOT_FOUND'] },
  'truncated-gzip': { error: ['LAYER_INVALID'] },
  'truncated-tar': { error: ['LAYER_INVALID'] },
  'gzip-trailing': { packages: ['openssl 3.0.9-1'], gaps: ['layer-trailing-data'] },
  'gzip-members': openssl,
  'not-a-tar': { error: ['LAYER_INVALID'] },
  'wrong-mediatype': openssl,
  'many-entries': openssl,
  'many-layers': openssl,
  'many-lockfiles': openssl,
  'deep-path': openssl,
  'invalid-utf8': openssl,
  'bad-json-package': openssl,
  'invalid-manifest': { error: ['MANIFEST_INVALID'] },
  'wrong-type-manifest': { error: ['MANIFEST_INVALID'] },
  'ambiguous-manifest': { error: ['MANIFEST_INVALID'] },
  'index-cycle': { error: ['DIGEST_MISMATCH', 'MANIFEST_INVALID'] },
  'index-deep': { error: ['LIMIT_EXCEEDED'] },
  'bad-digest-string': { error: ['DIGEST_INVALID', 'MANIFEST_INVALID'] },
  'foreign-layer': { packages: ['openssl 3.0.9-1'], gaps: ['layer-skipped'] },
  'odd-tar-types': { packages: ['openssl 3.0.10-1'] },
  'bad-checksum': { error: ['LAYER_INVALID'] },
  'huge-size-header': { error: ['LAYER_INVALID'] },
}

const images = corpusImages().filter(({ name }) => name.startsWith('hostile-'))
const folder = mkdtempSync(join(tmpdir(), 'chiaro-hostile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(corpus === undefined)('hostile images (skipped without CHIARO_CORPUS)', () => {
  it('each has an outcome here', () => {
    expect(images.map(({ name }) => name.slice('hostile-'.length)).sort()).toEqual(Object.keys(outcomes).sort())
  })

  it.each(images)('$name', { timeout: 90_000 }, async ({ name, folder: layout }) => {
    const outcome = outcomes[name.slice('hostile-'.length)]!
    const temporary = join(folder, name)
    mkdirSync(temporary)
    const args = ['scan', `oci-layout:${layout}`, '--offline', '--format', 'json', '--db', join(folder, `${name}.db`)]
    const result = await chiaro(args, { env: { TMPDIR: temporary } })
    expect(result.signal, 'ends by itself').toBeNull()
    expect(result.ms).toBeLessThan(60_000)
    expect(result.mib).toBeLessThan(250)
    expect(readdirSync(temporary), 'leaves no file').toEqual([])
    expect(readdirSync('/tmp').filter((file) => file.startsWith('corpus-escape'))).toEqual([])
    if ('error' in outcome) {
      expect(result.code, result.stderr).toBe(2)
      const code = /^error (\w+)/m.exec(result.stderr)?.[1]
      expect(outcome.error, result.stderr).toContain(code)
    } else {
      expect(result.code, result.stderr).toBe(0)
      const report = JSON.parse(result.stdout) as {
        packages: { name: string; version: string }[]
        gaps: { code: string }[]
      }
      expect(report.packages.map((pkg) => `${pkg.name} ${pkg.version}`)).toEqual(outcome.packages)
      for (const gap of outcome.gaps ?? []) expect(report.gaps.map(({ code }) => code)).toContain(gap)
    }
  })
})
