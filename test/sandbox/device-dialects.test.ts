import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { arrange } from './sandbox-client.ts'

const OPENAI = '/auth.openai.com'
const CODE = /^[A-Z]{4}-[A-Z]{4}$/
const GITHUB = { device: '/github.com/login/device/code', token: '/github.com/login/oauth/access_token' }
const XAI = { device: '/auth.x.ai/oauth2/device/code', token: '/auth.x.ai/oauth2/token' }
const MINIMAX = '/account.minimax.io/oauth2'

describe('OpenAI', () => {
  const start = (client: Awaited<ReturnType<typeof arrange>>) =>
    client.tell(`${OPENAI}/api/accounts/deviceauth/usercode`, { json: { client_id: 'codex' } })
  const poll = (client: Awaited<ReturnType<typeof arrange>>, { json }: Awaited<ReturnType<typeof start>>) =>
    client.tell(`${OPENAI}/api/accounts/deviceauth/token`, {
      json: { device_auth_id: json.device_auth_id, user_code: json.user_code },
    })

  it('gives a code with an interval of text, is pending with 403, and approves with a code and its verifier', async () => {
    const client = await arrange()
    const started = await start(client)
    expect(started).toEqual({
      status: 200,
      json: { device_auth_id: expect.stringMatching(/^sandbox-dc-/), user_code: expect.stringMatching(CODE), interval: '1' },
    })
    expect(await poll(client, started)).toEqual({ status: 403, json: { error: { code: 'deviceauth_authorization_pending' } } })
    await client.clock.advance(1_000)
    const approved = await poll(client, started)
    const verifier = String(approved.json.code_verifier)
    expect(approved).toEqual({
      status: 200,
      json: {
        authorization_code: expect.stringMatching(/^sandbox-code-/),
        code_verifier: verifier,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      },
    })
    const form = {
      grant_type: 'authorization_code',
      client_id: 'codex',
      code: String(approved.json.authorization_code),
      code_verifier: verifier,
      redirect_uri: 'https://auth.openai.com/deviceauth/callback',
    }
    const granted = await client.tell(`${OPENAI}/oauth/token`, { form })
    expect({ status: granted.status, fields: Object.keys(granted.json), lifetime: granted.json.expires_in }).toEqual({
      status: 200,
      fields: ['id_token', 'access_token', 'refresh_token', 'expires_in', 'token_type'],
      lifetime: 900,
    })
    expect(await client.tell(`${OPENAI}/oauth/token`, { form })).toMatchObject({ status: 400, json: { error: { code: 'invalid_grant' } } })
    expect(await poll(client, started)).toEqual({ status: 404, json: {} })
  })

  it('refuses the exchange with a state, with another redirect, and with another verifier', async () => {
    for (const change of [{ state: 's' }, { redirect_uri: 'https://elsewhere.example' }, { code_verifier: 'other' }]) {
      const client = await arrange({ approvesAtPoll: 1 })
      const { json } = await poll(client, await start(client))
      const form = {
        grant_type: 'authorization_code',
        client_id: 'codex',
        code: String(json.authorization_code),
        code_verifier: String(json.code_verifier),
        redirect_uri: 'https://auth.openai.com/deviceauth/callback',
        ...change,
      }
      expect((await client.tell(`${OPENAI}/oauth/token`, { form })).status).toBe(400)
    }
  })

  it('has device sign-in switched off, where the scenario says so', async () => {
    expect((await start(await arrange({ scenario: 'device-off' }))).status).toBe(404)
  })
})

describe('GitHub', () => {
  it('answers every poll with 200, and a slow_down with the interval', async () => {
    const client = await arrange({ scenario: 'slow_down' })
    const { json } = await client.start(GITHUB)
    const polls = []
    for (let poll = 0; poll < 3; poll++) {
      polls.push(await client.poll(json.device_code, GITHUB))
      await client.clock.advance(2_000)
    }
    expect(polls).toEqual([
      { status: 200, json: { error: 'slow_down', interval: 2 } },
      { status: 200, json: { error: 'authorization_pending' } },
      { status: 200, json: { access_token: expect.stringMatching(/^ghu_sandbox/), token_type: 'Bearer', scope: 'read:user' } },
    ])
  })

  it('gives some tokens an end and a refresh token', async () => {
    const client = await arrange({ scenario: 'short-lived' })
    const first = await client.signIn(GITHUB)
    expect(first.refresh).toMatch(/^ghr_sandbox/)
    expect(await client.refresh(first.refresh, GITHUB)).toMatchObject({ status: 200, json: { expires_in: 2 } })
    expect(await client.refresh(first.refresh, GITHUB)).toEqual({ status: 200, json: { error: 'bad_refresh_token' } })
  })
})

describe('xAI', () => {
  it('never says how long a token lives', async () => {
    const client = await arrange({ approvesAtPoll: 1 })
    const { json } = await client.start(XAI)
    expect(Object.keys((await client.poll(json.device_code, XAI)).json)).toEqual([
      'access_token',
      'refresh_token',
      'token_type',
      'principal_type',
      'principal_id',
    ])
  })

  it('wants the principal back that it has named', async () => {
    const client = await arrange()
    const { refresh } = await client.signIn(XAI)
    expect(await client.refresh(refresh, XAI)).toMatchObject({ status: 400, json: { error: 'invalid_request' } })
    const form = { grant_type: 'refresh_token', client_id: 'claw', refresh_token: refresh, principal_type: 'user' }
    expect((await client.tell(XAI.token, { form: { ...form, principal_id: 'somebody' } })).status).toBe(400)
    expect((await client.tell(XAI.token, { form: { ...form, principal_id: 'sandbox-user' } })).status).toBe(200)
  })

  it('answers the first two requests by a page that only a browser gets past, where the scenario says so', async () => {
    const client = await arrange({ scenario: 'challenge' })
    const asked = () => client.ask(XAI.device, { form: { client_id: 'claw' } })
    const seen = [await asked(), await asked(), await asked()]
    expect(seen.map(({ status, headers }) => [status, headers['content-type']])).toEqual([
      [403, 'text/html; charset=utf-8'],
      [403, 'text/html; charset=utf-8'],
      [200, 'application/json'],
    ])
  })
})

describe('MiniMax', () => {
  const verifier = 'verifier-of-a-test'
  const form = {
    response_type: 'code',
    client_id: 'claw',
    scope: 'profile',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'state-of-a-test',
  }
  const headers = { 'x-request-id': '00000000-0000-4000-8000-000000000000' }
  const pollForm = (userCode: unknown, code_verifier = verifier) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:user_code',
    client_id: 'claw',
    user_code: String(userCode),
    code_verifier,
  })

  it('has no device code, tells times in ms, echoes the state, and puts its verdict into a 200', async () => {
    const { sandbox, tell, clock } = await arrange()
    const started = await tell(`${MINIMAX}/device/code`, { form, headers })
    expect(started).toEqual({
      status: 200,
      json: {
        user_code: expect.stringMatching(CODE),
        verification_uri: `${sandbox.origin}/device`,
        expired_in: clock.wall() + 900_000,
        interval: 1_000,
        state: 'state-of-a-test',
      },
    })
    const poll = () => tell(`${MINIMAX}/token`, { form: pollForm(started.json.user_code) })
    expect(await poll()).toEqual({ status: 200, json: { status: 'pending' } })
    await clock.advance(1_000)
    const granted = await poll()
    expect(granted).toEqual({
      status: 200,
      json: {
        status: 'success',
        access_token: expect.stringMatching(/^sandbox-at-/),
        refresh_token: expect.stringMatching(/^sandbox-rt-/),
        expired_in: clock.wall() + 900_000,
      },
    })
    const refresh = { grant_type: 'refresh_token', client_id: 'claw', refresh_token: String(granted.json.refresh_token) }
    expect(await tell(`${MINIMAX}/token`, { form: refresh })).toMatchObject({ status: 200, json: { status: 'success' } })
    expect(await tell(`${MINIMAX}/token`, { form: refresh })).toEqual({
      status: 400,
      json: { base_resp: { status_code: 1004, status_msg: 'login fail: invalid refresh token' } },
    })
  })

  it('wants the verifier of the challenge, and an id of every request', async () => {
    const { tell } = await arrange({ approvesAtPoll: 1 })
    const started = await tell(`${MINIMAX}/device/code`, { form, headers })
    expect((await tell(`${MINIMAX}/token`, { form: pollForm(started.json.user_code, 'other') })).status).toBe(400)
    expect((await tell(`${MINIMAX}/device/code`, { form })).status).toBe(400)
  })
})
