import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../core/limits.ts'
import { connectionUrl } from './database.ts'
import { parseGoDuration } from './durations.ts'
import { loadClairConfig, resolveClairConfig } from './load.ts'
import { nearest } from './nearest.ts'
import { selectedFamilies } from './selections.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiaro-config-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(files: Readonly<Record<string, string>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return join(folder, Object.keys(files)[0]!)
}

describe('the defaults', () => {
  const { config, notes } = resolveClairConfig({}, 'test')

  it('are those of Clair', () => {
    expect(config.log_level).toBe('info')
    expect(config.indexer).toMatchObject({ layer_scan_concurrency: 10, index_report_request_concurrency: 0 })
    expect(config.matcher).toMatchObject({ period: '6h', cache_age: '6h', update_retention: 10 })
    expect(config.matchers.names).toBeNull()
    expect(config.updaters.sets).toBeNull()
    expect(config.notifier).toMatchObject({ poll_interval: '6h', delivery_interval: '1h' })
    expect(config.metrics).toMatchObject({ name: 'prometheus', prometheus: { endpoint: '/metrics' } })
    expect(config.auth.psk).toEqual({ key: '', iss: [] })
  })

  it('but listen on this machine only, and say so', () => {
    expect([config.http_listen_addr, config.introspection_addr, config.chiaro.health_addr]).toEqual([
      '127.0.0.1:6060',
      '127.0.0.1:8089',
      '127.0.0.1:6061',
    ])
    expect(notes).toHaveLength(3)
    expect(notes[0]).toContain('allow_unauthenticated: [api]')
    // A process of one service has no health listener.
    expect(resolveClairConfig({}, 'test', 'indexer').notes).toEqual(notes.slice(0, 2))
  })

  it.each([
    [{ auth: { psk: { key: 'c2VjcmV0', iss: ['quay'] } } }, ':6060', '127.0.0.1:8089'],
    [{ chiaro: { allow_unauthenticated: ['api', 'introspection'] } }, ':6060', ':8089'],
    [{ http_listen_addr: '10.0.0.1:80' }, '10.0.0.1:80', '127.0.0.1:8089'],
  ])('%j listens on %s and %s', (document, api, introspection) => {
    const { config } = resolveClairConfig(document, 'test')
    expect([config.http_listen_addr, config.introspection_addr]).toEqual([api, introspection])
  })

  it.each([
    [{ matcher: { period: '2h' } }, { matcher: { period: '2h', cache_age: '2h' } }],
    [{ matcher: { period: '2h', cache_age: '30s' } }, { matcher: { cache_age: '30s' } }],
    [{ matcher: { update_retention: 1 } }, { matcher: { update_retention: 10 } }],
    [{ matcher: { update_retention: -1 } }, { matcher: { update_retention: -1 } }],
    [
      { notifier: { poll_interval: '59s', delivery_interval: '61s' } },
      { notifier: { poll_interval: '6h', delivery_interval: '61s' } },
    ],
    [{ notifier: { webhook: { callback: 'https://a/b' } } }, { notifier: { webhook: { callback: 'https://a/b/' } } }],
    [{ matchers: { names: [] } }, { matchers: { names: [] } }],
    [
      { indexer: null, matchers: { names: null } },
      { indexer: { airgap: false }, matchers: { names: null } },
    ],
  ])('%j becomes %j', (document, expected) => {
    expect(resolveClairConfig(document, 'test').config).toMatchObject(expected)
  })

  it.each([
    [{ webhook: { target: 'https://a/' } }, ['notifier.webhook']],
    [{ webhook: { target: 'https://a/', callback: 'https://b/' } }, []],
    [{ amqp: { uris: ['amqp://a'] } }, ['notifier.amqp']],
    [{ amqp: { uris: ['amqp://a'], direct: true } }, []],
    [{ webhook: { callback: '' } }, []],
  ])('%j: who is notified is not told where to read it: %j', (notifier, places) => {
    const { notes } = resolveClairConfig({ notifier }, 'test')
    expect(notes.filter((note) => note.includes('callback'))).toEqual(
      places.map((place) => `${place}.callback is empty: notifications do not say where they can be read.`),
    )
  })

  it('say so where they stand in place of an interval that is too short', () => {
    const document = { notifier: { poll_interval: '15s', delivery_interval: '61s' } }
    const told = resolveClairConfig(document, 'test').notes.filter((note) => note.includes('interval'))
    expect(told).toEqual(['notifier.poll_interval is 6h: 15s is less than a minute, which Clair does not take.'])
  })
})

describe('what is wrong', () => {
  it.each([
    [{ indexer: { airgapped: true } }, 'indexer.airgapped is not known', 'Did you mean indexer.airgap?'],
    [{ http_listen_address: ':1' }, 'http_listen_address is not known', 'Did you mean http_listen_addr?'],
    [{ Indexer: {} }, 'Indexer is not known', 'Did you mean indexer?'],
    [{ indexer: { zzzzzzzzzz: 1 } }, 'indexer.zzzzzzzzzz is not known', 'There are: connstring'],
    [{ auth: { keyserver: {} } }, 'auth.keyserver is not known', 'There are: psk'],
    [JSON.parse('{"__proto__": {}}'), '__proto__ is not known', ''],
    [{ matchers: { names: ['debian'] } }, 'matchers.names[0] ("debian") is not known', 'Did you mean debian-matcher?'],
    [{ updaters: { sets: ['rhel'] } }, 'updaters.sets[0] ("rhel") is not known', 'Did you mean'],
    [{ indexer: { airgap: 'yes' } }, 'indexer.airgap must be true or false', ''],
    [{ indexer: [] }, 'indexer must have members', ''],
    [{ matcher: { update_retention: 1.5 } }, 'matcher.update_retention must be a whole number', ''],
    [{ matcher: { period: '6 hours' } }, 'matcher.period must be a length of time', ''],
    [{ matcher: { period: 6 } }, 'matcher.period must be a string', ''],
    [{ auth: { psk: { key: 'no base64!' } } }, 'auth.psk.key must be base64', ''],
    [{ auth: { psk: { iss: 'quay' } } }, 'auth.psk.iss must be a list', ''],
    [{ log_level: 'loud' }, 'log_level must be one of debug-color', ''],
    [{ notifier: { webhook: { headers: { a: 'b' } } } }, 'notifier.webhook.headers.a must be a list', ''],
    [{ chiaro: { allow_unauthenticated: ['all'] } }, 'chiaro.allow_unauthenticated[0] must be one of api', ''],
    [
      { chiaro: { allow_layer_addresses: ['10.0.0.1', 'intranet'] } },
      'chiaro.allow_layer_addresses[1] ("intranet") is neither an address nor a network',
      '10.0.0.0/8',
    ],
    [{ notifier: { webhook: { target: 'host:80/hook' } } }, 'notifier.webhook.target is not an http or https URL', ''],
    [{ chiaro: { webhook_v1: { endpoint: 'hook' } } }, 'chiaro.webhook_v1.endpoint is not an http or https URL', ''],
    [{ matcher: { connstring: 'clair' } }, 'matcher.connstring is neither a URL', 'host='],
    [[], 'the configuration must have members', ''],
  ])('%j: %s', (document, message, advice) => {
    expect(() => resolveClairConfig(document, 'test')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message), where: 'test' }),
    )
    try {
      resolveClairConfig(document, 'test')
    } catch (error) {
      expect((error as { advice?: string }).advice ?? '').toContain(advice)
    }
  })

  it('is all told at once', () => {
    expect(() => resolveClairConfig({ a: 1, indexer: { airgap: 1 } }, 'test')).toThrow(
      /a is not known; indexer\.airgap/,
    )
  })
})

describe('what has no effect', () => {
  it.each([
    [{ indexer: { scanner: { repo: {} } } }, 'indexer.scanner has no effect'],
    [{ notifier: { migrations: true } }, 'notifier.migrations has no effect'],
    [
      { notifier: { stomp: { uris: ['a:1'] }, amqp: { uris: ['amqp://a'] } } },
      'notifier.stomp has no effect: another way to notify comes before it.',
    ],
    [{ trace: { name: 'jaeger' } }, 'trace.name "jaeger" has no effect'],
    [{ matcher: { max_conn_pool: 5 } }, 'matcher.max_conn_pool has no effect'],
    [{ updaters: { sets: ['debian', 'osv'] } }, 'updaters.sets "osv" has no effect'],
    [{ metrics: { name: 'otlp' } }, 'metrics.name "otlp" has no effect'],
    [{ indexer: { connstring: 'host=a' }, matcher: { connstring: 'host=b' } }, 'different databases'],
  ])('%j is told', (document, note) => {
    expect(resolveClairConfig(document, 'test').notes.join('\n')).toContain(note)
  })

  it('is not told of what is not there', () => {
    expect(resolveClairConfig({ indexer: { airgap: true } }, 'test').notes.join('\n')).not.toContain('no effect')
  })
})

describe('files', () => {
  it('merges and patches drop-ins in the order of their names, and passes over others', async () => {
    const file = write({
      'config.yaml': 'http_listen_addr: 127.0.0.1:1\nindexer:\n  airgap: true\nupdaters: {sets: [debian, alpine]}\n',
      'config.yaml.d/10-port.yaml': 'http_listen_addr: 127.0.0.1:2\n',
      'config.yaml.d/20-sets.yaml-patch': '- {op: add, path: /updaters/sets/-, value: ubuntu}\n',
      'config.yaml.d/30-no-airgap.yaml': 'indexer: {airgap: null}\n',
      'config.yaml.d/40-other.json': '{"http_listen_addr": "127.0.0.1:3"}',
      'config.yaml.d/50-other.json-patch': '[{"op": "remove", "path": "/updaters"}]',
      'config.yaml.d/60.yml': 'nonsense: 1',
      'config.yaml.d/folder.yaml/x': '',
    })
    const { config } = await loadClairConfig(file)
    expect(config.http_listen_addr).toBe('127.0.0.1:2')
    expect(config.indexer.airgap).toBe(false)
    expect(selectedFamilies(config)).toEqual(['debian', 'alpine', 'ubuntu'])
  })

  it('reads JSON with its own drop-ins', async () => {
    const file = write({
      'c.json': '{"log_level": "debug"}',
      'c.json.d/a.json-patch': '[{"op": "replace", "path": "/log_level", "value": "warn"}]',
      'c.json.d/b.yaml': 'log_level: error',
    })
    expect((await loadClairConfig(file)).config.log_level).toBe('warn')
  })

  it('takes an empty YAML file for one that says nothing', async () => {
    expect((await loadClairConfig(write({ 'c.yaml': '# nothing\n' }))).config.log_level).toBe('info')
  })

  it.each([
    [{ 'c.yml': '' }, 'CONFIG_INVALID', 'ends in .yaml or .json'],
    [{ 'c.yaml': 'a: [' }, 'CONFIG_INVALID', 'it is not YAML'],
    [{ 'c.yaml': 'indexer: {airgap: true}\nindexer: {}' }, 'CONFIG_INVALID', 'it is not YAML: DUPLICATE_KEY in line 2'],
    [{ 'c.yaml': '- a' }, 'CONFIG_INVALID', 'it is not an object'],
    [{ 'c.json': '' }, 'CONFIG_INVALID', 'it is not JSON'],
    [{ 'c.json': 'null' }, 'CONFIG_INVALID', 'it is not an object'],
    [{ 'c.json': '{}', 'c.json.d/a.json-patch': '{}' }, 'CONFIG_INVALID', 'a patch is a list'],
    [{ 'c.json': '{}', 'c.json.d/a.json-patch': '[{"op":"remove","path":"/x"}]' }, 'CONFIG_INVALID', 'there is no /x'],
  ])('%j is refused', async (files, code, message) => {
    await expect(loadClairConfig(write(files))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })

  it('refuses more than limits.configBytes', async () => {
    const file = write({ 'c.json': `{"log_level":"info"${' '.repeat(limits.configBytes)}}` })
    await expect(loadClairConfig(file)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  it('refuses aliases that become too much', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    await expect(loadClairConfig(write({ 'c.yaml': lines.join('\n') }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
  })

  it('says that a file is not there', async () => {
    await expect(loadClairConfig(join(folder, 'c.yaml'))).rejects.toMatchObject({ code: 'FILE_FAILED' })
  })

  it('does not repeat what may be a secret', async () => {
    const file = write({ 'c.json': '{"auth": {"psk": {"key": "dG9wc2VjcmV0", }}}' })
    await expect(loadClairConfig(file)).rejects.toMatchObject({ message: expect.not.stringContaining('dG9w') })
  })
})

describe('values', () => {
  it.each([
    ['6h', 21_600_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['100ms', 100],
    ['1us', 0.001],
    ['-1m', -60_000],
    ['+1m', 60_000],
    ['.5h', 1_800_000],
    ['0', 0],
    ['0s', 0],
    ['', undefined],
    ['6', undefined],
    ['h', undefined],
    ['6d', undefined],
    ['1h 30m', undefined],
    ['--1m', undefined],
  ])('the duration %j is %s ms', (text, milliseconds) => expect(parseGoDuration(text)).toBe(milliseconds))

  it.each([
    ['postgres://u:p@h:5432/d?sslmode=disable', 'postgres://u:p@h:5432/d?sslmode=disable'],
    ['host=db port=5432 user=clair dbname=clair sslmode=disable', 'postgresql://clair@db:5432/clair?sslmode=disable'],
    [`host=db user=clair password='p a\\'s/s' dbname=d`, `postgresql://clair:p%20a's%2Fs@db/d`],
    ['host=/var/run/postgresql dbname=d', 'postgresql://%2Fvar%2Frun%2Fpostgresql/d'],
    ['host = db  dbname=d', 'postgresql://db/d'],
    ['mysql://x', undefined],
    ['clair', undefined],
    ['host=a b', undefined],
    ["password='open", undefined],
    ['', undefined],
  ])('the connection string %j is %s', (text, url) => expect(connectionUrl(text)).toBe(url))

  it.each([
    ['airgaped', 'airgap'],
    ['CONNSTRING', 'connstring'],
    ['xyz', undefined],
  ])('%s is most likely %s', (word, meant) => expect(nearest(word, ['airgap', 'connstring', 'migrations'])).toBe(meant))
})
