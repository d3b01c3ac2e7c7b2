import { describe, expect, it } from 'vitest'
import { environmentOf } from '../../src/platform/environment.ts'
import { proxyRules } from '../../src/platform/proxy-rules.ts'
import { redact } from '../../src/core/redaction.ts'
import { failureOf } from '../support/failure.ts'

function decide(url: string, variables: Record<string, string>, configured?: string) {
  return proxyRules(environmentOf(variables), configured)(new URL(url))
}
const API = 'https://api.acme.example/v1'
const via = (proxy: string, source: string) => ({ via: 'proxy', proxy, source, authorization: null })
const direct = (because: string) => ({ via: 'direct', because })

describe('proxyRules', () => {
  it.each([
    ['nothing is set', {}, undefined, direct('none_set')],
    ['only the upper case is set', { HTTPS_PROXY: 'http://up.example:1' }, undefined, via('http://up.example:1', 'HTTPS_PROXY')],
    [
      'both cases are set',
      { HTTPS_PROXY: 'http://up.example:1', https_proxy: 'http://low.example:2' },
      undefined,
      via('http://low.example:2', 'https_proxy'),
    ],
    [
      'the lower case is empty',
      { HTTPS_PROXY: 'http://up.example:1', https_proxy: '' },
      undefined,
      via('http://up.example:1', 'HTTPS_PROXY'),
    ],
    ['only the one for http is set', { HTTP_PROXY: 'http://up.example:1' }, undefined, direct('none_set')],
    ['one is configured', { HTTPS_PROXY: 'http://up.example:1' }, 'https://conf.example', via('https://conf.example', 'network.proxy')],
    ['it has no scheme', { HTTPS_PROXY: 'up.example:3128' }, undefined, via('http://up.example:3128', 'HTTPS_PROXY')],
  ])('S-29 decides when %s', (_name, variables, configured, expected) => {
    expect(decide(API, variables as Record<string, string>, configured)).toEqual(expected)
  })

  it('S-29 uses the one for http for targets without TLS', () => {
    expect(decide('http://lan.example/', { HTTP_PROXY: 'http://up.example:1', HTTPS_PROXY: 'http://other.example:2' })).toEqual(
      via('http://up.example:1', 'HTTP_PROXY'),
    )
  })

  it.each(['http://127.0.0.1:1/', 'https://127.9.9.9/', 'http://[::1]:1/', 'https://localhost/', 'https://x.localhost/'])(
    'S-29 goes to %s directly',
    (url) => {
      expect(decide(url, {}, 'http://conf.example:1')).toEqual(direct('loopback'))
    },
  )

  it.each([
    'http://169.254.169.254/computeMetadata/v1/',
    'http://169.254.131.2:8081/msi/token',
    'http://metadata.google.internal/',
    'http://metadata/',
    'http://[fd00:ec2::254]/latest/',
    'http://[fd20:ce::254]/',
    'http://[fe80::1]/',
  ])('S-29 goes to %s, beside the machine, directly', (url) => {
    expect(decide(url, { http_proxy: 'http://up.example:1' })).toEqual(direct('link_local'))
    expect(decide(url, {}, 'http://conf.example:1')).toEqual(direct('link_local'))
  })

  it.each(['http://169.254.169.254.example/', 'http://169.255.1.1/', 'http://metadata.example/', 'http://[fd00:ec3::254]/'])(
    'S-29 does not take %s for one beside the machine',
    (url) => {
      expect(decide(url, {}, 'http://conf.example:1')).toEqual(via('http://conf.example:1', 'network.proxy'))
    },
  )

  it.each([
    ['api.acme.example', true],
    ['API.ACME.EXAMPLE', true],
    ['acme.example', true],
    ['.acme.example', true],
    ['*.acme.example', true],
    ['cme.example', false],
    ['pi.acme.example', false],
    ['*', true],
    ['api.acme.example:443', true],
    ['.acme.example:443', true],
    ['api.acme.example:8443', false],
    ['other.example, api.acme.example', true],
    ['other.example api.acme.example', true],
    ['other.example', false],
    [',', false],
  ])('S-29 reads NO_PROXY=%s for a name', (list, isExempt) => {
    expect(decide(API, { NO_PROXY: list, HTTPS_PROXY: 'http://up.example:1' })).toEqual(
      isExempt ? direct('no_proxy') : via('http://up.example:1', 'HTTPS_PROXY'),
    )
  })

  it.each([
    ['https://10.1.2.3/', '10.0.0.0/8', true],
    ['https://11.1.2.3/', '10.0.0.0/8', false],
    ['https://10.1.2.3/', '10.1.2.3', true],
    ['https://10.1.2.3/', '10.1.2.3:443', true],
    ['https://10.1.2.3/', '1.2.3', false],
    ['https://10.1.2.3/', '10.0.0.0/99', false],
    ['https://10.1.2.3/', '10.0.0.0/x', false],
    ['https://api.acme.example/', '10.0.0.0/8', false],
    ['https://[fd00::1]/', 'fd00::/8', true],
    ['https://[fd00::1]/', 'fd00::1', true],
    ['https://[fd00::1]:8443/', '[fd00::1]:8443', true],
    ['https://[fd00::1]/', '[fd00::1]:8443', false],
  ])('S-29 for %s reads NO_PROXY=%s', (url, list, isExempt) => {
    expect(decide(url, { no_proxy: list, NO_PROXY: 'unread.example', HTTPS_PROXY: 'http://up.example:1' }).via).toBe(
      isExempt ? 'direct' : 'proxy',
    )
  })

  it('S-29 exempts from a configured proxy too', () => {
    expect(decide(API, { NO_PROXY: '*' }, 'http://conf.example:1')).toEqual(direct('no_proxy'))
  })

  it('S-29 takes user name and password out of the address and registers them for redaction', () => {
    const decision = decide(API, { HTTPS_PROXY: 'http://ci:CANARY%40proxy@up.example:3128' })
    expect(JSON.stringify(decision)).toBe(
      '{"via":"proxy","proxy":"http://up.example:3128","source":"HTTPS_PROXY","authorization":"[secret]"}',
    )
    expect(decision.via === 'proxy' && decision.authorization?.reveal()).toBe(`Basic ${Buffer.from('ci:CANARY@proxy').toString('base64')}`)
    expect(redact('x CANARY@proxy CANARY%40proxy y')).toBe('x [redacted:proxy-password] [redacted:proxy-password] y')
  })

  it.each([
    [
      'socks5://up.example:1080',
      'the proxy in `HTTPS_PROXY` speaks `socks5`, which claw does not',
      'set `HTTPS_PROXY` to an http:// or https:// proxy',
    ],
    [
      'socks5h://u:CANARY@up.example',
      'the proxy in `HTTPS_PROXY` speaks `socks5h`, which claw does not',
      'set `HTTPS_PROXY` to an http:// or https:// proxy',
    ],
    ['http://', 'the address of the proxy in `HTTPS_PROXY` is not a URL', 'set `HTTPS_PROXY` to `http://host:port`'],
    ['://x', 'the address of the proxy in `HTTPS_PROXY` is not a URL', 'set `HTTPS_PROXY` to an http:// or https:// proxy'],
    ['http://u:%zz@up.example', 'the password of the proxy in `HTTPS_PROXY` has a broken percent encoding', 'write `%` in it as `%25`'],
  ])('S-29 refuses the proxy %s', async (address, what, fix) => {
    expect(await failureOf(() => decide(API, { HTTPS_PROXY: address }))).toEqual({ code: 'CLAW_CONFIG_INVALID', what, fix, data: {} })
  })
})
