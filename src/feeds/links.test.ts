import { expect, it } from 'vitest'
import { ecosystems } from '../ecosystems/registry.ts'
import { pathPart } from './links.ts'

it('what leads out of the path, and half a character, is no part of it', () => {
  expect(['a/../b?c#d', 'CVE-2099-0001', '\ud800'].map(pathPart)).toEqual([
    'a%2F..%2Fb%3Fc%23d',
    'CVE-2099-0001',
    '%EF%BF%BD',
  ])
})

it('every distribution links an advisory of whatever name', () => {
  for (const { id, advisoryLink } of ecosystems) {
    const link = advisoryLink?.('\ud800/', `${id}:1`)
    if (link !== undefined) expect(new URL(link).protocol, id).toBe('https:')
  }
})
