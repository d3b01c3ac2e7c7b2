import { describe, expect, it } from 'vitest'
import { challengeOf } from '../../src/sandbox/sign-in/authorization-codes.ts'
import { AuthorizationServer, type ServerRules } from '../../src/sandbox/sign-in/authorization-server.ts'
import { jwt, type TokenStyle } from '../../src/sandbox/sign-in/token-style.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'

function arrange(rules: Partial<ServerRules> = {}) {
  const clock = fakeClock()
  const server = new AuthorizationServer({
    clock,
    random: seededRandom(),
    accessLifetimeS: 900,
    codeLifetimeS: 600,
    intervalS: 5,
    approvesAtPoll: null,
    graceS: 0,
    ...rules,
  })
  return { clock, server }
}

function signedIn(rules: Partial<ServerRules> = {}, style?: TokenStyle) {
  const { clock, server } = arrange(rules)
  const tokens = server.tokens.issue('claw', style)
  return { clock, server: server.tokens, tokens, refreshToken: tokens.refreshToken ?? '' }
}

const error = (name: string) => ({ kind: 'error', error: name })

describe('a device code', () => {
  it('is new each time, and easy to type', () => {
    const { server } = arrange()
    const started = [server.devices.start({ clientId: 'claw' }), server.devices.start({ clientId: 'claw' })]
    for (const { userCode, expiresInS, intervalS } of started) {
      expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      expect({ expiresInS, intervalS }).toEqual({ expiresInS: 600, intervalS: 5 })
    }
    expect(new Set(started.flatMap(({ deviceCode, userCode }) => [deviceCode, userCode])).size).toBe(4)
  })

  it('is pending until somebody approves it, and good once', async () => {
    const { clock, server } = arrange()
    const { deviceCode, userCode } = server.devices.start({ clientId: 'claw' })
    expect(server.devices.poll(deviceCode, 'claw')).toEqual(error('authorization_pending'))
    expect(server.devices.decide(userCode.toLowerCase(), 'approved')).toBe(true)
    await clock.advance(5_000)
    expect(server.devices.poll(deviceCode, 'claw')).toEqual({ kind: 'approved', request: { clientId: 'claw' } })
    await clock.advance(5_000)
    expect(server.devices.poll(deviceCode, 'claw')).toEqual(error('invalid_grant'))
  })

  it('is decided once', () => {
    const { server } = arrange()
    const { deviceCode, userCode } = server.devices.start({ clientId: 'claw' })
    expect([
      server.devices.decide(userCode, 'denied'),
      server.devices.decide(userCode, 'approved'),
      server.devices.decide('BBBB-BBBB', 'approved'),
    ]).toEqual([true, false, false])
    expect(server.devices.poll(deviceCode, 'claw')).toEqual(error('access_denied'))
  })

  it('approves itself at the poll that it was told', async () => {
    const { clock, server } = arrange({ approvesAtPoll: 3 })
    const { deviceCode } = server.devices.start({ clientId: 'claw' })
    const kinds: string[] = []
    for (let poll = 0; poll < 3; poll++) {
      kinds.push(server.devices.poll(deviceCode, 'claw').kind)
      await clock.advance(5_000)
    }
    expect(kinds).toEqual(['error', 'error', 'approved'])
  })

  it('has run out at its instant, not before, and can then no longer be approved', async () => {
    const { clock, server } = arrange()
    const { deviceCode, userCode } = server.devices.start({ clientId: 'claw' })
    await clock.advance(599_999)
    expect(server.devices.poll(deviceCode, 'claw')).toEqual(error('authorization_pending'))
    await clock.advance(1)
    expect(server.devices.poll(deviceCode, 'claw')).toEqual(error('expired_token'))
    expect(server.devices.decide(userCode, 'approved')).toBe(false)
  })

  it('is unknown to another client', () => {
    const { server } = arrange({ approvesAtPoll: 1 })
    const { deviceCode } = server.devices.start({ clientId: 'claw' })
    expect(server.devices.poll(deviceCode, 'other')).toEqual(error('invalid_grant'))
    expect(server.devices.poll('made-up', 'claw')).toEqual(error('invalid_grant'))
    expect(server.devices.poll(deviceCode, 'claw').kind).toBe('approved')
  })

  it('R-33 makes whoever polls too early wait five seconds longer from then on', async () => {
    const { clock, server } = arrange()
    const { deviceCode } = server.devices.start({ clientId: 'claw' })
    const answers: [number, string][] = []
    const begin = clock.now()
    const poll = () => {
      const polled = server.devices.poll(deviceCode, 'claw')
      answers.push([clock.now() - begin, polled.kind === 'error' ? polled.error : polled.kind])
    }
    poll()
    await clock.advance(4_499)
    poll()
    await clock.advance(9_499)
    poll()
    await clock.advance(15_000)
    poll()
    await clock.advance(14_500)
    poll()
    expect(answers).toEqual([
      [0, 'authorization_pending'],
      [4_499, 'slow_down'],
      [13_998, 'slow_down'],
      [28_998, 'authorization_pending'],
      [43_498, 'authorization_pending'],
    ])
  })
})

describe('a rotating grant', () => {
  it('gives a new pair each time, and the access tokens before it stay good until they run out', async () => {
    const { clock, server, tokens, refreshToken } = signedIn()
    await clock.advance(899_999)
    const next = server.refresh(refreshToken, 'claw')
    if (next.kind !== 'granted') throw new Error(next.kind)
    expect(next.generation).toBe(0)
    expect(next.tokens.refreshToken).not.toBe(tokens.refreshToken)
    expect([server.accepts(tokens.accessToken), server.accepts(next.tokens.accessToken)]).toEqual([true, true])
    await clock.advance(1)
    expect([server.accepts(tokens.accessToken), server.accepts(next.tokens.accessToken)]).toEqual([false, true])
    expect(server.refresh(next.tokens.refreshToken ?? '', 'claw')).toMatchObject({ kind: 'granted', generation: 1 })
  })

  it('dies as a family when a refresh token comes again', () => {
    const { server, tokens, refreshToken } = signedIn()
    const other = server.issue('claw')
    const next = server.refresh(refreshToken, 'claw')
    if (next.kind !== 'granted') throw new Error(next.kind)
    expect(server.refresh(refreshToken, 'claw')).toEqual({ kind: 'reuse', generation: 1 })
    expect(server.refresh(next.tokens.refreshToken ?? '', 'claw')).toEqual({ kind: 'revoked', generation: 1 })
    expect([tokens, next.tokens, other].map(({ accessToken }) => server.accepts(accessToken))).toEqual([false, false, true])
    expect(server.refresh(other.refreshToken ?? '', 'claw').kind).toBe('granted')
  })

  it('takes a replaced token until the grace is over, not longer', async () => {
    const { clock, server, refreshToken } = signedIn({ graceS: 30 })
    server.refresh(refreshToken, 'claw')
    await clock.advance(29_999)
    expect(server.refresh(refreshToken, 'claw')).toMatchObject({ kind: 'grace', generation: 1 })
    await clock.advance(1)
    expect(server.refresh(refreshToken, 'claw')).toEqual({ kind: 'reuse', generation: 2 })
  })

  it('is unknown to another client, which does not harm it', () => {
    const { server, refreshToken } = signedIn()
    expect(server.refresh(refreshToken, 'other')).toEqual({ kind: 'unknown', generation: 0 })
    expect(server.refresh('made-up', 'claw')).toEqual({ kind: 'unknown', generation: 0 })
    expect(server.refresh(refreshToken, 'claw').kind).toBe('granted')
  })

  it.each(['accessToken', 'refreshToken'] as const)('is revoked by its %s, whole', (name) => {
    const { server, tokens, refreshToken } = signedIn()
    server.revoke('made-up')
    expect(server.accepts(tokens.accessToken)).toBe(true)
    server.revoke(tokens[name] ?? '')
    expect(server.accepts(tokens.accessToken)).toBe(false)
    expect(server.refresh(refreshToken, 'claw')).toEqual({ kind: 'revoked', generation: 0 })
  })

  it('can be made to need a refresh now', () => {
    const { server, tokens, refreshToken } = signedIn()
    server.expireAccess()
    expect(server.accepts(tokens.accessToken)).toBe(false)
    expect(server.refresh(refreshToken, 'claw').kind).toBe('granted')
  })
})

describe('the tokens of a vendor', () => {
  const vendor: TokenStyle = {
    access: ({ id, clientId, issuedAt, expiresAt }) => jwt({ jti: id, client_id: clientId, iat: issuedAt / 1_000, exp: expiresAt / 1_000 }),
    refresh: (id) => `rt.1.${id}`,
    lifetimeS: 60,
    rotates: false,
  }

  it('look as the vendor makes them, for as long as the grant lives', () => {
    const { clock, server, tokens, refreshToken } = signedIn({}, vendor)
    expect(tokens).toEqual({
      accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      refreshToken: expect.stringMatching(/^rt\.1\./),
      expiresInS: 60,
    })
    const next = server.refresh(refreshToken, 'claw')
    if (next.kind !== 'granted') throw new Error(next.kind)
    expect(claimsOf(next.tokens.accessToken)).toEqual({
      jti: expect.any(String),
      client_id: 'claw',
      iat: clock.wall() / 1_000,
      exp: clock.wall() / 1_000 + 60,
    })
    expect(next.tokens.refreshToken).toBeNull()
    expect(server.refresh(refreshToken, 'claw')).toMatchObject({ kind: 'granted', generation: 1 })
  })

  it('may be a key that has no end, and cannot be refreshed', async () => {
    const { clock, server } = signedIn()
    expect(server.mint('sk-or-v1-sandbox-1')).toBe('sk-or-v1-sandbox-1')
    await clock.advance(365 * 86_400_000)
    expect(server.accepts('sk-or-v1-sandbox-1')).toBe(true)
    server.revoke('sk-or-v1-sandbox-1')
    expect(server.accepts('sk-or-v1-sandbox-1')).toBe(false)
  })
})

describe('an authorization code', () => {
  const request = { clientId: 'claw', redirectUri: 'http://127.0.0.1:1/callback', challenge: challengeOf('the verifier'), scope: 'a' }
  const right = { clientId: 'claw', redirectUri: request.redirectUri, verifier: 'the verifier' }

  it('is good once', () => {
    const { codes } = arrange().server
    const code = codes.issue(request)
    expect([codes.redeem({ ...right, code }), codes.redeem({ ...right, code })]).toEqual([request, undefined])
  })

  it.each([
    ['another client', { clientId: 'other' }],
    ['another address', { redirectUri: 'http://127.0.0.1:2/callback' }],
    ['another verifier', { verifier: 'made up' }],
  ])('is refused to %s, and used up by the attempt', (_, wrong) => {
    const { codes } = arrange().server
    const code = codes.issue(request)
    expect([codes.redeem({ ...right, ...wrong, code }), codes.redeem({ ...right, code })]).toEqual([undefined, undefined])
  })

  it('runs out at its instant', async () => {
    const { clock, server } = arrange()
    const code = server.codes.issue(request)
    const late = server.codes.issue(request)
    await clock.advance(599_999)
    expect(server.codes.redeem({ ...right, code })).toEqual(request)
    await clock.advance(1)
    expect(server.codes.redeem({ ...right, code: late })).toBeUndefined()
  })
})

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
