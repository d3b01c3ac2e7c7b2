import { describe, expect, it } from 'vitest'
import { AuthorizationServer, type Poll, type ServerRules } from '../../src/sandbox/authorization-server.ts'
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

function granted(poll: Poll) {
  if (poll.kind !== 'granted') throw new Error(`not granted: ${poll.error}`)
  return poll.tokens
}

function signedIn(rules: Partial<ServerRules> = {}) {
  const { clock, server } = arrange({ approvesAtPoll: 1, ...rules })
  return { clock, server, tokens: granted(server.poll(server.startDevice('claw').deviceCode, 'claw')) }
}

const error = (name: string) => ({ kind: 'error', error: name })

describe('a device code', () => {
  it('is new each time, and easy to type', () => {
    const { server } = arrange()
    const started = [server.startDevice('claw'), server.startDevice('claw')]
    for (const { userCode, expiresInS, intervalS } of started) {
      expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      expect({ expiresInS, intervalS }).toEqual({ expiresInS: 600, intervalS: 5 })
    }
    expect(new Set(started.flatMap(({ deviceCode, userCode }) => [deviceCode, userCode])).size).toBe(4)
  })

  it('is pending until somebody approves it, and good once', async () => {
    const { clock, server } = arrange()
    const { deviceCode, userCode } = server.startDevice('claw')
    expect(server.poll(deviceCode, 'claw')).toEqual(error('authorization_pending'))
    expect(server.decide(userCode.toLowerCase(), 'approved')).toBe(true)
    await clock.advance(5_000)
    expect(granted(server.poll(deviceCode, 'claw'))).toEqual({
      accessToken: expect.stringMatching(/^sandbox-at-/),
      refreshToken: expect.stringMatching(/^sandbox-rt-/),
      expiresInS: 900,
    })
    await clock.advance(5_000)
    expect(server.poll(deviceCode, 'claw')).toEqual(error('invalid_grant'))
  })

  it('is decided once', () => {
    const { server } = arrange()
    const { deviceCode, userCode } = server.startDevice('claw')
    expect([server.decide(userCode, 'denied'), server.decide(userCode, 'approved'), server.decide('BBBB-BBBB', 'approved')]).toEqual([
      true,
      false,
      false,
    ])
    expect(server.poll(deviceCode, 'claw')).toEqual(error('access_denied'))
  })

  it('approves itself at the poll that it was told', async () => {
    const { clock, server } = arrange({ approvesAtPoll: 3 })
    const { deviceCode } = server.startDevice('claw')
    const kinds: string[] = []
    for (let poll = 0; poll < 3; poll++) {
      kinds.push(server.poll(deviceCode, 'claw').kind)
      await clock.advance(5_000)
    }
    expect(kinds).toEqual(['error', 'error', 'granted'])
  })

  it('has run out at its instant, not before, and can then no longer be approved', async () => {
    const { clock, server } = arrange()
    const { deviceCode, userCode } = server.startDevice('claw')
    await clock.advance(599_999)
    expect(server.poll(deviceCode, 'claw')).toEqual(error('authorization_pending'))
    await clock.advance(1)
    expect(server.poll(deviceCode, 'claw')).toEqual(error('expired_token'))
    expect(server.decide(userCode, 'approved')).toBe(false)
  })

  it('is unknown to another client', () => {
    const { server } = arrange({ approvesAtPoll: 1 })
    const { deviceCode } = server.startDevice('claw')
    expect(server.poll(deviceCode, 'other')).toEqual(error('invalid_grant'))
    expect(server.poll('made-up', 'claw')).toEqual(error('invalid_grant'))
    expect(server.poll(deviceCode, 'claw').kind).toBe('granted')
  })

  it('R-33 makes whoever polls too early wait five seconds longer from then on', async () => {
    const { clock, server } = arrange()
    const { deviceCode } = server.startDevice('claw')
    const answers: [number, string][] = []
    const begin = clock.now()
    const poll = () => {
      const polled = server.poll(deviceCode, 'claw')
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
    const { clock, server, tokens } = signedIn()
    await clock.advance(899_999)
    const next = server.refresh(tokens.refreshToken, 'claw')
    if (next.kind !== 'granted') throw new Error(next.kind)
    expect(next.generation).toBe(0)
    expect(next.tokens.refreshToken).not.toBe(tokens.refreshToken)
    expect([server.accepts(tokens.accessToken), server.accepts(next.tokens.accessToken)]).toEqual([true, true])
    await clock.advance(1)
    expect([server.accepts(tokens.accessToken), server.accepts(next.tokens.accessToken)]).toEqual([false, true])
    expect(server.refresh(next.tokens.refreshToken, 'claw')).toMatchObject({ kind: 'granted', generation: 1 })
  })

  it('dies as a family when a refresh token comes again', () => {
    const { server, tokens } = signedIn()
    const other = granted(server.poll(server.startDevice('claw').deviceCode, 'claw'))
    const next = server.refresh(tokens.refreshToken, 'claw')
    if (next.kind !== 'granted') throw new Error(next.kind)
    expect(server.refresh(tokens.refreshToken, 'claw')).toEqual({ kind: 'reuse', generation: 1 })
    expect(server.refresh(next.tokens.refreshToken, 'claw')).toEqual({ kind: 'revoked', generation: 1 })
    expect([tokens, next.tokens, other].map(({ accessToken }) => server.accepts(accessToken))).toEqual([false, false, true])
    expect(server.refresh(other.refreshToken, 'claw').kind).toBe('granted')
  })

  it('takes a replaced token until the grace is over, not longer', async () => {
    const { clock, server, tokens } = signedIn({ graceS: 30 })
    server.refresh(tokens.refreshToken, 'claw')
    await clock.advance(29_999)
    expect(server.refresh(tokens.refreshToken, 'claw')).toMatchObject({ kind: 'grace', generation: 1 })
    await clock.advance(1)
    expect(server.refresh(tokens.refreshToken, 'claw')).toEqual({ kind: 'reuse', generation: 2 })
  })

  it('is unknown to another client, which does not harm it', () => {
    const { server, tokens } = signedIn()
    expect(server.refresh(tokens.refreshToken, 'other')).toEqual({ kind: 'unknown', generation: 0 })
    expect(server.refresh('made-up', 'claw')).toEqual({ kind: 'unknown', generation: 0 })
    expect(server.refresh(tokens.refreshToken, 'claw').kind).toBe('granted')
  })

  it.each(['accessToken', 'refreshToken'] as const)('is revoked by its %s, whole', (name) => {
    const { server, tokens } = signedIn()
    server.revoke('made-up')
    expect(server.accepts(tokens.accessToken)).toBe(true)
    server.revoke(tokens[name])
    expect(server.accepts(tokens.accessToken)).toBe(false)
    expect(server.refresh(tokens.refreshToken, 'claw')).toEqual({ kind: 'revoked', generation: 0 })
  })

  it('can be made to need a refresh now', () => {
    const { server, tokens } = signedIn()
    server.expireAccess()
    expect(server.accepts(tokens.accessToken)).toBe(false)
    expect(server.refresh(tokens.refreshToken, 'claw').kind).toBe('granted')
  })
})
