import { Type } from 'typebox'
import { dataOperations } from './data.ts'
import { findingOperations } from './findings.ts'
import { createImageReports } from './image-reports.ts'
import { imageOperations } from './images.ts'
import { openApi } from './openapi.ts'
import { type Operation, operation } from './operation.ts'
import type { Services } from './services.ts'
import { submissionOperations } from './submissions.ts'
import { updateOperations } from './updates.ts'

/** Every operation of this API. */
export function allOperations(services: Services): readonly Operation[] {
  const reports = createImageReports(services)
  const operations: Operation[] = [
    ...submissionOperations(services),
    ...imageOperations(services, reports),
    ...findingOperations(reports),
    ...dataOperations(services),
    ...updateOperations(services),
  ]
  let document: object | undefined
  operations.push(
    operation({
      id: 'getOpenApi',
      tag: 'document',
      method: 'GET',
      path: '/openapi.json',
      summary: 'This document',
      answers: { 200: { description: 'An OpenAPI 3.1 document.', schema: Type.Object({}) } },
      problems: [],
      async handle() {
        document ??= openApi(operations)
        return { status: 200, body: document, etag: 'content' }
      },
    }),
  )
  return operations
}
