import { expect, it } from 'vitest'
import { apk } from '../../versions/apk.ts'
import { SecurityFixes } from './security-fixes.ts'

const options = { where: 'test.json', versions: apk, link: () => undefined }

it('limits what it holds', () => {
  const fixes = new SecurityFixes({ ...options, maxBytes: 100_000 })
  const add = () => {
    for (let number = 1000; number < 2000; number++) fixes.add('sample', '1.0-r0', `CVE-2099-${number}`)
  }
  expect(add).toThrow(/more than 100000 bytes/i)
})

it('takes the highest version of a fix, and none for what cannot be compared', () => {
  const fixes = new SecurityFixes(options)
  for (const version of ['0', '1.0-r2', '1.0-r10', '1.0-r3']) fixes.add('sample', version, 'CVE-2099-0001')
  for (const version of ['1.0-r2', 'no version', '1.0-r10']) fixes.add('other', version, 'CVE-2099-0001')
  const [advisory] = [...fixes.advisories('test:1')]
  expect(advisory!.vulnerability.links).toEqual([])
  expect(advisory!.statements.map(({ fixedIn }) => fixedIn)).toEqual(['1.0-r10', 'no version'])
})
