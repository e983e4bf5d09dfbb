import { describe, expect, it } from 'vitest'
import { containerLabels } from './container-labels.ts'
import { readDockerfileLabels } from './dockerfile-labels.ts'

const read = (path: string, text: string) => [...containerLabels.analyze({ path, bytes: Buffer.from(text) })]

/** As the build system of Red Hat writes it: its own labels behind those of the author. */
const dockerfile = `FROM sha256:4ad7ea
LABEL maintainer="Red Hat, Inc."

LABEL com.redhat.component="ubi8-container" \\
      name="ubi8" \\
      version="8.8"
# LABEL name=commented
ENV container oci
LABEL io.k8s.display-name="Red Hat Universal Base Image 8"
LABEL "release"="854" "distribution-scope"="public" "architecture"="x86_64"
CMD ["/bin/bash"]
`

describe('the labels of a container', () => {
  it.each([
    ['root/buildinfo/Dockerfile-ubi8-8.8-854', true],
    ['root/buildinfo/labels.json', true],
    ['usr/share/buildinfo/labels.json', true],
    ['usr/share/buildinfo/Dockerfile-ubi8-8.8-854', false],
    ['home/root/buildinfo/labels.json', false],
  ])('are at %s: %s', (path, wanted) => {
    expect(containerLabels.wants(path)).toBe(wanted)
  })

  it('of a Dockerfile say its name, component and architecture; the version is in the name of the file', () => {
    expect(read('root/buildinfo/Dockerfile-ubi8-8.8-854', dockerfile)).toEqual([
      {
        kind: 'package',
        package: {
          type: 'oci',
          name: 'ubi8',
          version: '8.8-854',
          arch: 'x86_64',
          source: { name: 'ubi8-container', version: '8.8-854' },
        },
      },
    ])
  })

  it('of labels.json have the time of the build as the version', () => {
    const labels = {
      name: 'devspaces/udi-rhel8',
      architecture: 'x86_64',
      'org.opencontainers.image.created': '2025-06-10T08:12:22Z',
      strange: 1,
    }
    expect(read('usr/share/buildinfo/labels.json', JSON.stringify(labels))).toMatchObject([
      { package: { name: 'devspaces/udi-rhel8', version: '1749543142', source: { name: 'devspaces/udi-rhel8' } } },
    ])
  })

  it.each([
    ['root/buildinfo/Dockerfile-ubi8-8.8-854', 'FROM scratch\n'],
    ['root/buildinfo/Dockerfile-nothing', dockerfile],
    ['root/buildinfo/labels.json', '{"name":"a"}'],
    ['root/buildinfo/labels.json', 'null'],
  ])('are nothing without a name and a version: %s', (path, text) => {
    expect(read(path, text)).toEqual([])
  })

  it('that are no JSON are a gap', () => {
    expect(read('root/buildinfo/labels.json', '{')).toMatchObject([{ kind: 'gap', code: 'database-unreadable' }])
  })
})

describe('LABEL', () => {
  it.each<[string, Record<string, string>]>([
    ['LABEL a=b c=d', { a: 'b', c: 'd' }],
    ['label a=b', { a: 'b' }],
    ['LABEL a="b c" d=\'e f\'', { a: 'b c', d: 'e f' }],
    ['LABEL "a b"="c=d"', { 'a b': 'c=d' }],
    ['LABEL a=b\\ c', { a: 'b c' }],
    ['LABEL a="say \\"hi\\""', { a: 'say "hi"' }],
    ['LABEL a the rest of it', { a: 'the rest of it' }],
    ['LABEL a=b \\\n  c=d \\  \r\n  # no\n  e=f', { a: 'b', c: 'd', e: 'f' }],
    ['LABEL a=1\nLABEL a=2', { a: '2' }],
    [
      'ARG V=3\nENV W=$V.1\nLABEL a=$W b="\x24{W}-x" c=\'$W\' d=\\$W e=$none',
      { a: '3.1', b: '3.1-x', c: '$W', d: '$W', e: '' },
    ],
    ['RUN LABEL a=b', {}],
    ['LABEL', {}],
    ['LABEL "a', { a: '' }],
  ])('%#: %s', (text, expected) => {
    expect(Object.fromEntries(readDockerfileLabels(text))).toEqual(expected)
  })

  it('reads hostile text in time', () => {
    for (const unit of ['${a', '"', '\'"', '\\ ', 'LABEL a="\\', '\\"']) {
      const start = performance.now()
      readDockerfileLabels(`LABEL a=${unit.repeat(1_000_000 / unit.length)}`)
      expect(performance.now() - start, unit).toBeLessThan(5_000)
    }
  })
})
