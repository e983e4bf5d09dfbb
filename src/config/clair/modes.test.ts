import { describe, expect, it } from 'vitest'
import { resolveClairConfig } from './load.ts'
import { databaseOf, indexerAddressOf, type Mode } from './modes.ts'

const one = { indexer: { connstring: 'host=i' } }
const three = {
  indexer: { connstring: 'host=i' },
  matcher: { connstring: 'host=m', indexer_addr: 'http://indexer:6060' },
}

describe('the database', () => {
  it.each([
    [{}, 'combo', undefined],
    [{ chiaro: { database: '/data/c.db' } }, 'combo', '/data/c.db'],
    [{ chiaro: { database: '/data/c.db' }, matcher: { connstring: 'host=m' } }, 'combo', 'postgresql://m/'],
    [three, 'combo', 'postgresql://i/'],
    [three, 'indexer', 'postgresql://i/'],
    [three, 'matcher', 'postgresql://m/'],
    [three, 'notifier', 'postgresql://i/'],
    [one, 'matcher', 'postgresql://i/'],
  ] as const)('of %j in mode %s is %s', (document, mode, database) => {
    expect(databaseOf(resolveClairConfig(document, 'test', mode).config, mode)).toBe(database)
  })
})

describe('index reports', () => {
  const indexer_addr = 'http://indexer:6060'
  it.each([
    [three, 'matcher', indexer_addr],
    [three, 'combo', undefined],
    [three, 'indexer', undefined],
    [one, 'matcher', undefined],
    [{}, 'matcher', undefined],
    [{ matcher: { indexer_addr } }, 'matcher', indexer_addr],
    [{ matcher: { connstring: 'host=m', indexer_addr } }, 'matcher', indexer_addr],
    // The same database, whoever connects.
    [
      { indexer: { connstring: 'host=d user=a' }, matcher: { connstring: 'postgres://b@d/', indexer_addr } },
      'matcher',
      undefined,
    ],
    [
      { indexer: { connstring: 'host=d dbname=i' }, matcher: { connstring: 'postgres://d/m', indexer_addr } },
      'matcher',
      indexer_addr,
    ],
  ] as const)('of %j in mode %s come from %s', (document, mode, address) => {
    const { config, notes } = resolveClairConfig(document, 'test', mode)
    expect(indexerAddressOf(config, mode)).toBe(address)
    const asks = mode === 'combo' || mode === 'matcher'
    const ignored = asks && config.matcher.indexer_addr !== '' && address === undefined
    expect(notes.some((note) => note.startsWith('matcher.indexer_addr has no effect'))).toBe(ignored)
  })
})

describe('what a mode needs', () => {
  const split = { indexer: { connstring: 'host=i' }, matcher: { connstring: 'host=m' } }
  it.each([
    [split, 'matcher', 'matcher.indexer_addr is needed'],
    [{ matcher: { indexer_addr: 'indexer:6060' } }, 'matcher', 'matcher.indexer_addr is not an http or https URL'],
    [{ ...split, notifier: { connstring: 'host=n' } }, 'notifier', 'notifier.connstring is not the database'],
  ] as const)('%j in mode %s: %s', (document, mode, message) => {
    expect(() => resolveClairConfig(document, 'test', mode)).toThrow(message)
  })

  it.each(['combo', 'indexer', 'notifier'] as const satisfies readonly Mode[])(
    '%s does not need what the matcher needs',
    (mode) => expect(resolveClairConfig(split, 'test', mode).config.indexer.connstring).toBe('host=i'),
  )

  it('an address that nobody asks may be a name, as in the configuration that Quay documents', () => {
    const quay = { matcher: { connstring: 'host=d', indexer_addr: 'clair-indexer' } }
    expect(resolveClairConfig(quay, 'test', 'combo').config.matcher.indexer_addr).toBe('clair-indexer')
  })
})
