import { type Static, Type } from 'typebox'
import { anyName, recordCheck } from '../../feeds/record-check.ts'

const text = Type.Optional(Type.Union([Type.String(), Type.Null()]))

const releaseState = Type.Object({
  status: Type.String(),
  fixed_version: text,
  urgency: text,
  nodsa: text,
  nodsa_reason: text,
})

const issue = Type.Object({
  description: text,
  releases: Type.Record(anyName, releaseState),
})

/** What the tracker says of one vulnerability in one source package, and in one release of it: the fields that are used. */
export type Issue = Static<typeof issue>
export type ReleaseState = Static<typeof releaseState>

export const checkIssue = recordCheck(issue)
