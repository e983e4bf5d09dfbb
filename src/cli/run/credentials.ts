import { ChiaroError } from '../../core/errors.ts'
import type { RegistryOptions } from '../../core/image.ts'
import { limits } from '../../core/limits.ts'
import type { RegistryCommandOptions } from '../commands/options.ts'

/** How the registry is to be talked to. Reads the password. */
export async function registryOptions(options: RegistryCommandOptions): Promise<RegistryOptions> {
  return {
    credentials: await credentials(options.username, options.passwordStdin === true),
    plainHttp: options.plainHttp === true,
    insecure: options.insecure === true,
    caFile: options.caFile,
  }
}

/**
 * The user and password for the registry; `undefined` for Docker's own. A password never comes from the command line,
 * where every user of the machine could read it.
 */
async function credentials(username: string | undefined, fromStdin: boolean) {
  if (username === undefined) {
    if (!fromStdin) return undefined
    throw invalid('--password-stdin needs a user', '--password-stdin', 'Add --username, or set CHIARO_USERNAME.')
  }
  const password = fromStdin ? await readPassword() : process.env.CHIARO_PASSWORD
  if (password !== undefined && password !== '') return { username, password }
  const advice = 'Pipe it in with --password-stdin, or set CHIARO_PASSWORD.'
  throw invalid('there is a user for the registry, but no password', '--username', advice)
}

async function readPassword(): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > limits.passwordBytes) {
      throw new ChiaroError('LIMIT_EXCEEDED', `the password is longer than ${limits.passwordBytes} bytes`, {
        where: 'standard input',
      })
    }
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

function invalid(message: string, where: string, advice: string): ChiaroError {
  return new ChiaroError('CONFIG_INVALID', message, { where, advice })
}
