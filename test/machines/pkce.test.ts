import { fromPromise } from 'xstate'
import { describe, expect, it } from 'vitest'
import { runMachine } from '../../src/app/run-machine.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { pkceMachine } from '../../src/machines/pkce.machine.ts'
import type { AuthorizationNotice, BrowserAnswer, ExchangeAnswer } from '../../src/machines/pkce-words.ts'
import { fakeClock } from '../support/fake-clock.ts'

interface Token {
  readonly access: Secret
}

const T0 = Date.UTC(2026, 0, 1)
const token: Token = { access: new Secret('access-token-of-a-test', 'access-token') }
const code: BrowserAnswer = { kind: 'code', code: new Secret('code-of-a-test', 'authorization-code'), clientId: null }
const denied = new ClawError('CLAW_DENIED', { what: 'the sign-in was denied in the browser' })
const wrong = new ClawError('CLAW_DATA_INVALID', { what: 'what was pasted does not finish the sign-in' })
const notice: AuthorizationNotice = {
  url: 'https://auth.example/authorize?state=s',
  redirectUri: 'http://127.0.0.1:4567/callback',
  expiresAt: T0 + 600_000,
}

type Wait<T> = T | Error | 'never' | (() => Promise<T>)

interface Setup {
  readonly wait?: boolean
  readonly listens?: boolean
  readonly reads?: boolean
  readonly callback?: Wait<BrowserAnswer>
  readonly pastes?: readonly Wait<BrowserAnswer>[]
  readonly exchange?: Wait<ExchangeAnswer<Token>>
  readonly failing?: Readonly<Record<string, Error>>
}

/** A sign-in on a fake clock. What is never answered ends only with its signal. */
function start(setup: Setup = {}) {
  const clock = fakeClock(T0)
  const controller = new AbortController()
  const log: string[] = []
  const facts: unknown[] = []
  const stopped: string[] = []
  const did = (what: string) => {
    log.push(what)
    const failure = setup.failing?.[what]
    if (failure) throw failure
  }
  const given = async <T>(what: string, wait: Wait<T>, signal: AbortSignal): Promise<T> => {
    did(what)
    if (wait instanceof Error) throw wait
    if (typeof wait === 'function') return (wait as () => Promise<T>)()
    if (wait !== 'never') return wait
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        stopped.push(what)
        reject(signal.reason)
      }),
    )
  }
  let pasted = 0
  const machine = pkceMachine<Token, string>().provide({
    actors: {
      openCallback: fromPromise(async () => did('openCallback')),
      prepareRequest: fromPromise(async () => {
        did('prepareRequest')
        return notice
      }),
      awaitCallback: fromPromise(({ signal }) => given('awaitCallback', setup.callback ?? 'never', signal)),
      readPaste: fromPromise(({ signal }) => given('readPaste', setup.pastes?.[pasted++] ?? 'never', signal)),
      exchangeCode: fromPromise(({ input, signal }) => {
        if (input.response !== code) throw new Error('the code did not arrive')
        return given('exchangeCode', setup.exchange ?? { kind: 'granted', credential: token }, signal)
      }),
      storeCredential: fromPromise(async ({ input }) => {
        did('storeCredential')
        return input.credential === token ? 'stored' : 'something else'
      }),
      discardFlow: fromPromise(async () => did('discardFlow')),
      sleepUntil: fromPromise(({ input, signal }) => clock.sleepUntil(input.instant, signal)),
    },
  })
  const ended = runMachine(machine, {
    clock,
    input: {
      wait: setup.wait ?? true,
      listens: setup.listens ?? true,
      reads: setup.reads ?? false,
      signInCommand: 'claw auth --browser acme',
    },
    signal: controller.signal,
    onEmit: (fact) => facts.push(fact.type === 'pasteRefused' ? fact.error.message : fact.type),
  }).then(
    (output) => output,
    (thrown: unknown) => ({ thrown }),
  )
  return { clock, log, facts, stopped, ended, cancel: () => controller.abort(new ClawError('CLAW_TIMEOUT', { what: 'too late' })) }
}

const failedWith = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) })

describe('a sign-in in a browser', () => {
  it('opens the callback before the address is made, exchanges the code and stores what it brought', async () => {
    const run = start({ callback: code })
    expect(await run.ended).toEqual({ ok: true, state: 'granted', stored: 'stored' })
    expect(run.log).toEqual(['openCallback', 'prepareRequest', 'awaitCallback', 'exchangeCode', 'storeCredential'])
    expect(run.facts).toEqual(['addressReady'])
    expect(run.clock.pending).toBe(0)
  })

  it('hands the address over without a callback, and ends', async () => {
    const run = start({ wait: false, listens: false })
    expect(await run.ended).toEqual({ ok: true, state: 'handedOver', notice })
    expect(run.log).toEqual(['prepareRequest'])
  })

  it('listens and reads at once: the paste that comes first wins, and the callback is let go', async () => {
    const run = start({ reads: true, pastes: [code] })
    expect(await run.ended).toEqual({ ok: true, state: 'granted', stored: 'stored' })
    expect(run.stopped).toEqual(['awaitCallback'])
  })

  it('listens and reads at once: the callback that comes first wins, and the paste is let go', async () => {
    const run = start({ reads: true, callback: code })
    expect(await run.ended).toEqual({ ok: true, state: 'granted', stored: 'stored' })
    expect(run.stopped).toEqual(['readPaste'])
  })

  it('says of a wrong paste what is wrong, and goes on with the next one while the callback is open', async () => {
    const run = start({ reads: true, pastes: [{ kind: 'unusable', error: wrong }, code] })
    expect(await run.ended).toEqual({ ok: true, state: 'granted', stored: 'stored' })
    expect(run.facts).toEqual(['addressReady', wrong.message])
    expect(run.log.filter((what) => what === 'awaitCallback')).toHaveLength(1)
  })

  it('waits for the callback when nothing more is pasted', async () => {
    let arrive: (answer: BrowserAnswer) => void = () => undefined
    const callback = () => new Promise<BrowserAnswer>((resolve) => (arrive = resolve))
    const run = start({ reads: true, callback, pastes: [{ kind: 'ended' }] })
    await run.clock.advance(1_000)
    arrive(code)
    expect(await run.ended).toEqual({ ok: true, state: 'granted', stored: 'stored' })
  })

  it('ends with a wrong paste where nothing else can come, and keeps the flow for another try', async () => {
    const run = start({ listens: false, reads: true, pastes: [{ kind: 'unusable', error: wrong }] })
    expect(await run.ended).toEqual({ ok: false, error: wrong })
    expect(run.log).toEqual(['prepareRequest', 'readPaste'])
  })

  it.each([
    ['callback', { callback: { kind: 'refused', error: denied } as const }],
    ['paste', { reads: true, pastes: [{ kind: 'refused', error: denied } as const] }],
  ])('ends with the no of the server that the %s brought, and forgets the flow', async (_, setup) => {
    const run = start(setup)
    expect(await run.ended).toEqual({ ok: false, error: denied })
    expect(run.log.at(-1)).toBe('discardFlow')
  })

  it('forgets a flow whose code is used up, and keeps one whose exchange never left', async () => {
    const spent = start({ callback: code, exchange: { kind: 'refused', error: denied } })
    expect(await spent.ended).toEqual({ ok: false, error: denied })
    expect(spent.log.slice(-2)).toEqual(['exchangeCode', 'discardFlow'])
    const unsent = start({ callback: code, exchange: new ClawError('CLAW_NETWORK', { what: 'no answer' }) })
    expect(await unsent.ended).toEqual(failedWith('CLAW_NETWORK'))
    expect(unsent.log.at(-1)).toBe('exchangeCode')
  })

  it('asks again what was not processed after 1, 2 and 4 s, or when the server wants it, and never after its expiry', async () => {
    const at = [0]
    const busy = new ClawError('CLAW_OVERLOADED', { what: 'busy' })
    const exchange = async (): Promise<ExchangeAnswer<Token>> => {
      const now = run.clock.now()
      at.push((now - T0) / 1_000)
      return { kind: 'notProcessed', at: now, error: busy, notBefore: at.length === 3 ? now + 3_000 : now }
    }
    const run = start({ callback: code, exchange })
    expect(await run.clock.driveUntil(run.ended)).toEqual({ ok: false, error: busy })
    expect(at).toEqual([0, 0, 1, 4, 8])
    expect(run.log.filter((what) => what !== 'exchangeCode')).toEqual(['openCallback', 'prepareRequest', 'awaitCallback'])
    const late = start({ callback: code, exchange: { kind: 'notProcessed', at: T0, error: busy, notBefore: notice.expiresAt } })
    expect(await late.ended).toEqual({ ok: false, error: busy })
    expect(late.clock.pending).toBe(0)
  })

  it('is cancelled while it waits to ask again', async () => {
    const run = start({ callback: code, exchange: { kind: 'notProcessed', at: T0, error: denied, notBefore: T0 } })
    await run.clock.advance(500)
    run.cancel()
    expect(await run.ended).toMatchObject({ thrown: { code: 'CLAW_TIMEOUT' } })
    expect([run.log.at(-1), run.clock.pending]).toEqual(['exchangeCode', 0])
  })

  it('S-36 ends at the instant of its expiry and not before', async () => {
    const run = start()
    await run.clock.advance(599_999)
    expect(run.log).not.toContain('discardFlow')
    await run.clock.advance(1)
    expect(await run.ended).toEqual(failedWith('CLAW_CODE_EXPIRED'))
    expect(run.stopped).toEqual(['awaitCallback'])
    expect(run.clock.pending).toBe(0)
  })

  it('is cancelled while it waits, and lets everything go', async () => {
    const run = start({ reads: true })
    await run.clock.advance(1_000)
    run.cancel()
    expect(await run.ended).toMatchObject({ thrown: { code: 'CLAW_TIMEOUT' } })
    expect(run.stopped.sort()).toEqual(['awaitCallback', 'readPaste'])
    expect(run.clock.pending).toBe(0)
  })

  it('is not cancelled once the code is there: what somebody approved is stored', async () => {
    let grant: (answer: ExchangeAnswer<Token>) => void = () => undefined
    const exchange = () => new Promise<ExchangeAnswer<Token>>((resolve) => (grant = resolve))
    const run = start({ callback: code, exchange })
    await run.clock.advance(0)
    run.cancel()
    grant({ kind: 'granted', credential: token })
    expect(await run.ended).toEqual({ ok: true, state: 'granted', stored: 'stored' })
  })

  it('R-37 gives an exchange that hangs six seconds after the cancellation, then ends as that says and keeps the flow', async () => {
    const run = start({ callback: code, exchange: 'never' })
    await run.clock.advance(1_000)
    run.cancel()
    await run.clock.advance(5_999)
    expect(run.stopped).toEqual([])
    await run.clock.advance(1)
    expect(await run.ended).toMatchObject({ thrown: { code: 'CLAW_TIMEOUT' } })
    expect([run.stopped, run.log.at(-1), run.clock.pending]).toEqual([['exchangeCode'], 'exchangeCode', 0])
  })

  it.each<[string, () => Promise<ExchangeAnswer<Token>>]>([
    ['was not processed', async () => ({ kind: 'notProcessed', at: T0 + 1_000, error: denied, notBefore: T0 })],
    ['brings no answer', () => Promise.reject(new ClawError('CLAW_NETWORK', { what: 'the connection was lost' }))],
  ])('R-37 ends as the cancellation says where the exchange then %s', async (_, answer) => {
    let settle: (value: Promise<ExchangeAnswer<Token>>) => void = () => undefined
    const run = start({ callback: code, exchange: () => new Promise((resolve) => (settle = resolve)) })
    await run.clock.advance(1_000)
    run.cancel()
    settle(answer())
    expect(await run.ended).toMatchObject({ thrown: { code: 'CLAW_TIMEOUT' } })
    expect([run.log.at(-1), run.clock.pending]).toEqual(['exchangeCode', 0])
  })

  it.each(['openCallback', 'prepareRequest', 'awaitCallback', 'exchangeCode', 'storeCredential'])(
    'ends with what %s throws',
    async (port) => {
      const run = start({ callback: code, failing: { [port]: new ClawError('CLAW_STORE_UNWRITABLE', { what: 'no' }) } })
      expect(await run.ended).toEqual(failedWith('CLAW_STORE_UNWRITABLE'))
    },
  )
})
