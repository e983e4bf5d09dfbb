import { describe, expect, it } from 'vitest'
import { readUpdateinfo, type Update } from './updateinfo.ts'

async function read(xml: string): Promise<readonly Update[]> {
  const updates: Update[] = []
  for await (const update of readUpdateinfo(pieces(xml), 'test.xml')) updates.push(update)
  return updates
}

async function* pieces(text: string): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += 50) yield Buffer.from(text.slice(at, at + 50))
}

const package_ = (attributes: string) => `<package ${attributes}><filename>Packages/x.rpm</filename></package>`

describe('readUpdateinfo', () => {
  it('reads what is in an update', async () => {
    const [update] = await read(`<?xml version="1.0" ?><updates>
      <update status="final" version="1.4" author="a@example.org" type="security">
        <id>ALAS-2099-1</id>
        <title>Sample &amp; more</title>
        <issued date="2099-01-02 03:04:05"/><updated date="2099-02-03 04:05:06"/>
        <severity>Important</severity>
        <description>One
two</description>
        <references><reference href="https://example.org/1" id="CVE-2099-0001" title="" type="cve"/></references>
        <pkglist><collection short="sample"><name>Sample</name>
          ${package_('name="one" epoch="0" version="1.0" release="2" arch="x86_64"')}
          ${package_('name="two" epoch="3" version="1.0" release="2" arch="noarch"')}
          ${package_('name="three" version="1.0" release="2" arch="noarch"')}
          ${package_('name="four" epoch="1" version="1.0" arch="noarch"')}
        </collection></pkglist>
      </update></updates>`)
    expect(update).toEqual({
      id: 'ALAS-2099-1',
      type: 'security',
      title: 'Sample & more',
      severity: 'Important',
      description: 'One\ntwo',
      issued: '2099-01-02 03:04:05',
      updated: '2099-02-03 04:05:06',
      references: [{ type: 'cve', id: 'CVE-2099-0001', href: 'https://example.org/1' }],
      packages: [
        { name: 'one', arch: 'x86_64', version: '1.0-2' },
        { name: 'two', arch: 'noarch', version: '3:1.0-2' },
        { name: 'three', arch: 'noarch', version: '1.0-2' },
        { name: 'four', arch: 'noarch', version: '' },
      ],
    })
  })

  it('reads an empty document, and updates without anything', async () => {
    expect(await read('<updates/>')).toEqual([])
    expect(await read('<updates><update/><update type="bugfix"><id>B</id></update></updates>')).toMatchObject([
      { id: '', type: '', packages: [] },
      { id: 'B', type: 'bugfix' },
    ])
  })

  it.each([
    ['another document', '<repomd></repomd>', 'its root is repomd and not updates'],
    ['no document', '{"updates": []}', 'cannot be read'],
    ['half a document', '<updates><update><id>A</id></update>', 'cannot be read'],
    ['an entity bomb', '<!DOCTYPE x [<!ENTITY a "b">]><updates>&a;</updates>', 'a DOCTYPE is not allowed'],
  ])('refuses %s', async (_what, xml, problem) => {
    const failed = read(xml)
    await expect(failed).rejects.toMatchObject({ code: 'FEED_FAILED', where: 'test.xml' })
    await expect(failed).rejects.toThrow(problem)
  })

  it('holds no more than what is not yielded yet', async () => {
    const update = `<update type="security"><id>A</id><description>${'x'.repeat(1000)}</description></update>`
    let read = 0
    async function* source(): AsyncGenerator<Buffer> {
      yield Buffer.from('<updates>')
      for (; read < 1000; read++) yield Buffer.from(update)
      yield Buffer.from('</updates>')
    }
    let seen = 0
    for await (const _ of readUpdateinfo(source(), 'test.xml')) expect(read - seen++).toBeLessThan(2)
    expect(seen).toBe(1000)
  })
})
