import { describe, expect, it } from 'vitest'
import { signInWorld } from '../support/browser-sign-in.ts'
import { failureOf } from '../support/failure.ts'
import { loopbackServer } from '../support/loopback-server.ts'

const GRANT = { access_token: 'access-token-1', refresh_token: 'refresh-token-1', token_type: 'Bearer', expires_in: 900 }

interface Given {
  readonly status?: number
  readonly body: unknown
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A provider of one's own whose token endpoint answers so, up to the exchange of a code. */
async function exchanged(given: Given | readonly Given[], more = '', paste = (state: string) => `c1#${state}`, at?: string) {
  const answers = Array.isArray(given) ? given : [given]
  const times: number[] = []
  await using server = await loopbackServer((_, index) => {
    times.push((world.here.clock.now() - startedAt) / 1_000)
    const answer = answers[index] ?? answers.at(-1)
    return {
      status: answer.status ?? 200,
      headers: { 'content-type': answer.type ?? 'application/json', ...answer.headers },
      body: typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body),
    }
  })
  await using world = await signInWorld(
    `[providers.own]
protocol = "openai-chat"
base_url = "https://api.example/v1"
models = ["m"]
[providers.own.auth.web]
method = "pkce"
authorization_endpoint = "https://auth.example/authorize"
token_endpoint = "${at ?? `${server.origin}/token`}"
client_id = "own-client"
scope = "openid"
redirect_uri = "http://127.0.0.1:4567/callback"
${more.replaceAll('$ORIGIN', server.origin)}`,
    { OWN_SECRET: 'own-client-secret' },
  )
  const startedAt = world.here.clock.now()
  let url = ''
  await world.signIn({ name: 'own', way: 'paste' }, async (printed) => {
    url = printed
  })
  const query = new URL(url).searchParams
  const work = () => world.signIn({ name: 'own', way: 'complete', paste: async () => paste(query.get('state') ?? '') })
  const said = await world.drive(work()).then(
    (result) => result,
    (thrown: unknown) => failureOf(() => Promise.reject(thrown)),
  )
  const after = (world.here.clock.now() - startedAt) / 1_000
  const { records, flows } = await world.here.store.read()
  return { said, query, requests: server.requests, times, after, records, waits: flows.length }
}

describe('the exchange of a code', () => {
  const body = {
    grant_type: 'authorization_code',
    code: 'c1',
    redirect_uri: 'http://127.0.0.1:4567/callback',
    client_id: 'own-client',
    code_verifier: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
  }

  it('is a form by itself', async () => {
    const { requests } = await exchanged({ body: GRANT })
    expect(requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual(body)
  })

  it('is JSON, with the state in it, where the server wants that', async () => {
    const { requests, query } = await exchanged({ body: GRANT }, 'token_body = "json"\nstate_in_body = true')
    expect(requests[0]?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ ...body, state: query.get('state') })
  })

  it('carries secret, resource, audience and what else is configured; the address carries all but the secret', async () => {
    const { requests, query } = await exchanged(
      { body: GRANT },
      'client_secret = "env:OWN_SECRET"\nresource = "https://api.example/"\naudience = "own-api"\nextra_params = { tenant = "t1" }',
    )
    const more = { resource: 'https://api.example/', audience: 'own-api', tenant: 't1' }
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({ ...body, ...more, client_secret: 'own-client-secret' })
    const { state, code_challenge, ...rest } = Object.fromEntries(query)
    expect(rest).toEqual({
      ...more,
      response_type: 'code',
      client_id: 'own-client',
      redirect_uri: body.redirect_uri,
      scope: 'openid',
      code_challenge_method: 'S256',
    })
    expect([state?.length, code_challenge?.length]).toEqual([43, 43])
  })

  it.each<[string, Given, string, number]>([
    ['a success', { body: GRANT }, 'granted', 0],
    ['no access token', { body: { ...GRANT, access_token: undefined } }, 'CLAW_PROTOCOL', 0],
    ['an access token that is no text', { body: { ...GRANT, access_token: 42 } }, 'CLAW_PROTOCOL', 0],
    ['an access token that is empty', { body: { ...GRANT, access_token: '' } }, 'CLAW_PROTOCOL', 0],
    ['an access token with a line end', { body: { ...GRANT, access_token: 'a\nb' } }, 'CLAW_PROTOCOL', 0],
    ['another type of token', { body: { ...GRANT, token_type: 'mac' } }, 'CLAW_PROTOCOL', 0],
    ['a type that is no text', { body: { ...GRANT, token_type: 1 } }, 'CLAW_PROTOCOL', 0],
    ['a refresh token that is no text', { body: { ...GRANT, refresh_token: {} } }, 'CLAW_PROTOCOL', 0],
    ['a lifetime in words', { body: { ...GRANT, expires_in: 'soon' } }, 'granted', 0],
    ['a lifetime that is negative', { body: { ...GRANT, expires_in: -1 } }, 'granted', 0],
    ['an id token that is no text', { body: { ...GRANT, id_token: [] } }, 'granted', 0],
    ['a list', { body: [] }, 'CLAW_PROTOCOL', 1],
    ['nothing', { body: '' }, 'CLAW_PROTOCOL', 1],
    ['half of an answer', { body: '{"access_token":' }, 'CLAW_PROTOCOL', 1],
    ['HTML in place of JSON', { body: '<h1>Sign in</h1>', type: 'text/html' }, 'CLAW_PROTOCOL', 1],
    ["a proxy's 403 page", { status: 403, body: '<h1>Denied</h1>', type: 'text/html' }, 'CLAW_PROTOCOL', 1],
    ["a proxy's 407 page", { status: 407, body: '<h1>Denied</h1>', type: 'text/html' }, 'CLAW_PROTOCOL', 1],
    ['401 without words', { status: 401, body: {} }, 'CLAW_PROTOCOL', 1],
    ['a redirect', { status: 302, body: '' }, 'CLAW_REDIRECT', 1],
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant', error_description: 'code expired' } }, 'CLAW_GRANT_REJECTED', 0],
    ['access_denied', { status: 400, body: { error: 'access_denied' } }, 'CLAW_DENIED', 0],
    ['invalid_client', { status: 401, body: { error: 'invalid_client' } }, 'CLAW_CLIENT_REFUSED', 1],
    ['500', { status: 500, body: 'oops' }, 'CLAW_SERVER', 1],
  ])('answered with %s: stored only when good, and kept waiting unless the code is used up', async (_, answer, end, waits) => {
    const run = await exchanged(answer)
    expect({
      end: 'state' in run.said ? run.said.state : run.said.code,
      asked: run.requests.length,
      stored: run.records.length,
      waits: run.waits,
    }).toEqual({ end, asked: 1, stored: end === 'granted' ? 1 : 0, waits })
  })

  it.each<[string, readonly Given[], string, readonly number[], number]>([
    ['503 once', [{ status: 503, body: '' }, { body: GRANT }], 'granted', [0, 1], 0],
    ['429 for good', [{ status: 429, body: '' }], 'CLAW_RATE_LIMIT', [0, 1, 3, 7], 1],
    ['503 for good', [{ status: 503, body: '' }], 'CLAW_OVERLOADED', [0, 1, 3, 7], 1],
    ['429 with a wish', [{ status: 429, body: '', headers: { 'retry-after': '9' } }, { body: GRANT }], 'granted', [0, 9], 0],
    [
      '503, then 500',
      [
        { status: 503, body: '' },
        { status: 500, body: '' },
      ],
      'CLAW_SERVER',
      [0, 1],
      1,
    ],
  ])('answered with %s: asked again only while it was surely not processed', async (_, answers, end, times, waits) => {
    const run = await exchanged(answers)
    expect({ end: 'state' in run.said ? run.said.state : run.said.code, times: run.times, waits: run.waits }).toEqual({ end, times, waits })
  })

  it('that never left is tried again, and still waits afterwards', async () => {
    const run = await exchanged({ body: GRANT }, '', (state) => `c1#${state}`, 'http://127.0.0.1:9/token')
    expect({ said: run.said, after: run.after, waits: run.waits }).toEqual({
      said: expect.objectContaining({
        code: 'CLAW_NETWORK',
        data: { errno: 'ECONNREFUSED', sent: false },
      }),
      after: 7,
      waits: 1,
    })
  })

  it.each([404, 405, 410])('goes to the next address of the vendor where the first answers %i', async (status) => {
    const run = await exchanged([{ status, body: { type: 'error' } }, { body: GRANT }], 'token_url_fallbacks = ["$ORIGIN/older"]')
    expect([run.requests.map(({ path }) => path), run.times, run.waits]).toEqual([['/token', '/older'], [0, 0], 0])
    expect(run.requests[1]?.body).toBe(run.requests[0]?.body)
  })

  it('stays where the server itself has judged the code, under whatever status', async () => {
    const run = await exchanged(
      [{ status: 404, body: { error: 'invalid_grant' } }, { body: GRANT }],
      'token_url_fallbacks = ["$ORIGIN/older"]',
    )
    expect([run.said, run.requests.length]).toEqual([expect.objectContaining({ code: 'CLAW_GRANT_REJECTED' }), 1])
  })

  it('keeps what its refreshes are to bring back, and the instant before which none is welcome', async () => {
    const wishes = 'echo_on_refresh = ["principal_type", "nested.id"]\nearliest_refresh_field = "earliest_refresh_at"'
    const earliest = Date.UTC(2026, 0, 1, 0, 5) / 1_000
    const body = { ...GRANT, principal_type: 'user', nested: { id: 'n1' }, earliest_refresh_at: earliest, other: 'dropped' }
    const { records } = await exchanged({ body }, wishes)
    expect(records[0]?.renewal).toEqual({ echo: { principal_type: 'user', 'nested.id': 'n1' }, notBefore: earliest * 1_000 })
  })
})
