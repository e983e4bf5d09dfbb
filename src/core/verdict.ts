import type { FixState } from './advisory.ts'

/** The outcome of comparing one package with one statement. */
export type Verdict =
  | {
      readonly state: 'affected'
      readonly fix: Exclude<FixState, 'not-affected'>
      readonly fixedIn?: string
      /** The advisory that brings this fix, where the statement names those of several. */
      readonly advisory?: string
      readonly because: string
    }
  | { readonly state: 'clear'; readonly because: string }
  | { readonly state: 'unknown'; readonly because: string }
