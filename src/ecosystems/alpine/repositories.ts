import type { Coverage, Foreign } from '../../core/ecosystem.ts'

/**
 * What the data of a branch does not cover: packages of another branch, of the testing repository, which no branch has data
 * for, and of others than Alpine Linux. `repository` is named as `apkRepositories` does it: `v3.20/main`, or an address.
 */
export function foreignRepository(repository: string, { scopes }: Coverage): Foreign | undefined {
  const [, branch, part] = /^v?(\d+\.\d+|edge|latest-stable)\/(\w+)$/.exec(repository) ?? []
  if (branch === undefined)
    return { code: 'vendor-unsupported', because: 'The data for Alpine Linux does not cover what others made.' }
  const assessed = scopes[0]!.slice('alpine:'.length)
  if (part === 'testing') return approximate(`It has no security data; that of ${assessed} was used.`)
  if (branch === assessed) return undefined
  return approximate(`The data of ${assessed} was used, where fixes have other versions.`)
}

function approximate(because: string): Foreign {
  return { code: 'distribution-approximate', because }
}
