import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { limits } from '../../src/core/limits.ts'
import { chiaro } from '../support/command.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the command without an image', () => {
  it.each([['version'], ['--version'], ['-V']])('%s is the version', async (arg) => {
    expect(await chiaro([arg])).toMatchObject({ code: 0, stdout: `chiaro ${manifest.version}\n`, stderr: '' })
  })

  it.each([
    [['--help'], 'Usage: chiaro COMMAND'],
    [['scan', '--help'], 'Usage: chiaro scan'],
    [['help', 'update'], 'Usage: chiaro update'],
    [['data', 'gc', '-h'], 'Usage: chiaro data gc'],
  ])('%j is help on standard output', async (args, start) => {
    const { code, stdout, stderr } = await chiaro(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.startsWith(start)).toBe(true)
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  })

  it('without a command is help on standard error, and a wrong use', async () => {
    const { code, stdout, stderr } = await chiaro([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.startsWith('Usage: chiaro COMMAND')).toBe(true)
  })

  it.each([
    [['scna', 'x'], "unknown command 'scna'", 'Did you mean scan?'],
    [['debian:12'], "unknown command 'debian:12'", 'Did you mean "chiaro scan debian:12"?'],
    [['scan', '--formt', 'json', 'x'], "unknown option '--formt'", 'Did you mean --format?'],
    [['scan'], "missing required argument 'image'", '"chiaro scan --help"'],
    [['scan', 'a', 'b'], 'too many arguments', '"chiaro scan --help"'],
    [['scan', '--severity', 'bad', 'x'], '--severity: "bad" is not one of the choices', 'critical, high'],
    [['scan', '--max-data-age', '3', 'x'], '--max-data-age: "3" is not a length of time', '90m'],
    [['scan', '--output', 'x', 'y'], '"x" is not FORMAT=FILE', 'json=report.json'],
    [['scan', '--output', 'xml=y', 'x'], 'there is no report format "xml"', 'table, json'],
    [['scan', '--format', 'json', '--output', 'table=-', 'x'], 'only one format can go to standard output', '-'],
    [['scan', '--username', 'ada', 'x'], 'no password', 'CHIARO_PASSWORD'],
    [['scan', '--password-stdin', 'x'], '--password-stdin needs a user', '--username'],
    [['scan', '--mirror', './missing', 'x'], '"./missing" is neither a directory nor', 'HOST/PATH'],
    [['scan', '--source', 'nvd=./here', 'x'], '--source: "nvd=./here" is not ADDRESS=PLACE', 'https://HOST/PATH=URL'],
    [['scan', '--source', 'https://a.example/=./gone', 'x'], '"./gone" is neither a file, a directory nor', '--source'],
    [['data', 'gc', '--keep', 'x'], '--keep: "x" is not a number of days', '30'],
  ])('%j is a wrong use that says what is right', async (args, message, advice) => {
    const { code, stdout, stderr } = await chiaro(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error CONFIG_INVALID: /)
    expect(stderr).toContain(message)
    expect(stderr).toContain(advice)
    expect(stderr).not.toContain('    at ')
  })

  it('reads options from the environment, below the command line', async () => {
    const env = { CHIARO_MAX_DATA_AGE: 'soon' }
    expect((await chiaro(['scan', 'x'], { env })).stderr).toContain(
      'CHIARO_MAX_DATA_AGE: "soon" is not a length of time',
    )
    const both = await chiaro(['scan', '--max-data-age', 'later', 'x'], { env })
    expect(both.stderr).toContain('--max-data-age: "later"')
    const list = await chiaro(['scan', 'x'], { env: { CHIARO_SOURCES: `https://a.example/=${folder} b.example=x` } })
    expect(list.stderr).toContain('CHIARO_SOURCES: "b.example=x" is not ADDRESS=PLACE')
    const flag = await chiaro(['scan', 'x'], { env: { CHIARO_OFFLINE: 'perhaps' } })
    expect(flag.stderr).toContain('CHIARO_OFFLINE: "perhaps" is neither yes nor no')
  })

  it('names the file that cannot be written before it does any work', async () => {
    const file = join(folder, 'missing', 'report.json')
    const { code, stderr } = await chiaro(['scan', '--output', `json=${file}`, 'x'])
    expect(code).toBe(2)
    expect(stderr).toContain(`error FILE_FAILED: ${join(folder, 'missing')} is not a directory`)
  })

  it('reads a password of limits.passwordBytes at most', async () => {
    const input = 'x'.repeat(limits.passwordBytes + 1)
    const { code, stderr } = await chiaro(['scan', '--username', 'ada', '--password-stdin', 'x'], { input })
    expect(code).toBe(2)
    expect(stderr).toContain(`error LIMIT_EXCEEDED: the password is longer than ${limits.passwordBytes} bytes`)
  })

  it('shows the stack of an error only when asked to', async () => {
    const { stderr } = await chiaro(['scan', '--max-data-age', '3', 'x'], { env: { CHIARO_DEBUG: '1' } })
    expect(stderr).toContain('    at ')
  })
})

describe('the help of scan', () => {
  it('ends quietly when its reader goes', async () => {
    const main = join(import.meta.dirname, '../../src/cli/main.ts')
    const child = spawn(process.execPath, [main, 'scan', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

it.skipIf(process.platform !== 'linux')('a full disk is an error, not a verdict', async () => {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [main, 'scan', '--help'], { stdio: ['ignore', full, 'pipe'] })
  closeSync(full)
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code).toBe(2)
  expect(stderr).toMatch(/^error FILE_FAILED: standard output could not be written: ENOSPC/)
})
