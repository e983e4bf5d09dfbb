/** What stands for a module or a stream that is not named. */
const any = '*'

/**
 * The module streams that an advisory is about. Its criteria name them for a part of its packages at best: for the first
 * one, for one architecture, or not at all. The title then has `nodejs:16 security update`, or the stream alone:
 * `kvm_utils3 security update`.
 */
export function modulesOf(named: ReadonlySet<string>, title: string): readonly string[] {
  if (named.size > 0) return [...named]
  const [words = ''] = title.replace(/^ELSA-\S+:?\s*/, '').split(/,|\s+security\b/, 1)
  const full = words.match(/[\w.-]+:[\w.-]+/g)
  if (full !== null) return full
  const [stream] = /^[\w.-]+$/.exec(words) ?? []
  return [`${any}:${stream ?? any}`]
}

/** Whether a version was built for a module stream, whatever its criteria say. */
export function isModular(version: string): boolean {
  return version.includes('.module+')
}

/** The names of a module stream that statements about it can have. */
export function namesOfModule(module: string): readonly string[] {
  return [module, `${any}${module.slice(module.indexOf(':'))}`, `${any}:${any}`]
}
