import { Type } from 'typebox'
import { cveId } from '../../core/cve.ts'
import { recordCheck } from '../../feeds/record-check.ts'

const day = '^\\d{4}-\\d{2}-\\d{2}$'

/** One element of `vulnerabilities`: the fields that are used. */
export const checkEntry = recordCheck(
  Type.Object({
    cveID: Type.String({ pattern: cveId.source }),
    dateAdded: Type.String({ pattern: day }),
    dueDate: Type.Optional(Type.String({ pattern: `${day}|^$` })),
    knownRansomwareCampaignUse: Type.Optional(Type.String()),
  }),
)
