import { expect, it } from 'vitest'
import { packageOf, reportOf } from '../../test/support/reports.ts'
import { rhel } from '../ecosystems/rhel/index.ts'
import { assess } from './assess.ts'

it.each([
  ['CentOS Stream 9', '9', ['distribution-approximate']],
  ['CentOS Stream 8', '8', ['distribution-approximate', 'distribution-end-of-life']],
  ['CentOS Linux 8', '8', ['distribution-end-of-life']],
])('says of %s what its data is worth', (prettyName, versionId, codes) => {
  const release = { id: 'centos', versionId, codename: '', prettyName, idLike: ['rhel', 'fedora'], cpe: '' }
  const packages = [packageOf('bash', '5.1.8-9.el9', { type: 'rpm' })]
  const { gaps, ecosystem } = assess({ ...reportOf(), release, packages, gaps: [] }, [rhel], new Date('2026-03-01'))
  expect(ecosystem).toBe(rhel)
  expect(gaps.map(({ code }) => code)).toEqual(codes)
  expect(gaps.map(({ where }) => where)).toEqual(codes.map(() => prettyName))
})
