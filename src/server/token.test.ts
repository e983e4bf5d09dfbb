import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { indexPath, statePath } from '../../test/support/clair-v4.ts'
import { startTestServer } from '../../test/support/server.ts'

describe('a client', () => {
  const key = Buffer.from('a key of Quay')
  const psk = { key: key.toString('base64'), iss: ['quay'] }
  const token = (claims: object, alg = 'HS256', secret: Uint8Array = key) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`
    const signature = createHmac(`sha${alg.slice(2)}`, secret)
      .update(signed)
      .digest('base64url')
    return { authorization: `Bearer ${signed}.${signature}` }
  }
  it('is let in with its token only, everywhere but for robots', async () => {
    await using quay = await startTestServer({ config: { auth: { psk } } })
    const now = Math.floor(Date.now() / 1000)
    const ask = (headers: Readonly<Record<string, string>>, path = statePath) =>
      fetch(`${quay.urls.api}${path}`, { headers })
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      expect((await ask(token({ iss: 'quay' }, alg))).status, alg).toBe(200)
    }
    expect((await ask(token({ iss: 'clair-intraservice', exp: now - 10 }))).status).toBe(200)
    const refused = [
      {},
      { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` },
      token({ iss: 'quay' }, 'HS256', Buffer.from('another key')),
      token({ iss: 'clairctl' }),
      token({}),
      token({ iss: 'quay', exp: now - 60 }),
      token({ iss: 'quay', nbf: now + 60 }),
      token({ iss: 'quay', iat: now + 60 }),
      token({ iss: 'quay', exp: 'never' }),
      { authorization: `${token({ iss: 'quay' }).authorization}x` },
      { authorization: token({ iss: 'quay' }).authorization.replace(/\.[^.]+$/, '.') },
    ]
    for (const headers of refused) {
      const response = await ask(headers as Record<string, string>)
      expect([response.status, await response.text()], JSON.stringify(headers)).toEqual([401, ''])
      expect(response.headers.get('www-authenticate')).toBeNull()
    }
    for (const path of ['/openapi/v1', '/nothing', indexPath]) expect((await ask({}, path)).status, path).toBe(401)
    expect(await (await ask({}, '/robots.txt')).text()).toBe('User-agent: *\nDisallow: /\n')
  })
})
