import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpointUrl, expandUrl, isLoopbackUrl, secureUrl } from '../../src/protocols/url.ts'
import { isSameSite } from '../../src/protocols/oauth/same-site.ts'
import { failureOf } from '../support/failure.ts'

describe('endpointUrl', () => {
  it.each([
    ['https://gw.example/prefix/', '/v1/messages', 'https://gw.example/prefix/v1/messages'],
    ['https://gw.example/prefix', 'v1/messages', 'https://gw.example/prefix/v1/messages'],
    ['https://gw.example', '/models?limit=1', 'https://gw.example/models?limit=1'],
    ['https://gw.example/v1?old=1#x', 'models', 'https://gw.example/v1/models'],
    ['https://gw.example/v1/messages', '/v1/messages', 'https://gw.example/v1/messages'],
    ['https://gw.example/v1', '', 'https://gw.example/v1'],
    ['https://gw.example/v1', '/models/', 'https://gw.example/v1/models/'],
    ['https://gw.example/v1beta', 'models/gemini:generate', 'https://gw.example/v1beta/models/gemini:generate'],
    ['https://gw.example/v1', 'models/ä%2f"', 'https://gw.example/v1/models/%C3%A4%252f%22'],
  ])('S-31 joins %s and %s', (base, path, url) => {
    expect(endpointUrl(base, path)).toBe(url)
  })

  it.each(['//evil.example/x', '/..', 'a/../b', 'a/./b', '%2e%2E/x', 'a//b', 'a\\b', '/x#y', 'a b', 'https://evil.example'])(
    'S-31 refuses the path %s',
    async (path) => {
      expect(await failureOf(() => endpointUrl('https://gw.example/prefix', path))).toEqual({
        code: 'CLAW_CONFIG_INVALID',
        what: 'a path of an endpoint leaves the base URL that it is joined to',
        fix: 'write it as `/segment/segment`',
        data: {},
      })
    },
  )

  it('S-31 never leaves origin and prefix, whatever the path', () => {
    const bases = fc.constantFrom('https://gw.example', 'https://gw.example/', 'https://gw.example/a/b', 'http://127.0.0.1:1/a%2Fb/')
    fc.assert(
      fc.property(
        bases,
        fc.oneof(
          fc.string(),
          fc.webPath(),
          fc.array(fc.constantFrom('..', '.', '%2e', '/', '\\', '@', 'x', '?', '#', ':')).map((parts) => parts.join('')),
        ),
        (base, path) => {
          let joined: URL
          try {
            joined = new URL(endpointUrl(base, path))
          } catch {
            return
          }
          const from = new URL(base)
          expect([joined.origin, joined.hash, joined.username]).toEqual([from.origin, '', ''])
          expect(joined.pathname.startsWith(from.pathname.replace(/\/$/, ''))).toBe(true)
        },
      ),
    )
  })
})

describe('expandUrl', () => {
  it.each([
    ['{origin}/api/oauth/usage', 'https://api.acme.example/v1', 'https://api.acme.example/api/oauth/usage'],
    ['/models?limit=1', 'https://api.acme.example/v1', 'https://api.acme.example/v1/models?limit=1'],
    ['https://other.example/me', 'https://api.acme.example/v1', 'https://other.example/me'],
  ])('expands %s at %s', (template, base, url) => {
    expect(expandUrl(template, base)).toBe(url)
  })

  it('S-31 does not let a template name another host behind the origin', async () => {
    for (const template of ['{origin}//evil.example', '{origin}@evil.example', '{origin}.evil.example']) {
      const result = await Promise.resolve(template)
        .then((text) => expandUrl(text, 'https://api.acme.example'))
        .catch(() => 'refused')
      expect(result === 'refused' || new URL(result).origin === 'https://api.acme.example').toBe(true)
    }
  })
})

describe('secureUrl', () => {
  it.each([
    ['http://api.acme.example/', 'is not an https address'],
    ['http://localhost/', 'is not an https address'],
    ['http://[::ffff:127.0.0.1]/', 'is not an https address'],
    ['javascript:alert(1)', 'is no http or https address'],
    ['file:///etc/passwd', 'is no http or https address'],
    ['https://x.example/ y', 'is no http or https address'],
    ['https://', 'is no http or https address'],
    ['https://a@x.example/', 'holds a user name or password'],
    ['https://@x.example/', 'holds a user name or password'],
    ['https://x.example/#y', 'has a fragment'],
  ])('S-26 refuses %s', async (text, what) => {
    expect(await failureOf(() => secureUrl(text, 'token_endpoint'))).toEqual({
      code: 'CLAW_PROTOCOL',
      what: `\`token_endpoint\` ${what}`,
      data: {},
    })
  })

  it('S-26 takes http for this machine, unless told otherwise', async () => {
    expect(secureUrl('http://127.0.0.1:1/', 'x').href).toBe('http://127.0.0.1:1/')
    expect((await failureOf(() => secureUrl('http://127.0.0.1:1/', 'x', false))).what).toBe('`x` is not an https address')
    expect(['http://127.0.0.1/', 'http://[::1]/', 'http://localhost/'].map((text) => isLoopbackUrl(new URL(text)))).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('isSameSite', () => {
  it.each([
    ['sso.acme.example', 'sso.acme.example', true],
    ['sso.acme.example', 'login.acme.example', true],
    ['sso.acme.example', 'acme.example', true],
    ['sso.acme.example', 'a.b.acme.example', true],
    ['acme.example', 'acmex.example', false],
    ['acme.example', 'evil-acme.example', false],
    ['acme.example', 'acme.example.evil.example', false],
    ['acme.co.uk', 'evil.co.uk', false],
    ['sso.acme.co.uk', 'login.acme.co.uk', true],
    ['sso.acme.de', 'login.acme.de', true],
    ['acme.github.io', 'evil.github.io', false],
    ['acme.github.io', 'acme.github.io', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['10.0.0.1', '11.0.0.1', false],
    ['[::1]', '[::1]', true],
    ['localhost', 'evil', false],
    ['acme', 'evil.acme', false],
  ])('S-43 says of %s and %s: %s', (a, b, expected) => {
    expect([isSameSite(a, b), isSameSite(b, a)]).toEqual([expected, expected])
  })
})
