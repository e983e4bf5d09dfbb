import { describe, expect, it } from 'vitest'
import { ChiaroError } from '../core/errors.ts'
import { type OvalDefinition, readOval } from './oval.ts'

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
}

function read(text: string, maxBytes?: number) {
  const definitions: OvalDefinition[] = []
  const document = readOval(bytes(text), 'test.xml', (definition) => definitions.push(definition), maxBytes)
  return document.then((result) => ({ ...result, definitions }))
}

const sample = `<?xml version="1.0" encoding="utf-8"?>
<o:oval_definitions xmlns:o="http://oval.mitre.org/XMLSchema/oval-definitions-5" xmlns:red="urn:x">
  <o:generator><product_name>test</product_name></o:generator>
  <o:definitions>
    <o:definition class="patch" id="def:1">
      <o:metadata>
        <o:title> RHSA-2099:1 </o:title>
        <o:reference ref_id="CVE-2099-0001" ref_url="https://example.org/1" source="CVE"/>
        <o:reference ref_id="CVE-2099-0002" source="CVE"/>
        <o:description>One &lt;two&gt;
<![CDATA[three]]></o:description>
        <o:advisory><o:severity>Important</o:severity><o:description>another one</o:description>
          <o:issued date="2099-01-02"/><o:updated date="2099-01-03"/><o:patchable>true</o:patchable></o:advisory>
      </o:metadata>
      <o:criteria operator="OR">
        <o:criterion comment="must be 8" test_ref="tst:1"/>
        <o:criteria>
          <o:criterion comment="is older" test_ref="tst:2"/>
          <o:criterion comment="is not signed" negate="true" test_ref="tst:3"/>
          <o:criteria negate="true" operator="OR"><o:criterion comment="inner" test_ref="tst:4"/></o:criteria>
        </o:criteria>
      </o:criteria>
    </o:definition>
    <o:definition class="inventory" id="def:2"/>
  </o:definitions>
  <tests>
    <red:rpminfo_test id="tst:2"><red:object object_ref="obj:2"/><red:state state_ref="ste:2"/><red:state state_ref="ste:3"/></red:rpminfo_test>
  </tests>
  <objects>
    <red:rpminfo_object id="obj:2"><red:name>bash</red:name></red:rpminfo_object>
    <red:rpminfo_object id="obj:3"><red:name var_ref="var:1" var_check="at least one"/></red:rpminfo_object>
  </objects>
  <states>
    <red:rpminfo_state id="ste:2">
      <red:arch operation="pattern match">x86_64|aarch64</red:arch>
      <red:evr datatype="evr_string" operation="less than"> 0:5.1-2 </red:evr>
    </red:rpminfo_state>
  </states>
  <variables>
    <constant_variable id="var:1"><value>bash</value><value>bash-doc</value></constant_variable>
    <local_variable id="var:2"><concat><literal_component>0:</literal_component></concat></local_variable>
  </variables>
</o:oval_definitions>`

describe('readOval', () => {
  it('reads definitions and all that they refer to', async () => {
    const { definitions, tests, objects, states, variables } = await read(sample)
    const criterion = (test: string, comment: string, negate = false) => ({ test, comment, negate })
    expect(definitions).toEqual([
      {
        id: 'def:1',
        class: 'patch',
        title: 'RHSA-2099:1',
        description: 'One <two>\nthree',
        severity: 'Important',
        issued: '2099-01-02',
        updated: '2099-01-03',
        patchable: 'true',
        references: [
          { source: 'CVE', id: 'CVE-2099-0001', url: 'https://example.org/1' },
          { source: 'CVE', id: 'CVE-2099-0002', url: '' },
        ],
        criteria: {
          operator: 'OR',
          negate: false,
          criterions: [criterion('tst:1', 'must be 8')],
          criteria: [
            {
              operator: 'AND',
              negate: false,
              criterions: [criterion('tst:2', 'is older'), criterion('tst:3', 'is not signed', true)],
              criteria: [{ operator: 'OR', negate: true, criterions: [criterion('tst:4', 'inner')], criteria: [] }],
            },
          ],
        },
      },
      expect.objectContaining({ id: 'def:2', class: 'inventory', criteria: undefined }),
    ])
    expect([...tests]).toEqual([['tst:2', { kind: 'rpminfo_test', object: 'obj:2', states: ['ste:2', 'ste:3'] }]])
    const equals = { operation: 'equals', value: '', variable: '' }
    expect([...objects]).toEqual([
      ['obj:2', [{ ...equals, name: 'name', value: 'bash' }]],
      ['obj:3', [{ ...equals, name: 'name', variable: 'var:1' }]],
    ])
    expect([...states]).toEqual([
      [
        'ste:2',
        [
          { name: 'arch', operation: 'pattern match', value: 'x86_64|aarch64', variable: '' },
          { name: 'evr', operation: 'less than', value: '0:5.1-2', variable: '' },
        ],
      ],
    ])
    expect(variables.get('var:1')).toEqual(['bash', 'bash-doc'])
  })

  it.each([
    ['a document of another kind', '<rss></rss>', /not an OVAL document: its root is rss/],
    ['a document that ends too early', sample.slice(0, 900), /cannot be read/],
  ])('refuses %s', async (_name, text, message) => {
    const error = await read(text).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ChiaroError)
    expect((error as ChiaroError).code).toBe('FEED_FAILED')
    expect((error as ChiaroError).message).toMatch(message)
  })

  it.each([
    ['definitions', (many: string) => `<definitions>${many}</definitions>`, '<definition><criteria/></definition>'],
    ['tests', (many: string) => `<tests>${many}</tests>`, '<t id="a"><object object_ref="b"/></t>'],
    ['objects', (many: string) => `<objects>${many}</objects>`, '<o id="a"><name>b</name></o>'],
    ['states', (many: string) => `<states>${many}</states>`, '<s id="a"><evr>b</evr></s>'],
    ['variables', (many: string) => `<variables>${many}</variables>`, '<v id="a"><value>b</value></v>'],
  ])('limits the %s that it holds', async (_name, around, one) => {
    const document = (count: number) => `<oval_definitions>${around(one.repeat(count))}</oval_definitions>`
    await read(document(10), 100_000)
    const error = await read(document(2000), 100_000).catch((thrown: unknown) => thrown)
    expect((error as ChiaroError).code).toBe('LIMIT_EXCEEDED')
  })
})
