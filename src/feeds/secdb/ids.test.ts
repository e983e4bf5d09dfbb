import { expect, it } from 'vitest'
import { issuesOf } from './ids.ts'

// Entries of the real database, all but the last two.
it.each([
  ['CVE-2021-30473', ['CVE-2021-30473']],
  ['XSA-207', ['XSA-207']],
  ['CVE-2018-8897  XSA-260', ['CVE-2018-8897 = XSA-260']],
  ['CVE-2019-17349 CVE-2019-17350 XSA-295', ['CVE-2019-17349 = XSA-295', 'CVE-2019-17350 = XSA-295']],
  ['GNUTLS-SA-2020-06-03 CVE-2020-13777', ['CVE-2020-13777 = GNUTLS-SA-2020-06-03']],
  ['CVE-2020-11501 GNUTLS-SA-2020-03-31 CVE-2020-11501', ['CVE-2020-11501 = GNUTLS-SA-2020-03-31']],
  ['CVE-2022-45059 VSV00010', ['CVE-2022-45059 = VSV00010']],
  ['CVE_2019-2426', ['CVE-2019-2426']],
  ['CVE-46838', ['CVE-46838']],
  ['CVE-2017-17434-1', ['CVE-2017-17434-1']],
  ['CVE N/A ZBX-11023', ['ZBX-11023']],
  ['CVE-????-????? TS-2024-005', ['TS-2024-005']],
  ['wnpa-sec-2017-18', ['wnpa-sec-2017-18']],
  ['GHSA-fhpf-pp6p-55qc', ['GHSA-fhpf-pp6p-55qc']],
  ['CVE-2020-14342 (not actually applicable)', ['CVE-2020-14342']],
  ['CVE-2018-10103 (SMB - partially fixed, but SMB printing disabled)', ['CVE-2018-10103']],
  ['CVE-2018-16227 (802.11)', ['CVE-2018-16227']],
  ['', []],
  ['(CVE-2018-1)', []],
])('%s', (entry, expected) => {
  expect(issuesOf(entry).map(({ id, aliases }) => [id, ...aliases].join(' = '))).toEqual(expected)
})
