import { describe, expect, it } from 'vitest'
import { limits } from '../core/limits.ts'
import { LayerRecorder } from '../scan/layer-recorder.ts'
import { contentManifest } from './content-manifest.ts'

const path = 'root/buildinfo/content_manifests/ubi9-container-9.2-722.json'
const read = (text: string) => [...contentManifest.analyze({ path, bytes: Buffer.from(text) })]

describe('content manifests', () => {
  it.each([
    [path, true],
    ['usr/share/buildinfo/content_manifests/a.json', true],
    ['usr/share/buildinfo/content-sets.json', true],
    ['usr/share/buildinfo/a/b.json', false],
    ['root/buildinfo/a.json', false],
    ['root/buildinfo/content_manifests/a.xml', false],
    ['opt/root/buildinfo/content_manifests/a.json', false],
  ])('are at %s: %s', (file, wanted) => {
    expect(contentManifest.wants(file)).toBe(wanted)
  })

  it('name the repositories', () => {
    const text = `{"metadata":{"icm_version":1},"content_sets":["rhel-9-for-x86_64-baseos-rpms","x"],"image_contents":[]}`
    expect(read(text)).toEqual([{ kind: 'repositories', names: ['rhel-9-for-x86_64-baseos-rpms', 'x'] }])
  })

  it.each([
    '{}',
    '{"content_sets":[]}',
    '{"content_sets":null}',
    '{"from_dnf_hint":true,"content_sets":[]}',
    '[]',
    'null',
    '1',
  ])('name none: %s', (text) => {
    expect(read(text)).toEqual([])
  })

  it.each([
    ['{"content_sets":', 'It is no JSON'],
    ['{"content_sets":"a"}', 'Its content sets are no list'],
    ['{"content_sets":[1]}', 'Some of its content sets are no names'],
    [`{"content_sets":["${'a'.repeat(limits.packageFieldBytes + 1)}"]}`, 'Some of its content sets are no names'],
  ])('that are damaged are a gap: %#', (text, detail) => {
    expect(read(text)).toEqual([{ kind: 'gap', code: 'database-unreadable', detail: expect.stringContaining(detail) }])
  })

  it('of limits.contentManifestBytes + 1 bytes are not read', () => {
    const recorder = new LayerRecorder('layer', [contentManifest])
    const wanting = recorder.add(path, 'file')
    expect(recorder.admits(path, limits.contentManifestBytes + 1, wanting)).toBe(false)
    expect(recorder.index(undefined, undefined).files[0]?.observations).toEqual([
      expect.objectContaining({ code: 'file-too-large' }),
    ])
  })
})
