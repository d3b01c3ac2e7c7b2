import { describe, expect, it } from 'vitest'
import { keepFresh, type KeepFreshOptions } from '../../src/app/refresh/keep-fresh.ts'
import type { TokenWire, WireAnswer } from '../../src/app/refresh/refresh-ports.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { MemorySpool, MemoryStore } from '../../src/credentials/memory-store.ts'
import type { NewCredential } from '../../src/credentials/record.ts'
import { isLease } from '../../src/credentials/store.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'

const SLOT = { provider: 'moonshot', route: 'kimi-code', profile: 'default', kind: 'oauth' } as const
const LIFETIME_MS = 900_000

function credential(n: number, changes: Partial<NewCredential> = {}): NewCredential {
  return {
    method: 'device',
    auth: 'device',
    lifetimeMs: LIFETIME_MS,
    sentAgoMs: 0,
    account: null,
    region: null,
    scopes: null,
    origins: [],
    client: { clientId: 'c', tokenEndpoint: 'https://auth.example/token', revocationEndpoint: null, issuer: null },
    secrets: { access: new Secret(`access-token-${n}`, 'access-token'), refresh: new Secret(`refresh-token-${n}`, 'refresh-token') },
    ...changes,
  }
}

/** A token endpoint that answers from a list, and remembers what was sent to it. */
function wire(answers: (WireAnswer | Error)[], gate?: Promise<void>): TokenWire & { sent: string[]; revoked: (string | undefined)[] } {
  const sent: string[] = []
  const revoked: (string | undefined)[] = []
  return {
    sent,
    revoked,
    connect: async () => undefined,
    async revoke(_record, secrets) {
      revoked.push(secrets.refresh?.reveal())
    },
    async refresh(_record, token) {
      sent.push(token.reveal())
      await gate
      const answer = answers.shift()
      if (!answer) throw new Error('nobody expected another request')
      if (answer instanceof Error) throw answer
      return answer
    },
    close: () => undefined,
  }
}

async function world() {
  const clock = fakeClock()
  const machine = systemMachine(process.env)
  const store = new MemoryStore({ clock, random: systemRandom, machine })
  const spool = new MemorySpool()
  const stored = await store.write({ type: 'sign_in', slot: SLOT, credential: credential(1) })
  if (stored.outcome !== 'written' || !stored.record) throw new Error('not stored')
  const grantId = stored.record.id
  const ports = { store, spool, clock, random: systemRandom }
  const options = (changes: Partial<KeepFreshOptions> = {}): KeepFreshOptions => ({
    goal: 'use',
    waitMs: 60_000,
    signal: new AbortController().signal,
    settings: { leaseMs: 40_000, requestTimeoutMs: 15_000, signInCommand: 'claw auth --device moonshot' },
    ...changes,
  })
  return { clock, store, spool, grantId, ports, options, record: async () => (await store.read()).records[0] }
}

const granted = (n: number): WireAnswer => ({ kind: 'granted', credential: credential(n) })
const lost: WireAnswer = { kind: 'lost', error: new ClawError('CLAW_NETWORK', { what: 'the connection was lost', data: { sent: true } }) }
const busy: WireAnswer = { kind: 'not_processed', retryAfterMs: 2_000, error: new ClawError('CLAW_OVERLOADED', { what: 'busy' }) }
const dead: WireAnswer = { kind: 'rejected', reason: 'invalid_grant' }
const page: WireAnswer = { kind: 'refused', error: new ClawError('CLAW_FORBIDDEN', { what: 'a page' }) }

async function ends(clock: FakeClock, work: Promise<{ outcome: string; record: { generation: number }; warning: ClawError | null }>) {
  return clock.driveUntil(
    work.then(
      ({ outcome, record, warning }) => ({ outcome, generation: record.generation, warning: warning?.code ?? null }),
      (error: ClawError) => ({ code: error.code, fix: error.fix }),
    ),
  )
}

describe('a grant is kept fresh', () => {
  it('uses a valid token without asking anybody', async () => {
    const w = await world()
    const endpoint = wire([])
    expect(await ends(w.clock, keepFresh(w.ports, endpoint, w.grantId, w.options()))).toEqual({
      outcome: 'fresh',
      generation: 1,
      warning: null,
    })
    expect(endpoint.sent).toEqual([])
  })

  it('refreshes an expired one once, and dates the new one from the sending', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const endpoint = wire([granted(2)])
    expect(await ends(w.clock, keepFresh(w.ports, endpoint, w.grantId, w.options()))).toEqual({
      outcome: 'refreshed',
      generation: 2,
      warning: null,
    })
    expect(endpoint.sent).toEqual(['refresh-token-1'])
    expect(await w.record()).toMatchObject({
      generation: 2,
      from: 1,
      fromAttempt: 1,
      intent: null,
      state: 'ok',
      expiresAt: w.clock.now() + LIFETIME_MS,
    })
    expect(w.clock.pending).toBe(0)
  })

  it('R-14 100 callers in one process share one refresh', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const endpoint = wire([granted(2)])
    const all = await w.clock.driveUntil(
      Promise.all(Array.from({ length: 100 }, () => keepFresh(w.ports, endpoint, w.grantId, w.options()))),
    )
    expect(all.map(({ record }) => record.generation)).toEqual(Array(100).fill(2))
    expect(endpoint.sent).toHaveLength(1)
  })

  it('R-24 keeps the refresh token when none comes', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const endpoint = wire([
      { kind: 'granted', credential: credential(2, { secrets: { access: new Secret('access-token-2', 'access-token') } }) },
    ])
    await ends(w.clock, keepFresh(w.ports, endpoint, w.grantId, w.options()))
    const record = await w.record()
    expect([record?.secrets?.access.reveal(), record?.secrets?.refresh?.reveal()]).toEqual(['access-token-2', 'refresh-token-1'])
  })

  it('R-20 tries the old token once more after a lost answer, when its deadline is over, and never a third time', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const sentAt: number[] = []
    const endpoint = wire([lost, lost])
    const watched: TokenWire = {
      ...endpoint,
      refresh: (record, token, signal) => {
        sentAt.push(w.clock.now())
        return endpoint.refresh(record, token, signal)
      },
    }
    expect(await ends(w.clock, keepFresh(w.ports, watched, w.grantId, w.options()))).toEqual({ code: 'CLAW_NETWORK', fix: undefined })
    expect(endpoint.sent).toEqual(['refresh-token-1', 'refresh-token-1'])
    expect((sentAt[1] ?? 0) - (sentAt[0] ?? 0)).toBeGreaterThanOrEqual(15_000)
    await w.clock.advance(60_000)
    expect(await ends(w.clock, keepFresh(w.ports, watched, w.grantId, w.options()))).toEqual({
      code: 'CLAW_REFRESH_INTERRUPTED',
      fix: 'claw auth --device moonshot',
    })
    expect(endpoint.sent).toHaveLength(2)
  })

  it('resolves a doubt by the retry', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const endpoint = wire([lost, granted(2)])
    expect(await ends(w.clock, keepFresh(w.ports, endpoint, w.grantId, w.options()))).toEqual({
      outcome: 'refreshed',
      generation: 2,
      warning: null,
    })
    expect(await w.record()).toMatchObject({ from: 1, fromAttempt: 2 })
  })

  it('fails nobody inside the margin', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS - 60_000)
    expect(await ends(w.clock, keepFresh(w.ports, wire([page]), w.grantId, w.options()))).toEqual({
      outcome: 'fresh',
      generation: 1,
      warning: 'CLAW_FORBIDDEN',
    })
    expect(await w.record()).toMatchObject({ state: 'ok', intent: null })
  })

  it('R-21 takes a page of a firewall for no evidence of a dead grant', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    expect(await ends(w.clock, keepFresh(w.ports, wire([page]), w.grantId, w.options()))).toEqual({
      code: 'CLAW_FORBIDDEN',
      fix: undefined,
    })
    expect(await w.record()).toMatchObject({ state: 'ok', intent: null, generation: 1 })
  })

  it('R-21 waits as long as a busy server asks, and leaves no doubt behind', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const endpoint = wire([busy, busy, granted(2)])
    expect(await ends(w.clock, keepFresh(w.ports, endpoint, w.grantId, w.options()))).toEqual({
      outcome: 'refreshed',
      generation: 2,
      warning: null,
    })
    expect(endpoint.sent).toHaveLength(3)
    expect(await w.record()).toMatchObject({ intent: null, fromAttempt: 1 })
  })

  it('R-16 remembers the words of the provider for a dead grant, and sends nothing more', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const endpoint = wire([dead])
    const expected = { code: 'CLAW_GRANT_REJECTED', fix: 'claw auth --device moonshot' }
    expect(await ends(w.clock, keepFresh(w.ports, endpoint, w.grantId, w.options()))).toEqual(expected)
    expect(await ends(w.clock, keepFresh(w.ports, endpoint, w.grantId, w.options()))).toEqual(expected)
    expect(endpoint.sent).toHaveLength(1)
    expect(await w.record()).toMatchObject({ state: 'rejected', generation: 1, intent: null, rejection: { reason: 'invalid_grant' } })
    expect((await w.record())?.secrets?.refresh?.reveal()).toBe('refresh-token-1')
  })

  it('R-30 drops an answer that comes after the sign-out, and revokes it', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const endpoint = wire([granted(2)], gate)
    const work = keepFresh(w.ports, endpoint, w.grantId, w.options())
    await w.clock.advance(1_000)
    await w.store.write({ type: 'logged_out', id: w.grantId })
    open()
    expect(await ends(w.clock, work)).toEqual({ code: 'CLAW_NO_CREDENTIAL', fix: 'claw auth --device moonshot' })
    expect(await w.record()).toMatchObject({ state: 'logged_out', secrets: null })
    expect(endpoint.revoked).toEqual(['refresh-token-2'])
  })

  it('R-31 never overwrites a newer sign-in with a late answer', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const endpoint = wire([granted(2)], gate)
    const work = keepFresh(w.ports, endpoint, w.grantId, w.options())
    await w.clock.advance(1_000)
    await w.store.write({ type: 'sign_in', slot: SLOT, credential: credential(9) })
    open()
    expect(await ends(w.clock, work)).toEqual({ outcome: 'adopted', generation: 2, warning: null })
    expect((await w.record())?.secrets?.access.reveal()).toBe('access-token-9')
    // It may be of one family with what is in force: revoking it could end that.
    expect(endpoint.revoked).toEqual([])
  })

  it('R-12 commits an answer that comes after the lease was lost', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const work = keepFresh(w.ports, wire([granted(2)], gate), w.grantId, w.options())
    await w.clock.advance(45_000)
    open()
    expect(await ends(w.clock, work)).toMatchObject({ outcome: 'refreshed', generation: 2 })
  })

  it('waits for another owner and adopts what it brought', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const lease = await w.store.tryLease(w.grantId, { durationMs: 40_000, purpose: 'refresh', signal: new AbortController().signal })
    if (!isLease(lease)) throw new Error('busy')
    const work = keepFresh(w.ports, wire([]), w.grantId, w.options())
    await w.clock.advance(3_000)
    const read = await w.record()
    const written = await w.store.write({
      type: 'intent',
      id: w.grantId,
      lease,
      generation: 1,
      fingerprint: read?.fingerprint ?? '',
      attempt: 1,
      deadlineMs: 15_000,
    })
    if (written.outcome !== 'written' || !written.intent) throw new Error('no intent')
    await w.store.write({
      type: 'commit',
      id: w.grantId,
      intent: written.intent,
      generation: 1,
      fingerprint: read?.fingerprint ?? '',
      credential: credential(2),
    })
    await w.store.release(lease)
    expect(await ends(w.clock, work)).toEqual({ outcome: 'adopted', generation: 2, warning: null })
  })

  it('R-11 waits for a silent owner as long as a lease that nobody can prove dead, and takes over then', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    await w.store.tryLease(w.grantId, { durationMs: 40_000, purpose: 'refresh', signal: new AbortController().signal })
    const started = w.clock.now()
    expect(await ends(w.clock, keepFresh(w.ports, wire([granted(2)]), w.grantId, w.options()))).toMatchObject({ outcome: 'refreshed' })
    expect(w.clock.now() - started).toBeGreaterThanOrEqual(40_000)
  })

  it('R-06 sends nothing when the space for the answer cannot be had', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const full = {
      ...w.ports,
      spool: Object.assign(new MemorySpool(), { reserve: () => Promise.reject(new ClawError('CLAW_STORE_UNWRITABLE', { what: 'full' })) }),
    }
    const endpoint = wire([])
    expect(await ends(w.clock, keepFresh(full, endpoint, w.grantId, w.options()))).toEqual({
      code: 'CLAW_STORE_UNWRITABLE',
      fix: undefined,
    })
    expect(endpoint.sent).toEqual([])
    expect(await w.record()).toMatchObject({ intent: null })
  })

  it('R-37 stores what comes within the grace after a cancellation', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const cancel = new AbortController()
    const work = keepFresh(w.ports, wire([granted(2)], gate), w.grantId, w.options({ signal: cancel.signal }))
    await w.clock.advance(1_000)
    cancel.abort(new ClawError('CLAW_CANCELLED', { what: 'SIGTERM' }))
    await w.clock.advance(3_000)
    open()
    await ends(w.clock, work)
    expect(await w.record()).toMatchObject({ generation: 2, intent: null })
  })

  it('R-37 leaves the intent, and says that it gave up, when nothing comes within the grace', async () => {
    const w = await world()
    await w.clock.advance(LIFETIME_MS)
    const cancel = new AbortController()
    const ended = ends(
      w.clock,
      keepFresh(w.ports, wire([granted(2)], new Promise(() => {})), w.grantId, w.options({ signal: cancel.signal })),
    )
    await w.clock.advance(1_000)
    const started = w.clock.now()
    cancel.abort(new ClawError('CLAW_TIMEOUT', { what: 'the limit of the command' }))
    expect(await ended).toEqual({ code: 'CLAW_TIMEOUT', fix: undefined })
    expect(w.clock.now() - started).toBe(6_000)
    expect(await w.record()).toMatchObject({ generation: 1, intent: { attempt: 1, gaveUp: true } })
  })

  it.each([
    ['HTTP 500, text/html', '(HTTP 500, text/html)'],
    [undefined, ''],
  ])('a refresh in doubt says what came in the place of its answer: %s', async (why, shown) => {
    const w = await world()
    const failed: WireAnswer = { kind: 'lost', error: new ClawError('CLAW_SERVER', { what: 'the token endpoint failed', why }) }
    const work = keepFresh(w.ports, wire([failed]), w.grantId, w.options({ goal: 'newer' }))
    const error = await w.clock.driveUntil(work.catch((thrown: ClawError) => thrown))
    expect(error).toMatchObject({
      code: 'CLAW_REFRESH_IN_DOUBT',
      why: `the answer to the refresh request was lost: the token endpoint failed ${shown}`.trim(),
    })
  })

  it('does not put a valid token at risk for a newer one that is in doubt', async () => {
    const w = await world()
    const endpoint = wire([lost])
    expect(await ends(w.clock, keepFresh(w.ports, endpoint, w.grantId, w.options({ goal: 'newer' })))).toEqual({
      code: 'CLAW_REFRESH_IN_DOUBT',
      fix: 'use the token in force until it expires',
    })
    expect(endpoint.sent).toHaveLength(1)
  })
})
