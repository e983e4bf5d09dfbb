import type { GapCode } from '../core/gap.ts'

/** What the reader can do about each kind of gap. `docs/gaps.md` says the same; a test compares them. */
export const gapAdvice: Readonly<Record<GapCode, string>> = {
  'data-missing':
    'Run "chiaro update" where the network is, or name a mirror with --mirror; "chiaro data" shows the last error.',
  'data-record-unreadable':
    'The rest of the feed is used; "chiaro data gaps" lists what is not. Update Chiaro; if that does not help, report the feed as a defect.',
  'data-stale': 'Run "chiaro update"; "chiaro data" shows why the last attempt failed.',
  'database-unreadable':
    'Build the image again; if the packaging tool itself can read the database, report it as a defect.',
  'distribution-approximate':
    'Take findings and their absence with care; for certainty, take all packages from one release that has security data.',
  'distribution-end-of-life':
    'Move to a release that is supported: no upgrade inside this one closes what is found from now on.',
  'distribution-unknown': 'Keep etc/os-release in the image, or build it on a base image that has one.',
  'distribution-unsupported':
    'The packages are listed, but not assessed: use the scanner of the vendor for this image.',
  'enrichment-missing':
    'The findings are complete, their order may not be. Run "chiaro update nvd epss kev", or leave it out with --no-enrich.',
  'file-too-large': 'Look why the file is that large; what it lists is not in the report.',
  'layer-skipped': 'Scan the image where all its layers are, such as an archive written by "docker save".',
  'layer-trailing-data': 'Build or push the image again: whatever stands behind the end of the layer was not read.',
  'link-unresolved': 'Look where the link leads: its target is not in the image, or it leads in a circle.',
  'no-packages':
    'Nothing can be said about files that no package database lists; for an image of one static binary that is expected.',
  'release-without-data':
    'Check that the release is still supported and its name is right; its packages were not assessed.',
  'vendor-unsupported':
    'The packages are listed, but were not assessed: look at the security notices of who made them.',
  'version-unreadable':
    'Assess these packages by hand: their versions do not follow the rules of the packaging system.',
}
