import { describe, expect, it } from 'vitest'
import { cvssRating } from './cvss.ts'

/** Vectors and scores as NVD, FIRST's calculators and their examples have them. */
const scored = [
  ['AV:N/AC:L/Au:N/C:N/I:N/A:C', 7.8, 'high'],
  ['AV:L/AC:H/Au:N/C:C/I:C/A:C', 6.2, 'medium'],
  ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8, 'critical'],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1, 'medium'],
  ['CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O', 7.8, 'high'],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0, 'negligible'],
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3, 'critical'],
  ['CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 7.3, 'high'],
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U', 8.1, 'high'],
] as const

describe('cvssRating', () => {
  it.each(scored)('%s is %f, %s', (vector, score, severity) => {
    expect(cvssRating('sample', vector)).toEqual({ severity, source: 'sample', vector, score })
  })

  it('takes the score of the source before its own', () => {
    expect(cvssRating('sample', scored[0][0], 5)).toMatchObject({ severity: 'medium', score: 5 })
  })

  it.each([
    '',
    'high',
    'CVSS:4.0/AV:N',
    'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:X',
    'CVSS:3.1/AV:N',
    'CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:7.0/AV:N/AC:L',
  ])('is none of %j', (vector) => expect(cvssRating('sample', vector)).toBeUndefined())
})
