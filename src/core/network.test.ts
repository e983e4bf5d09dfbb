import { expect, it } from 'vitest'
import { parseNetwork } from './network.ts'

it.each([
  ['10.1.2.3', ['10.1.2.3', 32]],
  ['10.0.0.0/8', ['10.0.0.0', 8]],
  ['fd00::/8', ['fd00::', 8]],
  ['::1', ['::1', 128]],
  ['::ffff:10.1.2.3', ['::ffff:10.1.2.3', 128]],
  ['10.0.0.0/33', undefined],
  ['fd00::/129', undefined],
  ['10.0.0.256', undefined],
  ['010.0.0.1', undefined],
  ['10.0.0', undefined],
  ['10.0.0.0/', undefined],
  ['fd00:::', undefined],
  ['localhost', undefined],
  ['', undefined],
])('the network %j', (text, network) => {
  expect(parseNetwork(text)).toEqual(network)
})
