const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** Every limit on input from outside, in one place. Each has a test that goes over it. Sizes are bytes, times milliseconds. */
export const limits = {
  /** Manifest, index or configuration of an image. The distribution specification asks for 4 MiB at least. */
  manifestBytes: 8 * MiB,
  /** Entries of an image index, or of an archive's manifest.json. */
  indexEntries: 1000,
  /** Indexes in indexes. */
  indexDepth: 8,
  /** Manifests and indexes read on the way to one image. */
  indexDocuments: 200,
  /** Layers of an image. */
  layers: 1000,
  /** One layer, uncompressed. */
  layerBytes: 64 * GiB,
  /** Uncompressed to compressed size of a layer, once it is larger than `layerRatioFrom`. zlib cannot go beyond 1,032, zstd not beyond 32,768. */
  layerRatio: 10_000,
  layerRatioFrom: 4 * GiB,
  /** One layer, uncompressed, where it has to be held in memory as a whole (a Node without the zlib handles). */
  wholeLayerBytes: 1 * GiB,
  /** The header of a gzip member, with the name and comment in it. */
  gzipHeaderBytes: 128 * KiB,
  /** Entries of one layer's tar archive, or files below a directory. */
  layerEntries: 4_000_000,
  /** A path in a tar archive, and a link's target. */
  pathBytes: 64 * KiB,
  /** Directories of a path. */
  pathDepth: 2_000,
  /** pax extended headers and GNU long names. */
  tarHeaderBytes: 1 * MiB,
  /** Files that analyzers want, of one layer; each also has its analyzer's `maxBytes`. */
  wantedFiles: 200_000,
  /** The bytes of the wanted files of one layer, together. */
  wantedBytes: 512 * MiB,
  /** The JavaScript heap of a thread that reads layers, in MiB (file contents are outside of it). */
  workerHeapMiB: 512,
  /** Whiteouts of one layer. */
  whiteouts: 500_000,
  /** Links followed on the way to one file (Linux follows 40). */
  linkHops: 40,
  /** The target of a link that is followed (PATH_MAX of Linux). */
  linkTargetBytes: 4096,
  /** A text package database: dpkg status, apk installed. */
  packageDatabaseBytes: 64 * MiB,
  /** A binary package database: rpmdb. */
  rpmDatabaseBytes: 256 * MiB,
  /** One header of an rpm database. */
  rpmHeaderBytes: 32 * MiB,
  /** A release file. */
  releaseFileBytes: 64 * KiB,
  /** A content manifest, and a file of container labels. */
  contentManifestBytes: 1 * MiB,
  /** Packages of one database. */
  packages: 200_000,
  /** Parts of one package database that cannot be read, until the rest is given up. */
  databaseGaps: 1000,
  /** Third parties whose packages a report names, and packages that it names of each. */
  thirdParties: 20,
  thirdPartyPackages: 10,
  /** A name, version or architecture. */
  packageFieldBytes: 4 * KiB,
  /** Entries of an archive around an image (docker-archive, oci-archive). */
  archiveEntries: 100_000,
  /** Such an archive decompressed into a temporary file, and its ratio once it is larger than `archiveRatioFrom`. */
  archiveBytes: 64 * GiB,
  archiveRatio: 200,
  archiveRatioFrom: 4 * GiB,
  /**
   * Feeds that are updated at a time, and fetched at a time from one host. Four keep the import, which is one at a time, fed;
   * with two a host serves one while it is waited for the answer to the other, and sees no more of us than of a browser.
   */
  feedsAtOnce: 4,
  feedFetchesPerHost: 2,
  /** A feed's file as transferred, and decompressed. */
  feedBytes: 2 * GiB,
  feedContentBytes: 16 * GiB,
  /** A file of vulnerability data, decompressed. */
  dataFileBytes: 64 * GiB,
  /** One record of a feed, and its depth. */
  feedRecordBytes: 32 * MiB,
  feedRecordDepth: 64,
  /** Answers that one document of a feed may be split into. */
  feedPages: 500,
  /** Documents of a feed that are fetched one by one. */
  feedDocuments: 10_000,
  /** What of a feed has to be held in memory until its end, about. */
  feedHeldBytes: 512 * MiB,
  /** Entries of a ZIP archive, bytes of its directory (their names are remembered), and what its files together have to its size, once that is more than `zipRatioFrom`. */
  zipEntries: 2_500_000,
  zipDirectoryBytes: 256 * MiB,
  zipRatio: 200,
  zipRatioFrom: 256 * MiB,
  /** The list of the mirrors of a repository, and how many of them are tried. */
  mirrorListBytes: 64 * KiB,
  mirrors: 5,
  /** XML: element depth, attributes of an element, text of an element. */
  xmlDepth: 64,
  xmlTextBytes: 4 * MiB,
  /** The share of a feed's records that may be gaps before the feed as a whole fails. */
  feedGapShare: 0.05,
  /** Gaps kept for one feed; the rest is counted. */
  feedGapsKept: 1000,
  /** Names whose row in the database is remembered during an import, of packages and of vulnerabilities each. */
  importNames: 50_000,
  /** Current statements that an import holds in memory to compare with. */
  importStatements: 50_000,
  /** Matches kept for one image, and findings with their gaps; where there are more, they are made again each time. */
  keptMatches: 100_000,
  /** Vulnerabilities of one key that are judged again by themselves after an update; where more have changed, all are. */
  changesOfKey: 500,
  /** Entries of one page of a list of the fleet. */
  pageSize: 1000,
  /** How long a write waits for other processes to finish theirs; what is only kept for speed waits less, and goes without. */
  databaseWait: 600_000,
  databaseCacheWait: 1_000,
  /** An answer of a registry that is not a blob: tokens, errors, tag lists. */
  responseBytes: 4 * MiB,
  /** Silence after which a connection is given up. */
  idleTimeout: 30_000,
  /** A request of ours until the headers of its answer are there; one of others until all of it is there. */
  requestTimeout: 60_000,
  /** Attempts at one request, and the longest wait between two. */
  attempts: 5,
  retryWait: 30_000,
  redirects: 10,
  /** Silence of a container daemon, which may put an archive together before it answers. */
  daemonTimeout: 600_000,
  /** A credential helper's answer, and the time it may take. */
  credentialHelperBytes: 64 * KiB,
  credentialHelperTimeout: 30_000,
  /** The body of a request to the server, and of one to the v1 API. */
  requestBodyBytes: 8 * MiB,
  requestBodyBytesV1: 1 * MiB,
  /** Vulnerabilities that people add themselves in one namespace. */
  ownVulnerabilities: 10_000,
  /** Connections of one listener. */
  connections: 4000,
  /** Requests of one route that are answered at a time, and of one that reads all of a feed. */
  answersAtOnce: 100,
  feedAnswersAtOnce: 4,
  /** The time until an answer begins, but for what has a limit of its own. */
  answerTime: 60_000,
  /** An index report that the indexer of another process gives. */
  indexReportBytes: 256 * MiB,
  /** Answers of the server that are kept to be sent again, together. */
  reportCacheBytes: 64 * MiB,
  /** The body of a request to Chiaro's own API, which names things and sends none. */
  apiBodyBytes: 64 * KiB,
  /** Clients of which it is remembered how often they asked. */
  rateLimitClients: 10_000,
  /** Updates that clients asked for and that wait or run, and event streams that are open, in one process. */
  updatesAtOnce: 4,
  eventStreams: 100,
  /** Events kept of one job, beyond which its progress is told no more, and how long a job is kept that nothing is heard of. */
  jobEvents: 5000,
  jobAge: 7 * 24 * 60 * 60 * 1000,
  /** Silence after which the process that does a job is taken for dead, and processes that may begin with one. */
  jobSilence: 30_000,
  jobAttempts: 3,
  /** Spans of traces that wait to be delivered; more are dropped. */
  waitingSpans: 4096,
  /** A message to the server in gRPC, compressed and decompressed: what gRPC's own servers take. */
  grpcMessageBytes: 4 * MiB,
  /** Requests of one connection of HTTP/2 at a time, and the headers of one, as HTTP/2 counts them. */
  http2Streams: 100,
  http2HeaderBytes: 16 * KiB,
  /** Indexing what a client submits. */
  indexTime: 900_000,
  /** The delivery of one notification. Who delivers it for longer has lost it to others. */
  deliveryTime: 300_000,
  /** Requests that the server is answering when it is told to end. */
  shutdownTime: 10_000,
  /** A configuration file. */
  configBytes: 4 * MiB,
  /** A password on standard input. */
  passwordBytes: 64 * KiB,
} as const
