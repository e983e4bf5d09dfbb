/**
 * Every kind of gap: something that could not be read, compared or looked up, and so is missing from a result.
 * `docs/gaps.md` lists the same codes; a test compares them. Codes are stable.
 */
export const gapCodes = {
  'data-missing': 'A feed that the image needs was never loaded, or could not be loaded now.',
  'data-record-unreadable': 'A record of a feed could not be read and was left out.',
  'data-stale': 'The data was last checked longer ago than --max-data-age, and could not be brought up to date.',
  'database-unreadable': 'A package database, or an entry of one, could not be read.',
  'distribution-approximate':
    'Packages were assessed by the data of another release than theirs, whose versions differ in places.',
  'distribution-end-of-life':
    'The release gets no more security updates: vulnerabilities found since are not in the data.',
  'distribution-unknown': 'The image does not say which distribution it is, so its packages cannot be assessed.',
  'distribution-unsupported': 'No vulnerability data is available for this distribution.',
  'enrichment-missing':
    'Scores, likelihoods or known exploitation could not be looked up: this data is missing or out of date.',
  'file-too-large': 'A file that should be read is larger than the limit.',
  'layer-skipped': 'A layer could not be read, as it is not distributed with the image.',
  'layer-trailing-data': 'A layer has data behind its end that was not read.',
  'link-unresolved': 'A package database is reached through a link that could not be followed.',
  'no-packages': 'No package database was found in the image: there was nothing to assess.',
  'release-without-data': 'The data says nothing at all about this release of the distribution.',
  'vendor-unsupported': 'Packages are of a third party, which the data for the distribution does not cover.',
  'version-unreadable': 'Two versions could not be compared.',
} as const

/** A stable gap code. */
export type GapCode = keyof typeof gapCodes

/** One thing that limits a result. A result with gaps is never "clean". */
export interface Gap {
  readonly code: GapCode
  /** What is concerned: a path inside the image, a package, a feed, a release. */
  readonly where: string
  /** What happened, as a sentence. */
  readonly detail: string
}
