import type { FleetStore } from '../../core/fleet.ts'
import type { Database } from './database.ts'

/** The fleet in a PostgreSQL database. Only a server has one: its parts are loaded when they are used. */
export function createFleetStore(database: Database): FleetStore {
  const images = () => import('./fleet-images.ts')
  const judging = () => import('./fleet-judging.ts')
  const packages = () => import('./fleet-packages.ts')
  const findings = () => import('./fleet-findings.ts')
  const pages = () => import('./fleet-pages.ts')
  const events = () => import('./fleet-events.ts')
  let states: Promise<FleetStore['state']> | undefined
  return {
    putImage: async (image, sets) => (await images()).putImage(database, image, sets),
    image: async (digest) => (await images()).readImage(database, digest),
    images: async (request) => (await images()).listImages(database, request),
    removeImages: async (digests) => (await images()).removeImages(database, digests),
    begin: async (cause) => (await judging()).begin(database, cause),
    judge: async (operation, rules, unjudged, find) =>
      (await judging()).judge(database, operation, rules, unjudged, find),
    end: async (operation) => (await judging()).end(database, operation),
    packagesByKeys: async (keys, after, limit) => (await packages()).packagesByKeys(database, keys, after, limit),
    packagesOfOtherRules: async (rules, after, limit) =>
      (await packages()).packagesOfOtherRules(database, rules, after, limit),
    unjudgedPackages: async (after, limit) => (await packages()).unjudgedPackages(database, after, limit),
    judgedGenerations: async () => (await judging()).judgedGenerations(database),
    findings: async (digest) => (await findings()).readFindings(database, digest),
    state: async (digest) => {
      states ??= import('./fleet-state.ts').then(({ createStates }) => createStates(database))
      return (await states)(digest)
    },
    imagesWithVulnerability: async (id, request) => (await pages()).imagesWithVulnerability(database, id, request),
    imagesWithPackage: async (name, request) => (await pages()).imagesWithPackage(database, name, request),
    timeline: async (digest, request) => (await events()).readTimeline(database, digest, request),
    operations: async (after, limit) => (await events()).readOperations(database, after, limit),
    affected: async (operation, request) => (await events()).readAffected(database, operation, request),
    sweep: async (before) => (await import('./fleet-sweep.ts')).sweep(database, before),
  }
}
