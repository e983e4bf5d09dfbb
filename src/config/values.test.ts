import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isChiaroError } from '../core/errors.ts'
import { defaultDatabase } from './paths.ts'
import { parseBoolean, parseDays, parseDuration, parsePlatform, parseWord } from './values.ts'

describe('values', () => {
  it.each([
    [parseDuration, '90m', 90 * 60_000],
    [parseDuration, '24h', 86_400_000],
    [parseDuration, ' 7d ', 604_800_000],
    [parseDuration, '2w', 1_209_600_000],
    [parseDuration, '0s', 0],
    [parsePlatform, 'linux/arm64', { os: 'linux', architecture: 'arm64' }],
    [parsePlatform, 'Linux/ARM/v7', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    [parseBoolean, 'Yes', true],
    [parseBoolean, '1', true],
    [parseBoolean, '0', false],
    [parseBoolean, 'off', false],
    [parseBoolean, '', false],
    [parseDays, '0', 0],
    [parseDays, '365', 365],
    [parseWord(['one', 'two']), 'TWO', 'two'],
  ])('%o reads %j', (parse, text, value) => expect(parse(text)).toEqual(value))

  it.each([
    [parseDuration, ['', '24', 'h', '-1h', '1.5h', '1y', '9999999d']],
    [parsePlatform, ['', 'linux', 'linux/', '/amd64', 'linux/a/b/c', 'linux/\u001b']],
    [parseBoolean, ['maybe', '2']],
    [parseDays, ['', '-1', '1.5', '99999', 'x']],
    [parseWord(['one']), ['', 'three']],
  ])('%o refuses what it cannot read', (parse, texts) => {
    for (const text of texts)
      expect(() => parse(text), text).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  it('throw nothing but ChiaroErrors', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const parse of [parseDuration, parsePlatform, parseBoolean, parseDays, parseWord(['x'])]) {
          try {
            parse(text)
          } catch (error) {
            expect(isChiaroError(error, 'CONFIG_INVALID')).toBe(true)
          }
        }
      }),
    )
  })
})

describe('the default database', () => {
  it.each([
    [{}, 'linux', '/home/ada', '/home/ada/.local/share/chiaro/chiaro.db'],
    [{ XDG_DATA_HOME: '/data' }, 'linux', '/home/ada', '/data/chiaro/chiaro.db'],
    [{ XDG_DATA_HOME: 'relative' }, 'linux', '/home/ada', '/home/ada/.local/share/chiaro/chiaro.db'],
    [{}, 'darwin', '/Users/ada', '/Users/ada/Library/Application Support/chiaro/chiaro.db'],
    [{ LOCALAPPDATA: 'C:\\Data' }, 'win32', 'C:\\Users\\ada', 'C:\\Data\\chiaro\\chiaro.db'],
    [{}, 'win32', 'C:\\Users\\ada', 'C:\\Users\\ada\\AppData\\Local\\chiaro\\chiaro.db'],
  ] as const)('%j on %s', (env, platform, home, path) => expect(defaultDatabase(env, platform, home)).toBe(path))
})
