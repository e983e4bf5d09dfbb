import { describe, expect, it } from 'vitest'
import { jsonPatch, mergePatch } from './patches.ts'

// The examples of RFC 7396, appendix A.
describe('merge patches', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, result) => expect(mergePatch(target, patch)).toEqual(result))

  it('takes __proto__ for a name like any other', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__": {"polluted": 1}}')) as Record<string, unknown>
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
    expect(merged.polluted).toBeUndefined()
  })
})

// The examples of RFC 6902, appendix A, and what it says beside them.
describe('JSON patches', () => {
  it.each([
    [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
    [{ foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
    [{ baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    [{ foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
    [{ baz: 'qux', foo: 'bar' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo', foo: 'bar' }],
    [
      { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
      [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
      { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
    ],
    [
      { foo: ['all', 'grass', 'cows', 'eat'] },
      [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [
      { baz: 'qux', foo: ['a', 2, 'c'] },
      [
        { op: 'test', path: '/baz', value: 'qux' },
        { op: 'test', path: '/foo/1', value: 2 },
      ],
      { baz: 'qux', foo: ['a', 2, 'c'] },
    ],
    [
      { foo: 'bar' },
      [{ op: 'add', path: '/child', value: { grandchild: {} } }],
      { foo: 'bar', child: { grandchild: {} } },
    ],
    [{ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    [{ foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }], { foo: ['bar', ['abc', 'def']] }],
    [{ foo: 'bar' }, [{ op: 'replace', path: '', value: { a: 1 } }], { a: 1 }],
    [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    [{ a: [1] }, [{ op: 'test', path: '', value: { a: [1] } }], { a: [1] }],
  ])('%j with %j is %j', (document, patch, result) => {
    const before = structuredClone(document)
    expect(jsonPatch(document, patch)).toEqual(result)
    expect(document).toEqual(before)
  })

  it.each([
    [{ baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }], 'operation 1: /baz is something else'],
    [{ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }], 'something else'],
    [{ foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }], 'there is no /baz'],
    [{ foo: [1] }, [{ op: 'add', path: '/foo/2', value: 1 }], 'there is no /foo/2'],
    [{ foo: [1] }, [{ op: 'replace', path: '/foo/01', value: 1 }], 'there is no /foo/01'],
    [{ foo: [1] }, [{ op: 'remove', path: '/foo/-' }], 'there is no /foo/-'],
    [{}, [{ op: 'remove', path: '/toString' }], 'there is no /toString'],
    [{ a: {} }, [{ op: 'move', from: '/a', path: '/a/b' }], 'moved into itself'],
    [{}, [{ op: 'add', path: '/a' }], 'it has no value'],
    [{}, [{ op: 'add', path: 'a', value: 1 }], 'path is not a JSON pointer'],
    [{}, [{ op: 'add', path: '/~2', value: 1 }], 'path is not a JSON pointer'],
    [
      {},
      [
        { op: 'remove', path: '' },
        { op: 'spam', path: '/a' },
      ],
      'operation 2: "spam" is not an operation',
    ],
    [{}, { op: 'add', path: '/a', value: 1 }, 'a patch is a list of operations'],
  ])('%j refuses %j: %s', (document, patch, message) => {
    expect(() => jsonPatch(document, patch)).toThrow(message)
  })
})
