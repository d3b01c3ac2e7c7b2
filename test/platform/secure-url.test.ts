import { describe, expect, it } from 'vitest'
import { isLiteralLoopback, parseSecureUrl } from '../../src/platform/secure-url.ts'
import { failureOf } from '../support/failure.ts'

const INSECURE_WHY = '`http://` is for 127.0.0.1 and [::1] only'

describe('parseSecureUrl', () => {
  it.each([
    ['https://api.acme.example/v1', 'https://api.acme.example/v1'],
    ['HTTPS://API.Acme.example', 'https://api.acme.example/'],
    ['http://127.0.0.1:8080/x?y=@', 'http://127.0.0.1:8080/x?y=@'],
    ['http://[::1]:8080/', 'http://[::1]:8080/'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://127.1/', 'http://127.0.0.1/'],
    ['https://аpi.example/', 'https://xn--pi-6kc.example/'],
  ])('S-26 takes %s', (text, href) => {
    expect(parseSecureUrl(text).href).toBe(href)
  })

  it.each([
    ['http://10.0.0.1/', '10.0.0.1'],
    ['http://localhost:1234/', 'localhost:1234'],
    ['http://localhost.evil.example/', 'localhost.evil.example'],
    ['http://127.0.0.2/', '127.0.0.2'],
    ['http://[::ffff:127.0.0.1]/', '[::ffff:7f00:1]'],
    ['http://api.acme.example/', 'api.acme.example'],
  ])('S-26 refuses %s, unless http is allowed for that provider', async (text, host) => {
    expect(await failureOf(() => parseSecureUrl(text))).toEqual({
      code: 'CLAW_INSECURE',
      what: `\`${host}\` would be spoken to without TLS`,
      why: INSECURE_WHY,
      fix: 'use an https:// address, or set `allow_http = true` for that provider in your own configuration file',
      data: { host },
    })
    expect(parseSecureUrl(text, true).protocol).toBe('http:')
  })

  it.each([
    ['https://api.openai.com@evil.example/', 'the address of `evil.example` holds a user name or password'],
    ['https://user:canary-password@api.acme.example/', 'the address of `api.acme.example` holds a user name or password'],
    ['https://@api.acme.example/', 'the address of `api.acme.example` holds a user name or password'],
    ['https://api.acme.example/#canary', 'the address of `api.acme.example` has a fragment'],
    ['https:\\\\api.acme.example\\x', 'an address is not an absolute http or https URL'],
    ['https://api.acme.example\\@evil.example/', 'an address is not an absolute http or https URL'],
    ['https:api.acme.example', 'an address is not an absolute http or https URL'],
    [' https://api.acme.example', 'an address is not an absolute http or https URL'],
    ['https://api.acme.example/a\nb', 'an address is not an absolute http or https URL'],
    ['ftp://api.acme.example/', 'an address is not an absolute http or https URL'],
    ['file:///etc/passwd', 'an address is not an absolute http or https URL'],
    ['//api.acme.example/', 'an address is not an absolute http or https URL'],
    ['https://', 'an address is not an absolute http or https URL'],
    ['https://[::1', 'an address is not an absolute http or https URL'],
    ['', 'an address is not an absolute http or https URL'],
  ])('S-26 refuses %j even where http is allowed', async (text, what) => {
    for (const allowHttp of [false, true]) {
      expect(await failureOf(() => parseSecureUrl(text, allowHttp))).toEqual({
        code: 'CLAW_CONFIG_INVALID',
        what,
        fix: 'write it as `https://host/path`',
        data: {},
      })
    }
  })
})

it('S-26 counts only the two literal addresses as loopback', () => {
  expect(['127.0.0.1', '[::1]', 'localhost', '127.0.0.2', '[::ffff:7f00:1]', ''].map(isLiteralLoopback)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ])
})
