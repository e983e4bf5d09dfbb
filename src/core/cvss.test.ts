import { describe, expect, it } from 'vitest'
import { type CvssVersion, cvssVersion, severityOfScore } from './cvss.ts'

describe('cvssVersion', () => {
  it.each([
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', '2.0'],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', '3.0'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', '3.1'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', '4.0'],
    ['CVSS:9.0/AV:N', undefined],
    ['', undefined],
    ['high', undefined],
  ])('%s: %s', (vector, version) => {
    expect(cvssVersion(vector)).toBe(version)
  })
})

describe('severityOfScore: the bounds of each band', () => {
  it.each<[number, CvssVersion, string]>([
    [0, '3.1', 'negligible'],
    [0.1, '3.1', 'low'],
    [3.9, '3.0', 'low'],
    [4, '4.0', 'medium'],
    [6.9, '3.1', 'medium'],
    [7, '3.1', 'high'],
    [8.9, '4.0', 'high'],
    [9, '3.0', 'critical'],
    [10, '4.0', 'critical'],
    [0, '2.0', 'low'],
    [3.9, '2.0', 'low'],
    [4, '2.0', 'medium'],
    [7, '2.0', 'high'],
    [10, '2.0', 'high'],
  ])('%f of version %s is %s', (score, version, severity) => {
    expect(severityOfScore(score, version)).toBe(severity)
  })
})
