import { describe, expect, it } from 'vitest'
import { limits } from '../core/limits.ts'
import { apkRepositories } from './apk-repositories.ts'

const path = 'etc/apk/repositories'
const read = (text: string) => [...apkRepositories.analyze({ path, bytes: Buffer.from(text) })]

describe('the repositories of apk', () => {
  it.each([
    [path, true],
    ['etc/apk/repositories.d/edge.list', true],
    ['usr/lib/apk/repositories.d/alpine.list', true],
    ['etc/apk/repositories.d/edge.list.save', false],
    ['etc/apk/repositories.d/a/b.list', false],
    ['root/etc/apk/repositories', false],
  ])('are at %s: %s', (file, wanted) => {
    expect(apkRepositories.wants(file)).toBe(wanted)
  })

  it.each([
    ['https://dl-cdn.alpinelinux.org/alpine/v3.20/main', ['v3.20/main']],
    ['http://mirrors.example.org/pub/alpine/v3.20/community/', ['v3.20/community']],
    ['@edge https://dl-cdn.alpinelinux.org/alpine/edge/testing', ['edge/testing']],
    ['https://dl-cdn.alpinelinux.org/alpine/latest-stable/main', ['latest-stable/main']],
    ['https://user:secret@artifacts.example.org/alpine/edge/main?token=secret', ['edge/main']],
    ['https://user:secret@packages.example.org/apk/main?token=secret', ['https://packages.example.org/apk/main']],
    ['https://nginx.org/packages/alpine/v3.20/main', ['https://nginx.org/packages/alpine/v3.20/main']],
    ['v3 https://dl-cdn.alpinelinux.org/alpine/v3.23 main community', ['v3.23/main', 'v3.23/community']],
    ['ndx https://packages.example.org/APKINDEX.tar.gz', ['https://packages.example.org/APKINDEX.tar.gz']],
    ['/root/packages', ['/root/packages']],
  ])('%s', (line, names) => {
    expect(read(`${line}\n`)).toEqual([{ kind: 'repositories', names }])
  })

  it('are each named once, in one observation', () => {
    const text =
      'https://a.example.org/v3.20/main\r\n  http://b.example.org/v3.20/main\n@x http://b.example.org/edge/main'
    expect(read(text)).toEqual([{ kind: 'repositories', names: ['v3.20/main', 'edge/main'] }])
  })

  it.each([
    '',
    '\n\n',
    '# https://dl-cdn.alpinelinux.org/alpine/edge/main',
    '/media/cdrom/apks',
    '@tag',
    'set mirror=a',
  ])('are none: %j', (text) => {
    expect(read(text)).toEqual([])
  })

  it('are a gap beyond limits.packageFieldBytes', () => {
    expect(read(`https://a.example.org/v3.20/main\nhttps://${'a'.repeat(limits.packageFieldBytes)}/x`)).toEqual([
      { kind: 'gap', code: 'database-unreadable', detail: 'An address of a repository is too long.' },
      { kind: 'repositories', names: ['v3.20/main'] },
    ])
  })
})
