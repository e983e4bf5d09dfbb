import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { analyzersKey, type HttpClient } from '../compose.ts'
import type { Digest } from '../core/digest.ts'
import { ChiaroError } from '../core/errors.ts'
import { gapCodes } from '../core/gap.ts'
import { limits } from '../core/limits.ts'
import type { IndexReport } from '../core/report.ts'
import { intraService, signedHeader } from './token.ts'

/** The media type of index reports among our own services: Clair's form leaves out some of what matching asks for. */
export const indexReportType = 'application/vnd.chiaro.index_report.v1+json'

const text = Type.String({ maxLength: limits.packageFieldBytes })
const digest = Type.Optional(Type.String({ pattern: '^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$' }))

/** An index report, with the analyzers that it was made by. */
const schema = Type.Object({
  analyzers: Type.String(),
  report: Type.Object({
    image: Type.Object({
      reference: Type.String(),
      tags: Type.Array(Type.String()),
      digest,
      configDigest: digest,
      platform: Type.Object({ os: text, architecture: text, variant: Type.Optional(text) }),
      layers: Type.Array(Type.Object({ digest, diffId: digest, createdBy: Type.String() }), {
        maxItems: limits.layers,
      }),
    }),
    release: Type.Optional(
      Type.Object({
        id: text,
        versionId: text,
        codename: text,
        prettyName: text,
        idLike: Type.Array(text),
        cpe: text,
      }),
    ),
    packages: Type.Array(
      Type.Object({
        type: text,
        name: text,
        version: text,
        arch: text,
        source: Type.Object({ name: text, version: text }),
        module: Type.Optional(text),
        purl: Type.String(),
        path: Type.String(),
        layer: Type.Integer({ minimum: 0 }),
        repositories: Type.Optional(Type.Array(Type.String())),
      }),
    ),
    gaps: Type.Array(
      Type.Object({
        code: Type.Enum(Object.keys(gapCodes) as (keyof typeof gapCodes)[]),
        where: Type.String(),
        detail: Type.String(),
      }),
    ),
  }),
})
const validator = Compile(schema)

/** The body that `remoteIndex` of another process understands. */
export function sharedIndexReport(report: IndexReport): object {
  return { analyzers: analyzersKey, report } satisfies { analyzers: string; report: IndexReport }
}

/** The indexer of another process. */
export interface RemoteIndexOptions {
  /** Its API, with or without a path. */
  readonly address: string
  /** The key that requests are signed with; `undefined`: they are not. */
  readonly key: Uint8Array | undefined
  client(): Promise<HttpClient>
  /** The span that it is asked in, where there is one. */
  traceparent(): string | undefined
}

/**
 * Asks the indexer of another process for index reports. Throws `NETWORK_FAILED`, `LIMIT_EXCEEDED`, `ABORTED`, and
 * `INDEXER_FAILED` for what is no indexer of Chiaro's, or one with other analyzers.
 */
export function remoteIndex({ address, key, client, traceparent }: RemoteIndexOptions) {
  const base = address.replace(/\/+$/, '')
  return async (digest: Digest, signal: AbortSignal): Promise<IndexReport | undefined> => {
    const url = `${base}/indexer/api/v1/index_report/${digest}`
    const now = Date.now() / 1000
    const originHeaders = key === undefined ? {} : { authorization: signedHeader(key, intraService, now) }
    const http = await client()
    const span = traceparent()
    const headers = { accept: indexReportType, ...(span && { traceparent: span }) }
    const response = await http.request(url, { headers, originHeaders, signal, attempts: 2 })
    if (response.status === 404) {
      await response.discard()
      return undefined
    }
    if (response.status !== 200) {
      await response.discard()
      throw refused(url, `it answers with status ${response.status}`)
    }
    return parse(await response.text(limits.indexReportBytes), url)
  }
}

function parse(body: string, url: string): IndexReport {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw refused(url, 'it does not answer with JSON')
  }
  if (!validator.Check(value)) throw refused(url, 'it does not answer as an indexer of Chiaro does')
  if (value.analyzers !== analyzersKey) throw refused(url, 'it is another version of Chiaro, with other analyzers')
  return value.report as Static<typeof schema>['report'] & IndexReport
}

function refused(where: string, problem: string): ChiaroError {
  return new ChiaroError('INDEXER_FAILED', `the indexer cannot be used: ${problem}`, {
    where,
    advice: 'Check matcher.indexer_addr, and auth.psk, which has to be the same for all services.',
  })
}
