import { describe, expect, it } from 'vitest'
import { type DeviceRules, judgeDeviceAuthorization } from '../../src/protocols/oauth/device-authorization.ts'
import { answer } from '../support/answer.ts'
import { failureOf } from '../support/failure.ts'

const good = {
  device_code: 'CANARY-device',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://acme.example/device',
  verification_uri_complete: 'https://acme.example/device?user_code=WDJB-MJHT',
  expires_in: 600,
  interval: 7,
}
const rules: DeviceRules = {
  tokenEndpoint: 'https://auth.acme.example/token',
  verificationHosts: ['www.kimi.example', '*.ghe.example'],
  verificationUriMayBeEmpty: false,
}
const local: DeviceRules = { ...rules, tokenEndpoint: 'http://127.0.0.1:1/token' }

function judge(fields: object, given = rules) {
  const { secrets, kind: _, ...rest } = judgeDeviceAuthorization(answer(200, { ...good, ...fields }), given)
  return { deviceCode: secrets.deviceCode?.reveal(), ...rest }
}
const expected = {
  deviceCode: 'CANARY-device',
  userCode: 'WDJB-MJHT',
  verificationUri: 'https://acme.example/device',
  verificationUriComplete: 'https://acme.example/device?user_code=WDJB-MJHT',
  intervalMs: 7_000,
  lifetimeMs: 600_000,
  warnings: [],
}
const elsewhere = (host: string) => [`the sign-in page is on \`${host}\`, which is not known as a host of this provider`]

describe('judgeDeviceAuthorization', () => {
  it('reads a whole answer, and keeps the device code secret', () => {
    expect(judge({})).toEqual(expected)
    expect(JSON.stringify(judgeDeviceAuthorization(answer(200, good), rules))).not.toContain('CANARY')
  })

  it.each([
    [undefined, 5_000],
    [null, 5_000],
    [0, 5_000],
    [-3, 5_000],
    ['soon', 5_000],
    ['9', 9_000],
    [0.2, 1_000],
    [1, 1_000],
    [60, 60_000],
    [61, 60_000],
    [1e300, 60_000],
  ])('R-33 reads interval = %j as %i ms', (interval, intervalMs) => {
    expect(judge({ interval }).intervalMs).toBe(intervalMs)
  })

  it.each([
    [undefined, 900_000],
    [null, 900_000],
    ['later', 900_000],
    ['300', 300_000],
    [1_800, 1_800_000],
    [86_400, 1_800_000],
  ])('R-33 reads expires_in = %j as %i ms', (expires_in, lifetimeMs) => {
    expect(judge({ expires_in }).lifetimeMs).toBe(lifetimeMs)
  })

  it.each([0, -1, '0', '-300'])('refuses a code that has no time left: expires_in = %j', async (expires_in) => {
    const failure = await failureOf(() => judge({ expires_in }))
    expect([failure.code, failure.what, failure.why]).toEqual([
      'CLAW_PROTOCOL',
      'the code of the device authorization has expired already',
      `\`expires_in\` is ${expires_in}`,
    ])
  })

  it('R-33 takes the defaults of the catalogue where the server says nothing', () => {
    expect(
      judge({ interval: undefined, expires_in: undefined }, { ...rules, defaultIntervalMs: 3_000, defaultLifetimeMs: 60_000 }),
    ).toMatchObject({ intervalMs: 3_000, lifetimeMs: 60_000 })
  })

  const PAGE = '`verification_uri` of the device authorization'
  it.each([
    ['device_code', undefined, '`device_code` is missing from the device authorization', undefined],
    ['device_code', 5, '`device_code` of the device authorization must be a string of visible characters', undefined],
    ['device_code', '', '`device_code` of the device authorization must be a string of visible characters', undefined],
    ['device_code', 'a\nb', '`device_code` of the device authorization must be a string of visible characters', undefined],
    ['user_code', undefined, '`user_code` is missing from the device authorization', undefined],
    ['user_code', 1234, '`user_code` of the device authorization must be 4 to 32 letters, digits and dashes', undefined],
    ['user_code', 'ABC', '`user_code` of the device authorization must be 4 to 32 letters, digits and dashes', undefined],
    ['user_code', 'A'.repeat(33), '`user_code` of the device authorization must be 4 to 32 letters, digits and dashes', undefined],
    ['user_code', 'ABCD\n::add-mask::x', '`user_code` of the device authorization must be 4 to 32 letters, digits and dashes', undefined],
    ['user_code', 'ABCD\u001b[2J', '`user_code` of the device authorization must be 4 to 32 letters, digits and dashes', undefined],
    ['user_code', 'ABCD\u202e', '`user_code` of the device authorization must be 4 to 32 letters, digits and dashes', undefined],
    ['verification_uri', undefined, '`verification_uri` is missing from the device authorization', undefined],
    ['verification_uri', '', '`verification_uri` is missing from the device authorization', undefined],
    ['verification_uri', 7, `${PAGE} must be a string`, 'it is a number'],
    ['verification_uri', 'acme.example/device', `${PAGE} is no address`, undefined],
    ['verification_uri', 'javascript:alert(1)', `${PAGE} must be an https address`, 'it is `javascript:`'],
    ['verification_uri', 'file:///etc/passwd', `${PAGE} must be an https address`, 'it is `file:`'],
    ['verification_uri', 'http://acme.example/device', `${PAGE} must be an https address`, 'it is `http:`'],
    ['verification_uri', 'http://127.0.0.1:1/device', `${PAGE} must be an https address`, 'it is `http:`'],
    ['verification_uri', 'https://acme.example@evil.example/', `${PAGE} holds a user name or password`, undefined],
    ['verification_uri', 'https://acme.example/\n::add-mask::x', `${PAGE} holds characters that may not stand in an address`, undefined],
    ['verification_uri', 'https://acme.example/\u001b]0;x\u0007', `${PAGE} holds characters that may not stand in an address`, undefined],
    ['verification_uri', 'https://acme.example/\u202eecived', `${PAGE} holds characters that may not stand in an address`, undefined],
    ['verification_uri', `https://acme.example/${'x'.repeat(10_000)}`, `${PAGE} is longer than 512 characters`, undefined],
    [
      'verification_uri_complete',
      'javascript:alert(1)',
      '`verification_uri_complete` of the device authorization must be an https address',
      'it is `javascript:`',
    ],
  ])('S-44 refuses %s = %.40j', async (name, value, what, why) => {
    expect(await failureOf(() => judge({ [name]: value }))).toEqual({
      code: 'CLAW_PROTOCOL',
      what,
      ...(why !== undefined && { why }),
      data: { sent: true },
    })
  })

  it('S-44 shows the host as it is asked for, punycode and all, and warns of one that is not known', () => {
    expect(judge({ verification_uri: 'https://аcme.example/device', verification_uri_complete: undefined })).toEqual({
      ...expected,
      verificationUri: 'https://xn--cme-5cd.example/device',
      verificationUriComplete: null,
      warnings: elsewhere('xn--cme-5cd.example'),
    })
  })

  it.each([
    ['https://www.kimi.example/code', []],
    ['https://corp.ghe.example/login', []],
    ['https://ghe.example/login', elsewhere('ghe.example')],
    ['https://evil.example:8443/', elsewhere('evil.example:8443')],
  ])('S-44 knows the hosts of the catalogue and the site of the token endpoint: %s', (verification_uri, warnings) => {
    expect(judge({ verification_uri, verification_uri_complete: undefined }).warnings).toEqual(warnings)
  })

  it('S-44 shows a complete address only where it has the origin of the short one', () => {
    expect(judge({ verification_uri_complete: 'https://evil.example/?c=1' })).toEqual({
      ...expected,
      verificationUriComplete: null,
      warnings: ['the server gives a complete address on another host, which is not shown'],
    })
  })

  it('S-44 lets the complete address stand for an empty one, where the catalogue says so', () => {
    const kimi = { ...rules, verificationUriMayBeEmpty: true }
    expect(judge({ verification_uri: '' }, kimi)).toEqual({ ...expected, verificationUri: good.verification_uri_complete })
    expect(judge({}, kimi)).toEqual(expected)
  })

  it('S-44 takes http to this machine only from a token endpoint on this machine', () => {
    expect(judge({ verification_uri: 'http://127.0.0.1:2/device', verification_uri_complete: undefined }, local).verificationUri).toBe(
      'http://127.0.0.1:2/device',
    )
  })

  it('S-44 takes http to no machine at all, where the catalogue says so', async () => {
    const failure = await failureOf(() => judge({ verification_uri: 'http://127.0.0.1:2/device' }, { ...local, httpsOnly: true }))
    expect([failure.code, failure.what]).toEqual([
      'CLAW_PROTOCOL',
      '`verification_uri` of the device authorization must be an https address',
    ])
  })

  const WHO = 'the device authorization endpoint'
  it('R-21 says what to switch on, where the catalogue knows it', async () => {
    expect(await failureOf(() => judgeDeviceAuthorization(answer(404, ''), { ...rules, notEnabledFix: 'switch it on' }))).toEqual({
      code: 'CLAW_CLIENT_REFUSED',
      what: 'device sign-in is not enabled',
      why: 'HTTP 404, empty',
      fix: 'switch it on',
      data: { status: 404 },
    })
  })

  it.each([
    [
      answer(200, '<html>', { 'content-type': 'text/html' }),
      'CLAW_PROTOCOL',
      'the answer to the device authorization request is not a JSON object',
      'HTTP 200, text/html',
    ],
    [answer(200, {}), 'CLAW_PROTOCOL', '`device_code` is missing from the device authorization', undefined],
    [answer(200, { access_token: 'CANARY-access' }), 'CLAW_PROTOCOL', '`device_code` is missing from the device authorization', undefined],
    [answer(200, { error: 'invalid_client' }), 'CLAW_CLIENT_REFUSED', `${WHO} answered \`invalid_client\``, 'HTTP 200'],
    [
      answer(400, { error: 'unauthorized_client', error_description: 'not this one' }),
      'CLAW_CLIENT_REFUSED',
      `${WHO} answered \`unauthorized_client\``,
      'not this one',
    ],
    [
      answer(200, { error: 'unauthorized_client', error_description: 'not this one', device_code: 'dc', user_code: 'ABCD-EFGH' }),
      'CLAW_CLIENT_REFUSED',
      `${WHO} answered \`unauthorized_client\``,
      'not this one',
    ],
    [answer(404, 'no such page'), 'CLAW_CLIENT_REFUSED', 'the server has no device sign-in at this address', 'HTTP 404'],
    [answer(403, '<html>'), 'CLAW_PROTOCOL', `${WHO} refused the request without the words of OAuth`, 'HTTP 403'],
    [answer(429, ''), 'CLAW_RATE_LIMIT', `${WHO} limits how often it may be asked`, 'HTTP 429'],
    [answer(500, ''), 'CLAW_SERVER', `${WHO} failed`, 'HTTP 500, empty'],
  ])('R-21 says why there is no code: %j', async (given, code, what, why) => {
    const failure = await failureOf(() => judgeDeviceAuthorization(given, rules))
    expect([failure.code, failure.what, failure.why]).toEqual([code, what, why])
  })
})
