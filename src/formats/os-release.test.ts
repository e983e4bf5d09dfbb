import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../core/limits.ts'
import { osRelease } from './os-release.ts'

const analyze = (path: string, content: string | Buffer) => [
  ...osRelease.analyze({ path, bytes: Buffer.isBuffer(content) ? content : Buffer.from(content) }),
]
const read = (path: string, content: string | Buffer) => {
  const [seen] = analyze(path, content)
  return seen?.kind === 'release' ? seen.release : undefined
}

describe('os-release', () => {
  it('reads every field', () => {
    const text =
      'PRETTY_NAME="Ubuntu 22.04.3 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.3 LTS (Jammy Jellyfish)"\n' +
      'VERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=\'debian  other\'\nCPE_NAME="cpe:/o:x:y:1"\n'
    expect(read('etc/os-release', text)).toEqual({
      id: 'ubuntu',
      versionId: '22.04',
      codename: 'jammy',
      prettyName: 'Ubuntu 22.04.3 LTS',
      idLike: ['debian', 'other'],
      cpe: 'cpe:/o:x:y:1',
    })
  })

  it.each([
    ['Debian testing', 'PRETTY_NAME="Debian GNU/Linux trixie/sid"\nID=debian\n', ['debian', '', 'trixie']],
    ['Debian 8', 'VERSION_ID="8"\nVERSION="8 (jessie)"\nID=debian\n', ['debian', '8', 'jessie']],
    [
      'Ubuntu 14.04',
      'ID=ubuntu\nVERSION="14.04.6 LTS, Trusty Tahr"\nVERSION_ID="14.04"\n',
      ['ubuntu', '14.04', 'trusty'],
    ],
    [
      'Alpine edge',
      'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21_alpha20240923\nPRETTY_NAME="Alpine Linux edge"\n',
      ['alpine', '3.21_alpha20240923', ''],
    ],
    ['Amazon Linux 2023', 'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nVERSION_ID="2023"\n', ['amzn', '2023', '']],
    ['no ID but a name', 'NAME="Red Hat Enterprise Linux"\nVERSION_ID=8.8\n', ['rhel', '8.8', '']],
    ['upper case', 'ID=Debian\n', ['debian', '', '']],
  ])('%s', (_, text, expected) => {
    const release = read('etc/os-release', text)
    expect([release?.id, release?.versionId, release?.codename]).toEqual(expected)
  })

  it.each([
    ['ID=a', 'a'],
    ['ID="a"', 'a'],
    ["ID='a'", 'a'],
    ['ID=""\nID=a', 'a'],
    ['ID=b\nID=a', 'a'],
    ['# ID=b\n  ID=a  ', 'a'],
    ['export ID=a', 'a'],
    ['ID=a\r\nVERSION_ID=1\r\n', 'a'],
    ['ID="a', 'a'],
    ['\ufeffID=a', 'a'],
  ])('takes %j', (text, id) => expect(read('etc/os-release', text)?.id).toBe(id))

  it.each([
    ['"a \\"b\\" \\$c \\\\ \\`d\\` \\n"', 'a "b" $c \\ `d` \\n'],
    ['\'a \\ "b" $c\'', 'a \\ "b" $c'],
    ['a\\ b\\"', 'a b"'],
    ['a b', 'a b'],
    ['"a"\'b\'c', 'abc'],
    ['"a\\', 'a'],
  ])('unquotes %s', (raw, value) =>
    expect(read('etc/os-release', `ID=x\nPRETTY_NAME=${raw}\n`)?.prettyName).toBe(value),
  )

  it('takes plain text in UTF-16', () => {
    expect(read('etc/os-release', Buffer.from('\ufeffID=alpine\nVERSION_ID=3.18\n', 'utf16le'))?.versionId).toBe('3.18')
  })

  it('leaves out a value that is too long', () => {
    const text = `ID=x\nVERSION_ID=${'1'.repeat(limits.packageFieldBytes + 1)}\n`
    expect(read('etc/os-release', text)).toMatchObject({ id: 'x', versionId: '' })
  })

  it.each([
    ['nothing', ''],
    ['no names', 'hello\n'],
    ['zeros', '\0'.repeat(limits.releaseFileBytes)],
  ])('says nothing of %s', (_, text) => expect(analyze('etc/os-release', text)).toEqual([]))

  it('takes any bytes, in bounded time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...paths), (bytes, path) => {
        analyze(path, Buffer.from(bytes))
      }),
    )
    const started = performance.now()
    for (const path of paths)
      for (const fill of [' ', '(', 'a', '"', '1.', 'a/', 'ID=', 'VERSION =', '\n'])
        analyze(path, Buffer.alloc(limits.releaseFileBytes, fill))
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('other release files', () => {
  it.each([
    [
      'etc/lsb-release',
      'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\nDISTRIB_CODENAME=precise\nDISTRIB_DESCRIPTION="Ubuntu 12.04.5 LTS"\n',
      'ubuntu',
      '12.04',
      'precise',
      'Ubuntu 12.04.5 LTS',
    ],
    [
      'etc/lsb-release',
      'DISTRIB_ID="VMware Photon OS"\nDISTRIB_RELEASE="3.0"\n',
      'photon',
      '3.0',
      '',
      'VMware Photon OS 3.0',
    ],
    ['etc/debian_version', '12.5\n', 'debian', '12', '', 'Debian GNU/Linux 12.5'],
    ['etc/debian_version', 'trixie/sid\n', 'debian', '', 'trixie', 'Debian GNU/Linux trixie/sid'],
    ['etc/alpine-release', '3.18.4\n', 'alpine', '3.18.4', '', 'Alpine Linux v3.18'],
    ['etc/alpine-release', '3.21_alpha20240923\n', 'alpine', '3.21_alpha20240923', '', 'Alpine Linux edge'],
    [
      'etc/redhat-release',
      'Red Hat Enterprise Linux Server release 7.9 (Maipo)\n',
      'rhel',
      '7.9',
      'maipo',
      'Red Hat Enterprise Linux Server release 7.9 (Maipo)',
    ],
    [
      'etc/redhat-release',
      'AlmaLinux release 8.9 (Midnight Oncilla)\n',
      'almalinux',
      '8.9',
      'midnight oncilla',
      'AlmaLinux release 8.9 (Midnight Oncilla)',
    ],
    [
      'etc/redhat-release',
      'Rocky Linux release 9.3 (Blue Onyx)\n',
      'rocky',
      '9.3',
      'blue onyx',
      'Rocky Linux release 9.3 (Blue Onyx)',
    ],
    [
      'etc/redhat-release',
      'Fedora release 38 (Thirty Eight)\n',
      'fedora',
      '38',
      'thirty eight',
      'Fedora release 38 (Thirty Eight)',
    ],
    [
      'etc/centos-release',
      'CentOS Linux release 7.9.2009 (Core)\n',
      'centos',
      '7.9.2009',
      'core',
      'CentOS Linux release 7.9.2009 (Core)',
    ],
    ['etc/oracle-release', 'Oracle Linux Server release 8.8\n', 'ol', '8.8', '', 'Oracle Linux Server release 8.8'],
    ['etc/system-release', 'Amazon Linux release 2 (Karoo)\n', 'amzn', '2', 'karoo', 'Amazon Linux release 2 (Karoo)'],
    [
      'etc/system-release',
      'Amazon Linux AMI release 2018.03\n',
      'amzn',
      '2018.03',
      '',
      'Amazon Linux AMI release 2018.03',
    ],
    [
      'etc/SuSE-release',
      'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n',
      'sles',
      '11.4',
      '',
      'SUSE Linux Enterprise Server 11 (x86_64)',
    ],
    [
      'etc/SuSE-release',
      'openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n',
      'opensuse',
      '13.1',
      'bottle',
      'openSUSE 13.1 (x86_64)',
    ],
    [
      'etc/photon-release',
      'VMware Photon OS 3.0\nPHOTON_BUILD_NUMBER=49f9ef0\n',
      'photon',
      '3.0',
      '',
      'VMware Photon OS 3.0',
    ],
  ])('%s: %j', (path, text, id, versionId, codename, prettyName) => {
    expect(read(path, text)).toEqual({ id, versionId, codename, prettyName, idLike: [], cpe: '' })
  })

  it('says nothing of an lsb-release that names no distribution', () => {
    expect(analyze('etc/lsb-release', 'LSB_VERSION=base-4.0-amd64\n')).toEqual([])
  })
})

const paths = [
  'etc/os-release',
  'usr/lib/os-release',
  'etc/lsb-release',
  'etc/alpine-release',
  'etc/oracle-release',
  'etc/centos-release',
  'etc/photon-release',
  'etc/SuSE-release',
  'etc/system-release',
  'etc/redhat-release',
  'etc/debian_version',
]

it('orders the files by how much they are to be believed', () => {
  const text = 'ID=x\nDISTRIB_ID=x\n1.2 x/sid\n'
  const precedences = paths.map((path) => {
    const [seen] = analyze(path, path.endsWith('alpine-release') || path.endsWith('_version') ? '3.1' : text)
    return seen?.kind === 'release' ? seen.precedence : undefined
  })
  expect(precedences).toEqual(paths.map((_, i) => i))
  expect(paths.every(osRelease.wants)).toBe(true)
  expect(osRelease.wants('some/etc/os-release')).toBe(false)
})
