import type { Engine } from '../../../compose.ts'
import type { Ecosystem } from '../../../core/ecosystem.ts'
import { type Namespace, namespaceOfScope } from '../../namespaces.ts'

/** A namespace that something can be said about. */
export interface KnownNamespace extends Namespace {
  /** Whose feeds say it. */
  readonly ecosystem: Ecosystem
}

/** The namespaces that feeds say something about, whether or not those are loaded. */
export function knownNamespaces({ ecosystems }: Engine): readonly KnownNamespace[] {
  return ecosystems.flatMap((ecosystem) => {
    const scopes = new Set(ecosystem.feeds().flatMap((feed) => feed.scopes))
    return [...scopes].flatMap((scope) => {
      const namespace = namespaceOfScope(scope, ecosystem)
      return namespace === undefined ? [] : [{ ...namespace, ecosystem }]
    })
  })
}

/** The namespaces that something is said about. */
export async function loadedNamespaces(engine: Engine): Promise<readonly KnownNamespace[]> {
  const known = knownNamespaces(engine)
  const sizes = await engine.store.advisories.scopeSizes(known.map(({ scope }) => scope))
  return known.filter(({ scope }) => (sizes.get(scope) ?? 0) > 0)
}

/** The feeds that are loaded of those that say something about a namespace. */
export async function feedsAbout({ store }: Engine, { scope, ecosystem }: KnownNamespace): Promise<readonly string[]> {
  const feeds = ecosystem.feeds().filter(({ scopes }) => scopes.includes(scope))
  const statuses = await store.advisories.status(feeds.map(({ id }) => id))
  return statuses.filter(({ generation }) => generation > 0).map(({ feed }) => feed)
}
