import { version } from '../version.ts'

/** What `chiaro version` prints. */
export const versionLine = `chiaro ${version}\n`
