import { spawn } from 'node:child_process'
import { throwIfAborted } from '../../core/abort.ts'
import { ChiaroError, printable } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { JsonValue } from '../document.ts'
import type { Credentials } from './credentials.ts'

/**
 * Asks `docker-credential-NAME` for the credentials of a server (docker-credential-helpers protocol): no shell, a bounded
 * answer in bounded time. `undefined` if it knows none. Throws `CONFIG_INVALID`, naming `file`, if it cannot be used.
 */
export async function askHelper(
  name: string,
  server: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  timeout: number = limits.credentialHelperTimeout,
): Promise<Credentials | undefined> {
  const failed = (reason: string) =>
    new ChiaroError(
      'CONFIG_INVALID',
      `the credential helper docker-credential-${printable(name).slice(0, 100)} ${reason}`,
      {
        where: file,
        advice: 'Install or repair the helper, take it out of the file, or give the credentials as options.',
      },
    )
  if (!/^[\w.-]+$/.test(name)) throw failed('has a name that is not allowed')
  throwIfAborted(signal)
  const answer = await run(`docker-credential-${name}`, server, environment, signal, timeout)
  throwIfAborted(signal)
  if (answer.problem !== undefined) throw failed(answer.problem)
  if (answer.status !== 0) {
    if (/credentials not found/i.test(answer.output)) return undefined
    throw failed(`failed: ${printable(answer.output.trim().slice(0, 200)) || `status ${answer.status}`}`)
  }
  return readAnswer(answer.output, failed)
}

interface Answer {
  readonly status: number
  readonly output: string
  readonly problem?: string
}

function run(
  command: string,
  input: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  timeout: number,
): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn(command, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: environment,
      signal,
      killSignal: 'SIGKILL',
    })
    const chunks: Buffer[] = []
    let size = 0
    const give = (answer: Answer) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      child.stdout.destroy()
      resolve(answer)
    }
    const problem = (text: string) => give({ status: 1, output: '', problem: text })
    const timer = setTimeout(() => problem(`does not answer within ${timeout / 1000} s`), timeout)
    child.on('error', (error: NodeJS.ErrnoException) =>
      problem(error.code === 'ENOENT' ? 'is not installed' : `cannot be run: ${error.code}`),
    )
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limits.credentialHelperBytes) problem(`answers with more than ${limits.credentialHelperBytes} bytes`)
      else chunks.push(chunk)
    })
    child.on('close', (code) => give({ status: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }))
    // A helper that does not read its input is no error.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

function readAnswer(output: string, failed: (reason: string) => ChiaroError): Credentials | undefined {
  let username: string
  let secret: string
  try {
    const answer = JsonValue.parse(Buffer.from(output), '').object()
    username = answer.get('Username').optionalString() ?? ''
    secret = answer.get('Secret').string()
  } catch {
    // What it says is secret: no message quotes it.
    throw failed('gave an answer that is not understood')
  }
  if (username === '<token>') return { kind: 'identity', token: secret }
  return username === '' && secret === '' ? undefined : { kind: 'password', username, password: secret }
}
