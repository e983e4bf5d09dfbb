import { describe, expect, it } from 'vitest'
import { isAddress, printableLocation } from './database-location.ts'

describe('the location of a database, as people may see it', () => {
  it.each([
    ['/data/chiaro.db', '/data/chiaro.db'],
    ['sqlite:/a:b@c/chiaro.db', 'sqlite:/a:b@c/chiaro.db'],
    ['postgres://localhost/chiaro', 'postgres://localhost/chiaro'],
    ['postgres://ada@localhost/chiaro', 'postgres://ada@localhost/chiaro'],
    [
      'postgres://ada:secret@localhost:5432/chiaro?sslmode=require',
      'postgres://ada@localhost:5432/chiaro?sslmode=require',
    ],
    ['postgresql://ada:se:c@r/e@t@localhost/chiaro', 'postgresql://ada@localhost/chiaro'],
    ['POSTGRES://:secret@localhost', 'POSTGRES://@localhost'],
    ['postgres:///chiaro?host=/run&user=ada&password=secret', 'postgres:///chiaro?host=/run&user=ada&password=…'],
    ['postgres:///chiaro?Password=secret#x', 'postgres:///chiaro?Password=…#x'],
    ['mysql://ada:secret@localhost', 'mysql://ada@localhost'],
  ])('%s', (location, shown) => {
    expect(printableLocation(location)).toBe(shown)
    expect(printableLocation(location)).not.toMatch(/secret|se:c/)
  })

  it('is an address where it has a scheme and two slashes', () => {
    expect(['postgres://x', 'a+b://x'].every(isAddress)).toBe(true)
    expect(['C:\\chiaro.db', '/a//b', 'sqlite:/x', 'chiaro.db'].some(isAddress)).toBe(false)
  })
})
