import { describe, expect, it } from 'vitest'
import type { OvalCriteria, OvalDocument, OvalProperty, OvalTest } from './oval.ts'
import { RpmCriteriaReader } from './oval-rpm.ts'

type State = Readonly<Record<string, readonly [operation: string, value: string]>>

/** A document with these tests, each of one package or file and one state. */
function documentOf(tests: Readonly<Record<string, readonly [kind: string, name: string, state?: State]>>) {
  const document = {
    definitions: [],
    tests: new Map<string, OvalTest>(),
    objects: new Map<string, readonly OvalProperty[]>(),
    states: new Map<string, readonly OvalProperty[]>(),
    variables: new Map<string, readonly string[]>(),
  } satisfies OvalDocument<unknown>
  for (const [id, [kind, name, state]] of Object.entries(tests)) {
    document.tests.set(id, { kind, object: `obj:${id}`, states: state === undefined ? [] : [`ste:${id}`] })
    document.objects.set(`obj:${id}`, [{ name: 'name', operation: 'equals', value: name, variable: '' }])
    document.states.set(
      `ste:${id}`,
      Object.entries(state ?? {}).map(([name, [operation, value]]) => ({ name, operation, value, variable: '' })),
    )
  }
  return document
}

function all(...parts: (string | OvalCriteria)[]): OvalCriteria {
  return criteriaOf('AND', parts)
}

function any(...parts: (string | OvalCriteria)[]): OvalCriteria {
  return criteriaOf('OR', parts)
}

/** Of ids of tests, `!` in front of those that must not hold, `Module …` for comments; and of criteria. */
function criteriaOf(operator: string, parts: readonly (string | OvalCriteria)[]): OvalCriteria {
  return {
    operator,
    negate: false,
    criterions: parts
      .filter((part) => typeof part === 'string')
      .map((part) => ({
        test: part.replace('!', ''),
        comment: part.startsWith('Module') ? part : '',
        negate: part.startsWith('!'),
      })),
    criteria: parts.filter((part) => typeof part !== 'string'),
  }
}

const less = 'less than'
const match = 'pattern match'
const document = documentOf({
  bash: ['rpminfo_test', 'bash', { evr: [less, '0:5.1-2'] }],
  zlib: ['rpminfo_test', 'zlib', { evr: ['less than or equal', '1:1.2-3'] }],
  spaced: ['rpminfo_test', 'spaced', { evr: [less, '0: 1.2-3 '] }],
  uek: ['rpminfo_test', 'kernel-uek', { version: [match, '5.4.17'], evr: [less, '0:5.4.17-2136.el8'] }],
  suse: ['rpminfo_test', 'fastjar', { arch: [match, '(i586|x86_64)'], evr: [less, '0:0.98-4.3.1'] }],
  signed: ['rpminfo_test', 'bash', { signature_keyid: ['equals', 'c0b5e0ab66fd4949'] }],
  ksplice: ['rpminfo_test', 'bash', { release: [match, 'ksplice'] }],
  nine: ['rpminfo_test', 'oraclelinux-release', { version: [match, '^9'] }],
  three: ['rpminfo_test', 'photon-release', { version: [match, '^3[^\\d]'] }],
  leap: ['rpminfo_test', 'openSUSE-release', { version: ['equals', '15.2'] }],
  arm: ['rpminfo_test', 'oraclelinux-release', { arch: [match, 'aarch64'] }],
  otherBranch: ['rpminfo_test', 'bash', { version: [match, '5.2'], evr: [less, '0:5.1-2'] }],
  greater: ['rpminfo_test', 'bash', { evr: ['greater than', '0:5.1-2'] }],
  strange: ['rpminfo_test', 'bash', { evr: [less, '0:5.1-2'], filepath: ['equals', '/bin/bash'] }],
  strangeArch: ['rpminfo_test', 'bash', { arch: [match, '.*'] }],
  strangeRelease: ['rpminfo_test', 'x-release', { version: [match, '^(8|9)'] }],
  installed: ['rpminfo_test', 'bash'],
  file: ['textfilecontent54_test', 'bash', { text: [match, 'x'] }],
})

/** What criteria come to, a line each; what could not be read as `? test`. */
function read(criteria: OvalCriteria): readonly string[] {
  const reader = new RpmCriteriaReader()
  const { vulnerable, unread } = reader.read(reader.keep(criteria), document)
  return [
    ...vulnerable.map(({ name, range, release, arches, module, build }) => {
      const { introduced = '', fixed, lastAffected } = range
      const span = fixed === undefined ? `[${introduced}, ${lastAffected}]` : `[${introduced}, ${fixed})`
      return [name, span, release, arches.join('+'), module, build].filter((part) => part !== '').join(' ')
    }),
    ...unread.map((test) => `? ${test}`),
  ]
}

describe('criteria of OVAL definitions about rpm packages', () => {
  it.each<readonly [string, OvalCriteria, readonly string[]]>([
    ['older than', all('bash'), ['bash [, 5.1-2)']],
    ['as old or older', all('zlib'), ['zlib [, 1:1.2-3]']],
    ['spaces in a version', all('spaced'), ['spaced [, 1.2-3)']],
    ['a branch', all('uek'), ['kernel-uek [5.4.17, 5.4.17-2136.el8)']],
    ['architectures of a package', all('suse'), ['fastjar [, 0.98-4.3.1) i586+x86_64']],
    ['a signature is not asked for', all('bash', 'signed'), ['bash [, 5.1-2)']],
    ['a build', all('bash', 'signed', 'ksplice'), ['bash [, 5.1-2) ksplice']],
    [
      'releases',
      any(all('nine', 'bash'), all('three', 'bash'), all('leap', 'bash')),
      ['bash [, 5.1-2) 9', 'bash [, 5.1-2) 3', 'bash [, 5.1-2) 15.2'],
    ],
    [
      'a limit holds for all below it',
      all('nine', any(all('arm', any('bash', 'zlib')), 'suse')),
      ['fastjar [, 0.98-4.3.1) 9 i586+x86_64', 'bash [, 5.1-2) 9 aarch64', 'zlib [, 1:1.2-3] 9 aarch64'],
    ],
    [
      'a module, for what is below it only',
      any(all('Module a:1 is enabled', all('bash')), all('zlib')),
      ['bash [, 5.1-2) a:1', 'zlib [, 1:1.2-3]'],
    ],
    ['a limit beside packages that are alternatives', any('nine', 'bash'), ['bash [, 5.1-2)', '? nine']],
    ['two packages at once', all('bash', 'zlib'), ['? zlib']],
    ['a test that must not hold', any('!bash', 'zlib'), ['zlib [, 1:1.2-3]', '? bash']],
    ['no such test', any('missing', 'zlib'), ['zlib [, 1:1.2-3]', '? missing']],
    ['a condition that cannot be read: what hangs on it', all('file', any('bash')), ['? file']],
    ['another branch than the fix is of', any('otherBranch'), ['? otherBranch']],
    ['newer than', any('greater'), ['? greater']],
    ['another property', any('strange'), ['? strange']],
    ['an open architecture', all('strangeArch', 'bash'), ['? strangeArch']],
    ['several releases in a pattern', all('strangeRelease', 'bash'), ['? strangeRelease']],
    ['a package of any version', any('installed'), ['? installed']],
  ])('%s', (_name, criteria, expected) => {
    expect(read(criteria)).toEqual(expected)
  })
})
