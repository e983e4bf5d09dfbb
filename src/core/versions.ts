/** How a packaging system orders versions. */
export interface VersionScheme {
  /** `dpkg`, `apk`, `rpm` … */
  readonly id: string
  /**
   * The order of two versions as the packaging system's own tool gives it. Never throws; `undefined` when one of them is
   * not a version of this scheme, so that they cannot be ordered.
   */
  compare(left: string, right: string): -1 | 0 | 1 | undefined
}
