import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { chiaro } from '../support/command.ts'

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')

it('the README shows what the command prints', async () => {
  const [, line, shown] = /\$ chiaro (scan oci-layout:examples.*)\n([\s\S]*?)\n```/.exec(readme)!
  const { code, stdout } = await chiaro(line!.split(' '))
  expect(code).toBe(0)
  expect(stdout.trimEnd()).toBe(shown)
})

it('the README has exactly two commands to set up', () => {
  expect(readme.match(/^npm ci && npm .*$/gm)).toEqual(['npm ci && npm run demo', 'npm ci && npm test'])
})
