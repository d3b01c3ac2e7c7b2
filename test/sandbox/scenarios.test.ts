import { challengeOf } from '../../src/sandbox/sign-in/authorization-codes.ts'
import { describe, expect, it } from 'vitest'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import { SandboxCommand } from '../../src/cli/sandbox.command.ts'
import { SCENARIO_NAMES } from '../../src/sandbox/scenarios.ts'
import { startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { failureOf } from '../support/failure.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { dial } from '../support/loopback-client.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { IDENTITY_PROOFS } from './identity/identity-proofs.ts'
import { arrange, bearer, eventsOf, ISSUER } from './sandbox-client.ts'

type Client = Awaited<ReturnType<typeof arrange>>

const KEY = bearer('sk-sandbox-0123456789')
const CHAT = '/v1/chat/completions'
const chat = (content: string, stream: boolean) => ({
  headers: KEY,
  json: { model: 'm', stream, messages: [{ role: 'user', content }] },
})
const MESSAGES = '/api.anthropic.com/v1/messages'
const message = (content: string, stream: boolean) => ({
  headers: { 'x-api-key': 'sk-ant-api03-sandbox-0123456789', 'anthropic-version': '2023-06-01' },
  json: { model: 'c', max_tokens: 9, stream, messages: [{ role: 'user', content }] },
})

const accountIn = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString())['https://api.openai.com/auth'].chatgpt_account_id

/** What each scenario does that the usual sandbox does not. */
const PROOFS: Readonly<Record<string, (client: Client) => Promise<void>>> = {
  async manual({ clock, start, poll }) {
    const { json } = await start()
    for (let n = 0; n < 5; n++) {
      expect((await poll(json.device_code)).json).toEqual({ error: 'authorization_pending' })
      await clock.advance(1_000)
    }
  },

  async slow_down({ clock, start, poll }) {
    const { json } = await start()
    expect(await poll(json.device_code)).toEqual({ status: 400, json: { error: 'slow_down', interval: 2 } })
    await clock.advance(2_000)
    expect((await poll(json.device_code)).json).toEqual({ error: 'authorization_pending' })
    await clock.advance(2_000)
    expect((await poll(json.device_code)).status).toBe(200)
  },

  async denied({ start, poll }) {
    const { json } = await start()
    expect(await poll(json.device_code)).toEqual({ status: 400, json: { error: 'access_denied' } })
  },

  async expired({ clock, start, poll }) {
    const { json } = await start()
    expect(json.expires_in).toBe(2)
    expect((await poll(json.device_code)).json).toEqual({ error: 'authorization_pending' })
    await clock.advance(2_000)
    expect(await poll(json.device_code)).toEqual({ status: 400, json: { error: 'expired_token' } })
  },

  async 'short-lived'({ clock, signIn, isTaken, refresh }) {
    const tokens = await signIn()
    await clock.advance(1_999)
    expect(await isTaken(tokens.access)).toBe(true)
    await clock.advance(1)
    expect(await isTaken(tokens.access)).toBe(false)
    expect((await refresh(tokens.refresh)).json.expires_in).toBe(2)
  },

  async 'rotation-grace'({ clock, signIn, refresh, sandbox }) {
    const tokens = await signIn()
    await refresh(tokens.refresh)
    await clock.advance(29_999)
    expect((await refresh(tokens.refresh)).status).toBe(200)
    await clock.advance(1)
    expect((await refresh(tokens.refresh)).status).toBe(400)
    expect(sandbox.journal.flatMap(({ grantType, note }) => (grantType === 'refresh_token' ? [note] : []))).toEqual([
      'granted',
      'grace',
      'reuse',
    ])
  },

  async 'lost-answer'({ signIn, refresh, isTaken, sandbox }) {
    const tokens = await signIn()
    await expect(refresh(tokens.refresh)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(sandbox.journal.at(-1)).toMatchObject({ grantType: 'refresh_token', generation: 0, note: 'answer lost' })
    expect(await isTaken(tokens.access)).toBe(true)
    // It was done all the same: the old token is used up.
    expect(await refresh(tokens.refresh)).toEqual({ status: 400, json: { error: 'invalid_grant' } })
    expect(await isTaken(tokens.access)).toBe(false)
  },

  async 'refresh-busy'({ ask, signIn, sandbox }) {
    const tokens = await signIn()
    const form = { client_id: 'claw', grant_type: 'refresh_token', refresh_token: tokens.refresh }
    const heard = await ask(ISSUER.token, { form })
    expect({ status: heard.status, wait: heard.headers['retry-after'] }).toEqual({ status: 503, wait: '1' })
    expect(sandbox.journal.at(-1)).not.toHaveProperty('generation')
  },

  async 'refresh-narrowed'({ signIn, refresh }) {
    const tokens = await signIn()
    expect(await refresh(tokens.refresh)).toMatchObject({ status: 200, json: { scope: 'less' } })
  },

  async 'refresh-other-account'({ tell, clock }) {
    const [openai, client] = ['/auth.openai.com', { client_id: 'codex' }]
    const { json } = await tell(`${openai}/api/accounts/deviceauth/usercode`, { json: client })
    const ask = () =>
      tell(`${openai}/api/accounts/deviceauth/token`, { json: { device_auth_id: json.device_auth_id, user_code: json.user_code } })
    await ask()
    await clock.advance(1_000)
    const approved = await ask()
    const redirect = 'https://auth.openai.com/deviceauth/callback'
    const code = {
      code: String(approved.json.authorization_code),
      code_verifier: String(approved.json.code_verifier),
      redirect_uri: redirect,
    }
    const first = await tell(`${openai}/oauth/token`, { form: { ...client, ...code, grant_type: 'authorization_code' } })
    const refresh = { ...client, grant_type: 'refresh_token', refresh_token: String(first.json.refresh_token) }
    const second = await tell(`${openai}/oauth/token`, { json: refresh })
    expect([accountIn(first.json.id_token), accountIn(second.json.id_token)]).toEqual(['sandbox-account', 'another-account'])
  },

  async 'refresh-forbidden'({ ask, signIn, isTaken }) {
    const tokens = await signIn()
    const heard = await ask(ISSUER.token, {
      form: { client_id: 'claw', grant_type: 'refresh_token', refresh_token: tokens.refresh },
    })
    expect({ status: heard.status, type: heard.headers['content-type'] }).toEqual({ status: 403, type: 'text/html; charset=utf-8' })
    expect(await isTaken(tokens.access)).toBe(true)
  },

  async challenge({ ask }) {
    const asked = () => ask('/issuer/device_authorization', { form: { client_id: 'claw' } })
    expect([(await asked()).status, (await asked()).status, (await asked()).status]).toEqual([403, 403, 200])
  },
  async 'device-off'({ start }) {
    expect((await start()).status).toBe(404)
  },
  async 'token-html'({ ask, start }) {
    expect((await start()).status).toBe(200)
    const heard = await ask(ISSUER.token, { form: { client_id: 'claw', grant_type: 'refresh_token', refresh_token: 'x' } })
    expect({ status: heard.status, type: heard.headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' })
  },

  async 'token-busy'({ ask, clock, start, poll, sandbox }) {
    const { json } = await start()
    const form = { client_id: 'claw', grant_type: 'refresh_token', refresh_token: 'x' }
    const heard = await ask(ISSUER.token, { form })
    expect({ status: heard.status, wait: heard.headers['retry-after'] }).toEqual({ status: 503, wait: '1' })
    expect(sandbox.journal.at(-1)).toMatchObject({ grantType: 'refresh_token', status: 503, note: 'out' })
    expect((await poll(json.device_code)).json).toEqual({ error: 'authorization_pending' })
    await clock.advance(1_000)
    expect((await poll(json.device_code)).status).toBe(200)
  },

  async 'token-malformed'({ clock, start, poll }) {
    const { json } = await start()
    expect((await poll(json.device_code)).json).toEqual({ error: 'authorization_pending' })
    await clock.advance(1_000)
    expect(await poll(json.device_code)).toMatchObject({ status: 200, json: { access_token: 42, token_type: 'Bearer' } })
  },

  async 'rate-limit'({ ask, clock }) {
    const heard = [await ask(CHAT, chat('hi', false)), await ask(MESSAGES, message('hi', true))]
    expect(heard.map(({ status, headers }) => ({ status, wait: headers['retry-after'] }))).toEqual([
      { status: 429, wait: '30' },
      { status: 429, wait: '30' },
    ])
    expect(JSON.parse(heard[0]?.body ?? '')).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'requests' } })
    expect(heard[0]?.headers).toMatchObject({ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '30s' })
    expect(JSON.parse(heard[1]?.body ?? '')).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
    expect(heard[1]?.headers['anthropic-ratelimit-requests-reset']).toBe(new Date(clock.now() + 30_000).toISOString())
  },

  async forbidden({ tell }) {
    expect(await tell(CHAT, chat('hi', false))).toMatchObject({ status: 403, json: { error: { code: 'model_not_allowed' } } })
    expect(await tell(MESSAGES, message('hi', false))).toMatchObject({ status: 403, json: { error: { type: 'permission_error' } } })
    expect((await tell('/v1/models', { headers: KEY })).status).toBe(200)
  },

  async 'server-error'({ tell }) {
    expect(await tell(CHAT, chat('hi', false))).toMatchObject({ status: 500, json: { error: { code: 'server_error' } } })
    expect(await tell(MESSAGES, message('hi', false))).toMatchObject({ status: 500, json: { error: { type: 'api_error' } } })
  },

  async 'cut-stream'({ ask }) {
    const cut = [
      await ask(CHAT, chat('one two', true)),
      await ask(MESSAGES, message('one two', true)),
      await ask(CHAT, chat('tool: look', true)),
    ]
    expect(cut.map(({ status, isWhole }) => ({ status, isWhole }))).toEqual(cut.map(() => ({ status: 200, isWhole: false })))
    expect(eventsOf(cut[0]?.body ?? '').at(-1)).toMatchObject({ choices: [{ delta: { content: 'one ' } }] })
    expect(eventsOf(cut[1]?.body ?? '').at(-1)).toMatchObject({ delta: { type: 'text_delta', text: 'one ' } })
    expect(eventsOf(cut[2]?.body ?? '')).toHaveLength(1)
    expect(await ask(CHAT, chat('one two', false))).toMatchObject({ status: 200, isWhole: true })
  },

  async 'slow-body'({ ask, clock }) {
    const begin = clock.now()
    const heard = await clock.driveUntil(ask(CHAT, chat('one two', true)))
    expect(heard).toMatchObject({ status: 200, isWhole: true })
    // A role, two pieces, the end, and [DONE].
    expect(clock.now() - begin).toBe(500)
  },

  async silent({ clock, sandbox }) {
    const body = JSON.stringify(chat('one two', true).json)
    const head = `POST ${CHAT} HTTP/1.1\r\nHost: h\r\nAuthorization: ${KEY.authorization}\r\nContent-Length: ${body.length}\r\n\r\n`
    const { socket, ended } = await dial(Number(new URL(sandbox.origin).port), head + body)
    await new Promise<void>((resolve) => {
      let came = ''
      socket.on('data', (chunk) => {
        came += chunk
        if (came.includes('one ')) resolve()
      })
    })
    await clock.advance(3_599_999)
    expect({ pending: clock.pending, closed: socket.closed }).toEqual({ pending: 1, closed: false })
    await sandbox.close()
    expect(await ended).not.toContain('two')
    expect(clock.pending).toBe(0)
  },

  async 'token-unfit'(client) {
    const { token, redeem } = await chatGptCode(client)
    expect((await client.tell(token, { form: redeem })).json).toMatchObject({ scope: 'openid profile email' })
  },

  async 'no-seat'({ tell }) {
    expect((await tell('/api.github.com/copilot_internal/user', { headers: bearer('ghu_sandbox') })).status).toBe(404)
  },

  async 'no-exchange'({ tell }) {
    expect((await tell('/api.github.com/copilot_internal/v2/token', { headers: bearer('ghu_sandbox') })).status).toBe(403)
  },

  async 'evil-host'({ tell }) {
    expect((await tell('/api.github.com/copilot_internal/user', { headers: bearer('ghu_sandbox') })).json).toMatchObject({
      endpoints: { api: 'https://api.evil.example' },
    })
  },

  ...IDENTITY_PROOFS,

  async 'clock-skew'({ ask, clock }) {
    const heard = await ask('/127.0.0.1:11434/api/version')
    expect(heard.headers.date).toBe(new Date(clock.now() + 600_000).toUTCString())
  },
}

/** A sign-in with ChatGPT that somebody approved, up to the exchange of its code. */
async function chatGptCode({ ask }: Awaited<ReturnType<typeof arrange>>) {
  const verifier = 'v'.repeat(43)
  const redirect = 'http://127.0.0.1:1455/auth/callback'
  const query = new URLSearchParams({
    client_id: 'dynamic_agent_client',
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'openid chatgpt.tokens.use.direct',
    state: 's',
    nonce: 'n',
    resource: 'r',
    agent_name_hint: 'claw',
    ext_agent_host_id: 'urn:uuid:0',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
  })
  const { headers } = await ask(`/auth.openai.com/api/accounts/authorize?${query}`, { form: { action: 'approve' } })
  const given = new URL(String(headers.location)).searchParams
  const redeem = { grant_type: 'authorization_code', code: given.get('code') ?? '', client_id: given.get('client_id') ?? '' }
  return {
    token: '/auth.openai.com/api/accounts/oauth/token',
    redeem: { ...redeem, redirect_uri: redirect, code_verifier: verifier, resource: 'r' },
  }
}

describe('the scenario', () => {
  it.each(SCENARIO_NAMES)('%s does what it says', async (scenario) => {
    await PROOFS[scenario]?.(await arrange({ scenario }))
    expect.hasAssertions()
  })

  it('is named in the help of the command', () => {
    const named = [...(SandboxCommand.usage.details ?? '').matchAll(/Scenarios of a[^:]*: ([^.]+)\./g)].flatMap(([, list = '']) =>
      list.split(/,\s+/),
    )
    expect(named.sort()).toEqual([...SCENARIO_NAMES].sort())
  })

  it('is one of a list that an unknown name is told', async () => {
    const failure = await failureOf(() =>
      startSandbox({ clock: fakeClock(), random: seededRandom(), mirror: rehearsal(), scenario: 'slow-down' }),
    )
    expect({ ...failure, why: '' }).toEqual({
      code: 'CLAW_USAGE',
      what: 'there is no scenario `slow-down`',
      why: '',
      fix: 'claw sandbox --scenario slow_down',
      data: {},
    })
    expect(
      failure.why
        ?.split('\n')
        .slice(1)
        .map((line) => line.split(':')[0]),
    ).toEqual(SCENARIO_NAMES)
    for (const scenario of ['toString', '__proto__', '']) {
      expect(
        await failureOf(() => startSandbox({ clock: fakeClock(), random: seededRandom(), mirror: rehearsal(), scenario })),
      ).toMatchObject({
        code: 'CLAW_USAGE',
        fix: 'claw sandbox --scenario manual',
      })
    }
  })

  it('may leave open at which poll a code approves itself', async () => {
    const { start, poll } = await arrange({ approvesAtPoll: 1 })
    expect((await poll((await start()).json.device_code)).status).toBe(200)
  })
})
