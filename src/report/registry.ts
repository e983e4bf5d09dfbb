import type { ReportWriter } from '../core/report-writer.ts'
import { json } from './json.ts'
import { table } from './table.ts'

/** Every report format, the default first. A format is one file in this folder and one line here. */
export const reportWriters: readonly ReportWriter[] = [table, json]
