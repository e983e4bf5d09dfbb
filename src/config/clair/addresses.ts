import { parseNetwork } from '../../core/network.ts'
import type { Problem } from './check.ts'
import type { ClairConfig } from './schema.ts'

/** Whether an address can be asked by HTTP. */
export function isHttpUrl(address: string): boolean {
  return /^https?:$/.test(URL.parse(address)?.protocol ?? '')
}

/** Addresses of which nothing would be known to be wrong before they are used. */
export function addressProblems({ notifier, chiaro }: ClairConfig): readonly Problem[] {
  const targets = {
    'notifier.webhook.target': notifier.webhook.target,
    'chiaro.webhook_v1.endpoint': chiaro.webhook_v1.endpoint,
  }
  const networks = chiaro.allow_layer_addresses.flatMap((text, index) => {
    if (text === 'private' || parseNetwork(text) !== undefined) return []
    return {
      place: `chiaro.allow_layer_addresses[${index}]`,
      message: `(${JSON.stringify(text)}) is neither an address nor a network`,
      advice: 'Write 10.1.2.3, 10.0.0.0/8, fd00::/8, or private.',
    }
  })
  const urls = Object.entries(targets).flatMap(([place, target]) =>
    target === '' || isHttpUrl(target) ? [] : { place, message: 'is not an http or https URL' },
  )
  return [...networks, ...urls]
}
