import { describe, expect, it } from 'vitest'
import { arrange, bearer, ISSUER, KIMI } from './sandbox-client.ts'

const USER_CODE = /^[A-Z]{4}-[A-Z]{4}$/

describe('the issuer of the RFCs', () => {
  it('is found by both metadata documents, which say the same', async () => {
    const { sandbox, tell } = await arrange()
    const issuer = `${sandbox.origin}/issuer`
    const document = {
      status: 200,
      json: {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        device_authorization_endpoint: `${issuer}/device_authorization`,
        token_endpoint: `${issuer}/token`,
        revocation_endpoint: `${issuer}/revoke`,
        grant_types_supported: [
          'authorization_code',
          'urn:ietf:params:oauth:grant-type:device_code',
          'refresh_token',
          'urn:ietf:params:oauth:grant-type:token-exchange',
          'urn:ietf:params:oauth:grant-type:jwt-bearer',
          'client_credentials',
        ],
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      },
    }
    expect(await tell('/.well-known/oauth-authorization-server/issuer')).toEqual(document)
    expect(await tell('/issuer/.well-known/openid-configuration')).toEqual(document)
  })

  it('signs in by device code, approved by itself at the second poll', async () => {
    const { sandbox, clock, start, poll } = await arrange()
    const started = await start()
    expect(started).toEqual({
      status: 200,
      json: {
        device_code: expect.stringMatching(/^sandbox-dc-/),
        user_code: expect.stringMatching(USER_CODE),
        verification_uri: `${sandbox.origin}/device`,
        verification_uri_complete: `${sandbox.origin}/device?user_code=${String(started.json.user_code)}`,
        expires_in: 900,
        interval: 1,
      },
    })
    expect(await poll(started.json.device_code)).toEqual({ status: 400, json: { error: 'authorization_pending' } })
    await clock.advance(1_000)
    expect(await poll(started.json.device_code)).toEqual({
      status: 200,
      json: {
        access_token: expect.stringMatching(/^sandbox-at-/),
        refresh_token: expect.stringMatching(/^sandbox-rt-/),
        token_type: 'Bearer',
        expires_in: 900,
      },
    })
  })

  it('revokes what it is told to, and answers 200 for a token that it does not know', async () => {
    const { ask, signIn, isTaken, refresh } = await arrange()
    const tokens = await signIn()
    const revoke = (token: string) => ask('/issuer/revoke', { form: { client_id: 'claw', token } })
    expect(await revoke('made-up')).toMatchObject({ status: 200, body: '' })
    expect(await isTaken(tokens.access)).toBe(true)
    expect(await revoke(tokens.refresh)).toMatchObject({ status: 200, body: '' })
    expect(await isTaken(tokens.access)).toBe(false)
    expect(await refresh(tokens.refresh)).toEqual({ status: 400, json: { error: 'invalid_grant' } })
  })

  it.each([
    ['no form', { json: { client_id: 'claw' } }, 400, 'invalid_request'],
    ['no client', { form: { grant_type: 'refresh_token', refresh_token: 'x' } }, 401, 'invalid_client'],
    ['a grant type that it lacks', { form: { client_id: 'claw', grant_type: 'password' } }, 400, 'unsupported_grant_type'],
    ['no grant type', { form: { client_id: 'claw' } }, 400, 'unsupported_grant_type'],
    ['no refresh token', { form: { client_id: 'claw', grant_type: 'refresh_token' } }, 400, 'invalid_request'],
    [
      'a parameter that comes twice',
      { body: 'client_id=claw&client_id=claw', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      400,
      'invalid_request',
    ],
  ])('refuses a token request with %s', async (_, asked, status, error) => {
    const { tell } = await arrange()
    const told = await tell(ISSUER.token, asked)
    expect({ status: told.status, error: told.json.error }).toEqual({ status, error })
  })
})

describe('Kimi', () => {
  it('names its page only with the code in it, and answers every error with 400', async () => {
    const { sandbox, clock, start, poll, refresh } = await arrange()
    const { json } = await start(KIMI)
    expect(json).toMatchObject({
      verification_uri: '',
      verification_uri_complete: `${sandbox.origin}/device?user_code=${String(json.user_code)}`,
      expires_in: 900,
      interval: 1,
    })
    expect(await poll(json.device_code, KIMI)).toEqual({ status: 400, json: { error: 'authorization_pending' } })
    expect(await poll(json.device_code, KIMI)).toEqual({ status: 400, json: { error: 'slow_down' } })
    await clock.advance(6_000)
    const granted = await poll(json.device_code, KIMI)
    expect(granted).toMatchObject({ status: 200, json: { expires_in: 900, token_type: 'Bearer', scope: 'kimi-code' } })
    expect(await refresh('made-up', KIMI)).toEqual({ status: 400, json: { error: 'invalid_grant' } })
  })

  it('takes the headers of a device', async () => {
    const { tell } = await arrange()
    const headers = { 'x-msh-platform': 'claw', 'x-msh-device-id': '0' }
    expect((await tell(KIMI.device, { form: { client_id: 'claw' }, headers })).status).toBe(200)
  })
})

describe('the page', () => {
  it('S-39 is the same for every address, and lets nothing in', async () => {
    const { ask } = await arrange({ scenario: 'manual' })
    const plain = await ask('/device')
    const hostile = await ask('/device?user_code=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cb%3E')
    expect(hostile.body).toBe(plain.body)
    expect(plain.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; form-action 'self'",
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    const refused = await ask('/device', { form: { user_code: '<script>', action: 'approve' } })
    expect({ status: refused.status, has: refused.body.includes('script') }).toEqual({ status: 400, has: false })
  })

  it.each([
    ['approve', 200, undefined],
    ['deny', 400, 'access_denied'],
  ])('lets somebody %s a code', async (action, status, error) => {
    const { ask, clock, start, poll } = await arrange({ scenario: 'manual' })
    const { json } = await start()
    expect((await poll(json.device_code)).json.error).toBe('authorization_pending')
    const decided = await ask('/device', { form: { user_code: String(json.user_code), action } })
    expect(decided.status).toBe(200)
    await clock.advance(1_000)
    const polled = await poll(json.device_code)
    expect({ status: polled.status, error: polled.json.error }).toEqual({ status, error })
  })

  it('takes the code of the complete address', async () => {
    const { sandbox, ask, start, poll } = await arrange({ scenario: 'manual' })
    const { json } = await start()
    const page = String(json.verification_uri_complete).slice(sandbox.origin.length)
    expect((await ask(page)).status).toBe(200)
    expect((await ask(page, { form: { user_code: '', action: 'approve' } })).status).toBe(200)
    expect((await poll(json.device_code)).status).toBe(200)
  })

  it.each([
    ['an unknown code', { form: { user_code: 'BBBB-BBBB', action: 'approve' } }, 400],
    ['no decision', { form: { user_code: 'BBBB-BBBB' } }, 400],
    ['another method', { method: 'PUT', body: '' }, 405],
  ])('refuses %s', async (_, asked, status) => {
    const { ask } = await arrange()
    expect((await ask('/device', asked)).status).toBe(status)
  })

  it('can be left out: whoever started the sandbox decides', async () => {
    const { sandbox, start, poll } = await arrange({ scenario: 'manual' })
    const [first, second] = [await start(), await start()]
    expect([sandbox.approve(String(first.json.user_code)), sandbox.deny(String(second.json.user_code)), sandbox.approve('x')]).toEqual([
      true,
      true,
      false,
    ])
    expect((await poll(first.json.device_code)).status).toBe(200)
    expect((await poll(second.json.device_code)).json).toEqual({ error: 'access_denied' })
  })
})

describe('rotation over HTTP', () => {
  it('revokes the whole family when a refresh token comes again, at every address at once', async () => {
    const { sandbox, tell, signIn, refresh, isTaken } = await arrange()
    const first = await signIn(KIMI)
    const second = await refresh(first.refresh, KIMI)
    expect(second.status).toBe(200)
    expect([await isTaken(first.access), await isTaken(second.json.access_token)]).toEqual([true, true])
    expect(await refresh(first.refresh, KIMI)).toEqual({ status: 400, json: { error: 'invalid_grant' } })
    expect([await isTaken(first.access), await isTaken(second.json.access_token)]).toEqual([false, false])
    expect((await tell('/v1/models', { headers: bearer(second.json.access_token) })).status).toBe(401)
    expect(await refresh(second.json.refresh_token, KIMI)).toEqual({ status: 400, json: { error: 'invalid_grant' } })
    const refreshes = sandbox.journal.filter(({ grantType }) => grantType === 'refresh_token')
    expect(refreshes.map(({ status, generation, note }) => ({ status, generation, note }))).toEqual([
      { status: 200, generation: 0, note: 'granted' },
      { status: 400, generation: 1, note: 'reuse' },
      { status: 400, generation: 1, note: 'revoked' },
    ])
    expect(refreshes[1]?.token).toBe(refreshes[0]?.token)
    expect(refreshes[2]?.token).not.toBe(refreshes[0]?.token)
  })
})
