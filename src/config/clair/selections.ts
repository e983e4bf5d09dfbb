import type { Problem } from './check.ts'
import { nearest } from './nearest.ts'
import type { ClairConfig } from './schema.ts'

/** The matchers that Clair has. */
const matcherNames = [
  'alpine-matcher',
  'aws-matcher',
  'debian-matcher',
  'gobin',
  'java-maven',
  'oracle',
  'photon',
  'python',
  'rhel',
  'rhel-container-matcher',
  'ruby-gem',
  'suse',
  'ubuntu-matcher',
] as const

/** Clair's sets of updaters, and the families of feeds that have the same data here. */
const families: Readonly<Record<string, readonly string[]>> = {
  alpine: ['alpine'],
  aws: ['amazon'],
  'clair.cvss': ['nvd'],
  'clair.epss': ['epss'],
  'clair.kev': ['kev'],
  debian: ['debian'],
  oracle: ['oracle'],
  osv: ['osv'],
  photon: ['photon'],
  rhcc: ['rhel'],
  'rhel-vex': ['rhel'],
  suse: ['suse'],
  ubuntu: ['ubuntu'],
}

/** Sets whose data no API has a place for yet. */
const unserved: readonly string[] = ['osv']

/** The sets of updaters that are selected to no effect. */
export function unservedSets({ updaters }: ClairConfig): readonly string[] {
  return unserved.filter((name) => updaters.sets?.includes(name))
}

/** Names that Clair does not have. Clair passes over them, and then does less than was meant. */
export function selectionProblems({ matchers, updaters }: ClairConfig): readonly Problem[] {
  return [
    ...unknown('matchers.names', matchers.names ?? [], matcherNames),
    ...unknown('updaters.sets', updaters.sets ?? [], Object.keys(families)),
  ]
}

/** The families of feeds that are to be kept up to date; `undefined`: all. */
export function selectedFamilies({ updaters }: ClairConfig): readonly string[] | undefined {
  return updaters.sets?.flatMap((name) => families[name] ?? [])
}

function unknown(place: string, names: readonly string[], known: readonly string[]): readonly Problem[] {
  return names.flatMap((name, index) => {
    if (known.includes(name)) return []
    const meant = nearest(name, known)
    const advice = meant === undefined ? `There are: ${known.join(', ')}.` : `Did you mean ${meant}?`
    return [{ place: `${place}[${index}]`, message: `(${JSON.stringify(name)}) is not known`, advice }]
  })
}
