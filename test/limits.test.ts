import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { limits } from '../src/core/limits.ts'

const root = join(import.meta.dirname, '..')

/** The test that goes over each limit: its file, and its title as it stands there. Where that takes too much, it lowers the limit. */
const tests: Readonly<Record<keyof typeof limits, readonly [file: string, title: string]>> = {
  manifestBytes: ['src/image/oci-layout.test.ts', 'an index.json beyond limits.manifestBytes'],
  indexEntries: ['src/image/manifest.test.ts', 'limits.indexEntries + 1'],
  indexDepth: ['src/image/manifest.test.ts', 'follows indexes in indexes to limits.indexDepth'],
  indexDocuments: ['src/image/manifest.test.ts', 'reads limits.indexDocuments and no more'],
  layers: ['src/image/manifest.test.ts', 'limits.layers + 1'],
  layerBytes: ['src/io/inflate.test.ts', 'stops at the limit of bytes'],
  layerRatio: ['src/io/inflate.test.ts', 'stops where the ratio is beyond the limit'],
  layerRatioFrom: ['src/io/inflate.test.ts', 'stops where the ratio is beyond the limit'],
  wholeLayerBytes: ['src/io/inflate.test.ts', 'refuses the same'],
  gzipHeaderBytes: ['src/io/inflate.test.ts', 'a name without an end'],
  layerEntries: ['src/io/tar.test.ts', 'entries'],
  pathBytes: ['src/io/tar.test.ts', 'limits.pathBytes + 1'],
  pathDepth: ['src/io/tar.test.ts', 'limits.pathDepth + 1'],
  tarHeaderBytes: ['src/io/tar.test.ts', 'limits.tarHeaderBytes + 1'],
  wantedFiles: ['src/scan/analyze-layer.test.ts', 'limits.wantedFiles'],
  wantedBytes: ['src/scan/analyze-layer.test.ts', 'limits.wantedBytes'],
  workerHeapMiB: ['src/scan/index-image.test.ts', "['memory', 'LIMIT_EXCEEDED']"],
  whiteouts: ['src/scan/analyze-layer.test.ts', 'limits.whiteouts'],
  linkHops: ['src/core/squash.test.ts', 'limits.linkHops + 1'],
  linkTargetBytes: ['src/core/squash.test.ts', 'limits.linkTargetBytes + 1'],
  packageDatabaseBytes: ['src/scan/read-directory.test.ts', 'says so where a database is too large'],
  rpmDatabaseBytes: ['src/scan/read-directory.test.ts', 'limits.rpmDatabaseBytes'],
  rpmHeaderBytes: ['src/formats/rpmdb/rpmdb.test.ts', 'limits.rpmHeaderBytes + 1'],
  releaseFileBytes: ['src/scan/read-directory.test.ts', 'limits.releaseFileBytes'],
  contentManifestBytes: ['src/formats/content-manifest.test.ts', 'limits.contentManifestBytes + 1'],
  packages: ['src/formats/dpkg-status.test.ts', 'limits.packages + 2'],
  databaseGaps: ['src/formats/dpkg-status.test.ts', 'limits.databaseGaps + 2'],
  thirdParties: ['src/scan/assess.test.ts', 'names limits.thirdParties of them'],
  thirdPartyPackages: ['src/scan/assess.test.ts', 'limits.thirdPartyPackages of what each made'],
  packageFieldBytes: ['src/formats/dpkg-status.test.ts', 'limits.packageFieldBytes + 1'],
  archiveEntries: ['src/image/archive.test.ts', 'with more than limits.archiveEntries entries'],
  archiveBytes: ['src/image/archive.test.ts', 'that would fill the disk'],
  archiveRatio: ['src/image/archive.test.ts', 'that would fill the disk'],
  archiveRatioFrom: ['src/image/archive.test.ts', 'that would fill the disk'],
  feedsAtOnce: ['src/update/update.test.ts', 'fetches several feeds at a time and imports one'],
  feedFetchesPerHost: ['src/update/update.test.ts', 'asks a host for limits.feedFetchesPerHost feeds at a time'],
  feedBytes: ['src/io/spool.test.ts', 'refuses a file beyond the limit'],
  feedContentBytes: ['src/io/decompress.test.ts', 'limits the content, whatever the compression'],
  dataFileBytes: ['src/exchange/data-file.test.ts', 'refuses more than limits.dataFileBytes'],
  feedRecordBytes: ['src/io/json-stream.test.ts', 'reports an element beyond the size limit without holding it'],
  feedRecordDepth: ['src/io/json-stream.test.ts', 'reports an element beyond the depth limit'],
  feedPages: ['src/enrich/nvd/changes.test.ts', 'more than limits.feedPages'],
  feedDocuments: ['src/ecosystems/rhel/vex-feed.test.ts', 'more documents than are fetched one by one'],
  feedHeldBytes: ['src/feeds/oval.test.ts', 'limits the %s that it holds'],
  zipEntries: ['src/io/zip.test.ts', 'limits the %s'],
  zipDirectoryBytes: ['src/io/zip.test.ts', 'limits the %s'],
  zipRatio: ['src/io/zip.test.ts', 'limits how much larger the files are than the archive'],
  zipRatioFrom: ['src/io/zip.test.ts', 'limits how much larger the files are than the archive'],
  mirrorListBytes: ['src/feeds/rpm-repository.test.ts', 'limits.mirrorListBytes + 1'],
  mirrors: ['src/feeds/rpm-repository.test.ts', 'limits.mirrors + 1'],
  xmlDepth: ['src/io/xml-stream.test.ts', 'limits the depth'],
  xmlTextBytes: ['src/io/xml-stream.test.ts', 'limits the length of %s, without reading on'],
  feedGapShare: ['test/contract/store.ts', 'too many gaps'],
  feedGapsKept: ['test/contract/store.ts', 'keeps gaps and counts those beyond the limit'],
  importNames: ['src/store/sqlite/writes.test.ts', 'more names than are remembered'],
  importStatements: ['src/store/sqlite/writes.test.ts', 'more statements than are remembered'],
  keptMatches: ['test/contract/store.ts', 'limits.keptMatches + 1'],
  changesOfKey: ['test/contract/fleet-store-changes.ts', 'limits.changesOfKey + 1'],
  pageSize: ['test/contract/fleet-store-questions.ts', 'limits.pageSize + 1'],
  databaseWait: ['src/store/sqlite/writes.test.ts', 'a lock that is not given back in time is an error'],
  databaseCacheWait: ['src/store/sqlite/writes.test.ts', 'what is only kept for speed goes without'],
  responseBytes: ['src/image/daemon.test.ts', 'answers with more than limits.responseBytes'],
  idleTimeout: ['src/io/http.test.ts', 'gives up when a body stalls'],
  requestTimeout: ['src/io/http.test.ts', 'gives up when no headers come'],
  attempts: ['src/io/http.test.ts', 'gives the last answer after limits.attempts'],
  retryWait: ['src/io/http.test.ts', 'does not wait longer than limits.retryWait'],
  redirects: ['src/io/http.test.ts', 'follows limits.redirects of them and no more'],
  daemonTimeout: ['src/image/daemon.test.ts', 'is silent for longer than limits.daemonTimeout'],
  credentialHelperBytes: ['src/image/remote/registry.test.ts', 'limits.credentialHelperBytes'],
  credentialHelperTimeout: ['src/image/remote/registry.test.ts', 'a helper that does not answer in time'],
  requestBodyBytes: ['src/server/api/clair-v4/indexer.test.ts', 'a body that is too large is refused'],
  grpcMessageBytes: ['src/server/api/clair-v3/hostile-calls.test.ts', 'limits.grpcMessageBytes + 1'],
  http2Streams: ['src/server/http2.test.ts', 'more than limits.http2Streams at a time'],
  http2HeaderBytes: ['src/server/http2.test.ts', 'more than limits.http2HeaderBytes'],
  ownVulnerabilities: ['src/server/api/clair-v1/own-vulnerabilities.test.ts', 'limits.ownVulnerabilities'],
  requestBodyBytesV1: ['src/server/api/clair-v1/clair-v1.test.ts', 'limits.requestBodyBytesV1'],
  connections: ['src/server/route-limits.test.ts', 'more than limits.connections'],
  answersAtOnce: ['src/server/route-limits.test.ts', 'more than limits.answersAtOnce'],
  feedAnswersAtOnce: ['src/server/route-limits.test.ts', 'more than limits.feedAnswersAtOnce'],
  answerTime: ['src/server/route-limits.test.ts', 'takes longer than limits.answerTime'],
  waitingSpans: ['src/server/tracing/tracing.test.ts', 'more than limits.waitingSpans'],
  indexReportBytes: ['src/server/modes.test.ts', 'more than limits.indexReportBytes'],
  reportCacheBytes: ['src/server/report-cache.test.ts', 'no more than limits.reportCacheBytes'],
  apiBodyBytes: ['src/server/api/chiaro-v1/hostile.test.ts', 'limits.apiBodyBytes + 1'],
  rateLimitClients: ['src/server/rate-limit.test.ts', 'limits.rateLimitClients + 1'],
  updatesAtOnce: ['src/server/api/chiaro-v1/updates.test.ts', 'limits.updatesAtOnce + 1'],
  eventStreams: ['src/server/api/chiaro-v1/updates.test.ts', 'limits.eventStreams + 1'],
  jobEvents: ['src/server/api/chiaro-v1/jobs.test.ts', 'no more than limits.jobEvents times'],
  jobAge: ['src/server/api/chiaro-v1/jobs.test.ts', 'are forgotten after limits.jobAge'],
  jobSilence: ['src/server/api/chiaro-v1/lost-jobs.test.ts', 'silent for limits.jobSilence'],
  jobAttempts: ['src/server/api/chiaro-v1/job-takeover.test.ts', 'limits.jobAttempts processes'],
  indexTime: ['src/server/server.test.ts', 'gives indexing up after limits.indexTime'],
  deliveryTime: ['src/notify/deliver.test.ts', 'takes longer than limits.deliveryTime'],
  shutdownTime: ['src/server/server.test.ts', 'no longer than limits.shutdownTime'],
  configBytes: ['src/config/clair/load.test.ts', 'refuses more than limits.configBytes'],
  passwordBytes: ['test/e2e/cli.test.ts', 'reads a password of limits.passwordBytes at most'],
}

const sources = globSync('src/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(root, file), 'utf8'))

describe('limits', () => {
  it('each has a test that goes over it', () => {
    expect(Object.keys(tests).sort()).toEqual(Object.keys(limits).sort())
  })

  it.each(Object.entries(tests))('%s: its test is there', (_, [file, title]) => {
    expect(readFileSync(join(root, file), 'utf8')).toContain(title)
  })

  it.each(Object.keys(limits))('%s is used', (name) => {
    const use = new RegExp(`\\blimits\\.${name}\\b`)
    expect(sources.some((text) => text.split('\n').some((line) => use.test(line) && !/^\s*(?:\*|\/)/.test(line)))).toBe(
      true,
    )
  })
})
