import { expect, it } from 'vitest'
import { limits } from '../core/limits.ts'
import { apkInstalled } from './apk-installed.ts'

const analyze = (content: string) => [
  ...apkInstalled.analyze({ path: 'lib/apk/db/installed', bytes: Buffer.from(content) }),
]

const musl =
  'C:Q1l4ETbVBsu4LHE8dzVGzmZ6jRM5w=\nP:musl\nV:1.2.4-r2\nA:x86_64\nS:383459\nI:622592\nT:the musl c library (libc)\nL:MIT\n' +
  'o:musl\np:so:libc.musl-x86_64.so.1=1\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1QzcXlUxpwBqpVLyL6wSNKjGbDYA=\n\n'
const ssl = 'P:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\nt:1706535870\nF:etc\nM:0:0:750\n\n'

it('reads name, version, architecture and origin', () => {
  const own = { type: 'apk', arch: 'x86_64' }
  expect(analyze(musl + ssl)).toEqual([
    {
      kind: 'package',
      package: { ...own, name: 'musl', version: '1.2.4-r2', source: { name: 'musl', version: '1.2.4-r2' } },
    },
    {
      kind: 'package',
      package: { ...own, name: 'libcrypto3', version: '3.1.4-r5', source: { name: 'openssl', version: '3.1.4-r5' } },
    },
  ])
})

it('takes the package itself for the source where no origin is stated', () => {
  expect(analyze('P:a\nV:1-r0\n')).toMatchObject([{ package: { arch: '', source: { name: 'a', version: '1-r0' } } }])
})

it('keeps the rest when an entry lacks a field', () => {
  expect(analyze(`P:a\n\nV:1\n\nP:b\nV:${'1'.repeat(limits.packageFieldBytes + 1)}\n\n${ssl}`)).toMatchObject([
    { kind: 'gap', code: 'database-unreadable', detail: 'The entry at line 1 (a) has no version (V).' },
    { kind: 'gap', code: 'database-unreadable', detail: 'The entry at line 3 has no name (P).' },
    { kind: 'gap', code: 'database-unreadable', detail: 'The entry at line 5 (b) has a field V that is too long.' },
    { kind: 'package' },
  ])
})

it('ends after too many packages', () => {
  expect(analyze('P:a\nV:1\n\n'.repeat(limits.packages + 2))).toHaveLength(limits.packages + 1)
})

it('wants the database in both of its places', () => {
  expect(['lib/apk/db/installed', 'usr/lib/apk/db/installed'].every(apkInstalled.wants)).toBe(true)
  expect(['lib/apk/db/scripts.tar', 'home/lib/apk/db/installed'].some(apkInstalled.wants)).toBe(false)
})
