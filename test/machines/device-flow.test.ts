import { fromPromise } from 'xstate'
import { describe, expect, it } from 'vitest'
import { runMachine } from '../../src/app/run-machine.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { deviceFlowMachine } from '../../src/machines/device-flow.machine.ts'
import type { PollAnswer, StartedFlow } from '../../src/machines/device-poll.ts'
import { fakeClock } from '../support/fake-clock.ts'

interface Token {
  readonly access: Secret
}

type Said = PollAnswer<Token> extends infer Answer ? (Answer extends { at: number } ? Omit<Answer, 'at'> : never) : never

const T0 = Date.UTC(2026, 0, 1)
const token: Token = { access: new Secret('access-token-of-a-test', 'access-token') }
const noAnswer = new ClawError('CLAW_NETWORK', { what: 'no answer from `auth.example`' })

const granted: Said = { kind: 'granted', credential: token }
const pending: Said = { kind: 'pending' }
const slowDown: Said = { kind: 'slowDown', intervalMs: null }
const turnedAway: Said = { kind: 'turnedAway', error: new ClawError('CLAW_FORBIDDEN', { what: 'a page came' }) }
const unreachable: Said = { kind: 'unreachable', error: noAnswer, notBefore: null }

interface Setup {
  readonly answers?: readonly (Said | (() => Promise<Said>))[]
  readonly exchange?: (signal: AbortSignal) => Promise<Said>
  readonly intervalMs?: number
  readonly lifetimeMs?: number
  readonly wait?: boolean
  readonly waitBeforeFirstPoll?: boolean
  readonly safetyMarginMs?: number
  readonly resumed?: StartedFlow['resumed']
  readonly failing?: Readonly<Record<string, Error>>
  readonly onEmit?: (fact: { type: string }) => void
}

/** A device flow on a fake clock. The last answer repeats for ever. */
function start(setup: Setup = {}) {
  const { answers = [granted], intervalMs = 5_000, lifetimeMs = 900_000 } = setup
  const clock = fakeClock(T0)
  const controller = new AbortController()
  const polls: number[] = []
  const log: string[] = []
  const facts: unknown[] = []
  const did = (what: string) => {
    log.push(what)
    const failure = setup.failing?.[what]
    if (failure) throw failure
  }
  const code = {
    userCode: 'ABCD-EFGH',
    verificationUri: 'https://auth.example/device',
    verificationUriComplete: null,
    expiresAt: T0 + lifetimeMs,
    intervalMs,
  }
  const machine = deviceFlowMachine<Token, string>().provide({
    actors: {
      requestCode: fromPromise<StartedFlow, void>(async () => {
        did('requestCode')
        return { code, receivedAt: clock.now(), resumed: setup.resumed ?? null }
      }),
      pollToken: fromPromise(async () => {
        polls.push((clock.now() - T0) / 1_000)
        did('pollToken')
        const answer = answers[Math.min(polls.length, answers.length) - 1] ?? pending
        const said = typeof answer === 'function' ? await answer() : answer
        return { ...said, at: clock.now() }
      }),
      exchangeCode: fromPromise(async ({ signal }) => {
        did('exchangeCode')
        return { ...(await (setup.exchange?.(signal) ?? granted)), at: clock.now() }
      }),
      rememberInterval: fromPromise(async ({ input }) => did(`rememberInterval ${input.intervalMs} ${(input.nextPollAt - T0) / 1_000}`)),
      storeCredential: fromPromise(async ({ input }) => {
        did('storeCredential')
        return input.credential === token ? 'stored' : 'something else'
      }),
      discardCode: fromPromise(async () => did('discardCode')),
      sleepUntil: fromPromise(({ input, signal }) => clock.sleepUntil(input.instant, signal)),
    },
  })
  const run = runMachine(machine, {
    clock,
    input: {
      wait: setup.wait ?? true,
      waitBeforeFirstPoll: setup.waitBeforeFirstPoll ?? true,
      safetyMarginMs: setup.safetyMarginMs ?? 0,
      pagesTaken: 2,
      signInCommand: 'claw auth --device acme',
    },
    signal: controller.signal,
    onEmit: (fact) => {
      facts.push(fact)
      setup.onEmit?.(fact)
    },
  })
  const ended = run.then(
    (output) =>
      output.ok
        ? { ok: true, ...(output.state === 'granted' ? { stored: output.stored } : { code: output.code }) }
        : { ok: false, ...shown(output.error) },
    (thrown: unknown) => ({ thrown }),
  )
  let outcome: unknown = 'still running'
  void ended.then((value) => {
    outcome = value
  })
  return { clock, controller, polls, log, facts, code, outcome: () => outcome, seconds: () => (clock.now() - T0) / 1_000 }
}

function shown({ code, message, why, fix }: ClawError) {
  return { code, message, ...(why && { why }), ...(fix && { fix }) }
}

const expired = {
  ok: false,
  code: 'CLAW_CODE_EXPIRED',
  message: 'nobody approved the sign-in before its code expired',
  fix: 'run `claw auth --device acme`',
}

describe('R-33 polling', () => {
  it('waits one interval before the first poll, to the millisecond, and stores what is granted', async () => {
    const flow = start()
    await flow.clock.advance(4_999)
    expect({ polls: flow.polls, outcome: flow.outcome() }).toEqual({ polls: [], outcome: 'still running' })
    await flow.clock.advance(1)
    expect({ polls: flow.polls, outcome: flow.outcome(), log: flow.log, pending: flow.clock.pending }).toEqual({
      polls: [5],
      outcome: { ok: true, stored: 'stored' },
      log: ['requestCode', 'pollToken', 'storeCredential'],
      pending: 0,
    })
  })

  it('polls at once where the provider allows it', async () => {
    const flow = start({ waitBeforeFirstPoll: false, answers: [pending, granted] })
    await flow.clock.advance(5_000)
    expect(flow.polls).toEqual([0, 5])
  })

  it('polls every interval and adds five seconds for good after slow_down', async () => {
    const flow = start({ answers: [pending, slowDown, pending, pending, granted] })
    for (const [at, polls] of [
      [4_999, []],
      [5_000, [5]],
      [9_999, [5]],
      [10_000, [5, 10]],
      [19_999, [5, 10]],
      [20_000, [5, 10, 20]],
      [29_999, [5, 10, 20]],
      [30_000, [5, 10, 20, 30]],
      [40_000, [5, 10, 20, 30, 40]],
    ] as const) {
      await flow.clock.advance(T0 + at - flow.clock.now())
      expect(flow.polls).toEqual(polls)
    }
    expect({ outcome: flow.outcome(), log: flow.log.filter((line) => line !== 'pollToken') }).toEqual({
      outcome: { ok: true, stored: 'stored' },
      log: ['requestCode', 'rememberInterval 10000 20', 'storeCredential'],
    })
  })

  it('takes the interval that a slow_down names, and adds to it at the next one without', async () => {
    const flow = start({ answers: [{ kind: 'slowDown', intervalMs: 12_000 }, slowDown, pending, granted] })
    await flow.clock.advance(120_000)
    expect(flow.polls).toEqual([5, 17, 34, 51])
  })

  it('goes on with the new interval where it could not be remembered', async () => {
    const flow = start({
      answers: [slowDown, granted],
      failing: { 'rememberInterval 10000 15': new ClawError('CLAW_STORE_UNWRITABLE', { what: 'the disk is full' }) },
    })
    await flow.clock.advance(15_000)
    expect({ polls: flow.polls, outcome: flow.outcome() }).toEqual({ polls: [5, 15], outcome: { ok: true, stored: 'stored' } })
  })

  it('keeps the interval between one second and one minute, whatever the server says', async () => {
    const fast = start({ intervalMs: 0, answers: [pending, granted] })
    await fast.clock.advance(10_000)
    const slow = start({ intervalMs: 600_000, answers: [pending, granted] })
    await slow.clock.advance(200_000)
    expect([fast.polls, slow.polls]).toEqual([
      [1, 2],
      [60, 120],
    ])
  })

  it('doubles the wait while nobody answers, up to a minute, and then returns to the interval', async () => {
    const flow = start({ answers: [unreachable, unreachable, unreachable, unreachable, unreachable, pending, pending, granted] })
    await flow.clock.advance(300_000)
    expect(flow.polls).toEqual([5, 15, 35, 75, 135, 195, 200, 205])
    const again = start({ answers: [unreachable, unreachable, pending, unreachable, granted] })
    await again.clock.advance(300_000)
    expect(again.polls).toEqual([5, 15, 35, 40, 50])
  })

  it('adds the safety margin of the provider to every wait, not to the interval', async () => {
    const flow = start({ safetyMarginMs: 3_000, answers: [pending, { kind: 'slowDown', intervalMs: 10_000 }, pending, granted] })
    await flow.clock.advance(120_000)
    expect({ polls: flow.polls, log: flow.log.filter((line) => line.startsWith('remember')) }).toEqual({
      polls: [8, 16, 29, 42],
      log: ['rememberInterval 10000 29'],
    })
  })

  it('tells the third page in a row that comes in place of an answer, and keeps the code', async () => {
    const flow = start({ answers: [turnedAway, turnedAway, pending, turnedAway, unreachable, turnedAway, turnedAway, turnedAway] })
    await flow.clock.advance(400_000)
    expect({ polls: flow.polls, outcome: flow.outcome(), log: flow.log.filter((line) => line !== 'pollToken') }).toEqual({
      polls: [5, 15, 35, 40, 50, 70, 110, 170],
      outcome: { ok: false, code: 'CLAW_FORBIDDEN', message: 'a page came' },
      log: ['requestCode'],
    })
  })

  it('takes over the pace of another process that has polled meanwhile, and what that was told', async () => {
    const flow = start({
      answers: [{ kind: 'notDue', intervalMs: 10_000, nextPollAt: T0 + 12_500, slowedDown: true }, pending],
      lifetimeMs: 30_000,
    })
    await flow.clock.advance(60_000)
    expect({ polls: flow.polls, why: flow.outcome() }).toEqual({
      polls: [5, 12.5, 22.5],
      why: {
        ...expired,
        why: 'the server asked for slower polls on the way',
        fix: 'check the clock of this machine, then run `claw auth --device acme`',
      },
    })
  })

  it('does not ask again before the server wants to be asked', async () => {
    const flow = start({ answers: [{ kind: 'unreachable', error: noAnswer, notBefore: T0 + 42_000 }, granted] })
    await flow.clock.advance(60_000)
    expect(flow.polls).toEqual([5, 42])
  })

  it('counts the interval from the answer, not from the question', async () => {
    const flow = start({ answers: [() => flow.clock.sleepUntil(T0 + 8_000).then(() => pending), granted] })
    await flow.clock.advance(60_000)
    expect(flow.polls).toEqual([5, 13])
  })

  it('ends when the code has expired, however long the server says pending', async () => {
    const flow = start({ answers: [pending], lifetimeMs: 23_000 })
    await flow.clock.advance(22_999)
    expect(flow.outcome()).toBe('still running')
    await flow.clock.advance(1)
    expect({ polls: flow.polls, outcome: flow.outcome(), log: flow.log.at(-1), pending: flow.clock.pending }).toEqual({
      polls: [5, 10, 15, 20],
      outcome: expired,
      log: 'discardCode',
      pending: 0,
    })
  })

  it('does not poll at the instant at which the code expires', async () => {
    const flow = start({ answers: [pending], lifetimeMs: 15_000 })
    await flow.clock.advance(60_000)
    expect({ polls: flow.polls, outcome: flow.outcome() }).toEqual({ polls: [5, 10], outcome: expired })
  })

  it('uses an answer that arrives in the last request after the deadline', async () => {
    const flow = start({ answers: [() => flow.clock.sleepUntil(T0 + 37_999).then(() => granted)], lifetimeMs: 8_000 })
    await flow.clock.advance(37_998)
    expect(flow.outcome()).toBe('still running')
    await flow.clock.advance(1)
    expect({ polls: flow.polls, outcome: flow.outcome() }).toEqual({ polls: [5], outcome: { ok: true, stored: 'stored' } })
  })

  it('makes no further request after the deadline, and waits for the last one half a minute', async () => {
    const late = start({ answers: [() => late.clock.sleepUntil(T0 + 9_000).then(() => pending)], lifetimeMs: 8_000 })
    await late.clock.advance(9_000)
    const never = start({ answers: [() => new Promise(() => undefined)], lifetimeMs: 8_000 })
    await never.clock.advance(37_999)
    expect(never.outcome()).toBe('still running')
    await never.clock.advance(1)
    expect([late.polls, late.outcome(), never.polls, never.outcome()]).toEqual([[5], expired, [5], expired])
  })

  it('points at the clock when a code expires after a slow_down, and at the network when nobody answered', async () => {
    const drifting = start({ answers: [slowDown, pending], lifetimeMs: 30_000 })
    await drifting.clock.advance(60_000)
    const silent = start({ answers: [unreachable], lifetimeMs: 30_000 })
    await silent.clock.advance(60_000)
    expect([drifting.outcome(), silent.outcome()]).toEqual([
      {
        ...expired,
        why: 'the server asked for slower polls on the way',
        fix: 'check the clock of this machine, then run `claw auth --device acme`',
      },
      { ...expired, why: 'the last poll got no answer: no answer from `auth.example`' },
    ])
  })

  it.each<[Said, object]>([
    [
      { kind: 'denied', why: 'the server answered `access_denied`' },
      {
        ok: false,
        code: 'CLAW_DENIED',
        message: 'the sign-in was denied',
        why: 'the server answered `access_denied`',
        fix: 'run `claw auth --device acme`',
      },
    ],
    [{ kind: 'expired' }, expired],
    [
      { kind: 'refused', error: new ClawError('CLAW_METHOD_OFF', { what: 'device flow is off' }) },
      { ok: false, code: 'CLAW_METHOD_OFF', message: 'device flow is off' },
    ],
  ])('stops at once when the server says $kind, and forgets the code', async (answer, outcome) => {
    const flow = start({ answers: [answer] })
    await flow.clock.advance(5_000)
    expect({ outcome: flow.outcome(), log: flow.log, pending: flow.clock.pending }).toEqual({
      outcome,
      log: ['requestCode', 'pollToken', 'discardCode'],
      pending: 0,
    })
  })

  it('keeps the reason of the server when the code cannot be forgotten', async () => {
    const flow = start({
      answers: [{ kind: 'denied', why: 'the server answered `access_denied`' }],
      failing: { discardCode: new ClawError('CLAW_STORE_UNWRITABLE', { what: 'the disk is full' }) },
    })
    await flow.clock.advance(5_000)
    expect(flow.outcome()).toMatchObject({ ok: false, code: 'CLAW_DENIED' })
  })
})

it('says the code before the first poll and then what became of each', async () => {
  const flow = start({ answers: [pending, unreachable, granted] })
  await flow.clock.advance(0)
  expect(flow.facts).toEqual([{ type: 'codeReady', code: flow.code, isResumed: false }])
  await flow.clock.advance(60_000)
  expect(flow.facts.slice(1)).toEqual([
    { type: 'pending', at: T0 + 5_000, nextPollAt: T0 + 10_000, expiresAt: T0 + 900_000, isReachable: true },
    { type: 'pending', at: T0 + 10_000, nextPollAt: T0 + 20_000, expiresAt: T0 + 900_000, isReachable: false },
  ])
})

it('goes on with a stored flow at its own time, and remembers that it was slowed down', async () => {
  const flow = start({ answers: [pending], intervalMs: 10_000, lifetimeMs: 30_000, resumed: { nextPollAt: T0 + 2_500, slowedDown: true } })
  await flow.clock.advance(60_000)
  expect({ polls: flow.polls, facts: flow.facts[0], outcome: flow.outcome() }).toEqual({
    polls: [2.5, 12.5, 22.5],
    facts: { type: 'codeReady', code: flow.code, isResumed: true },
    outcome: {
      ...expired,
      why: 'the server asked for slower polls on the way',
      fix: 'check the clock of this machine, then run `claw auth --device acme`',
    },
  })
})

it('does not poll for a stored flow that has expired already', async () => {
  const flow = start({ lifetimeMs: -1, resumed: { nextPollAt: T0 - 5_000, slowedDown: false } })
  await flow.clock.advance(0)
  expect({ polls: flow.polls, outcome: flow.outcome() }).toEqual({ polls: [], outcome: expired })
})

it('hands the code over without polling when nobody waits here', async () => {
  const flow = start({ wait: false })
  await flow.clock.advance(0)
  expect({ outcome: flow.outcome(), facts: flow.facts, log: flow.log, pending: flow.clock.pending }).toEqual({
    outcome: { ok: true, code: flow.code },
    facts: [{ type: 'codeReady', code: flow.code, isResumed: false }],
    log: ['requestCode'],
    pending: 0,
  })
})

it.each(['requestCode', 'pollToken', 'storeCredential'])('ends with the error of %s', async (name) => {
  const flow = start({ failing: { [name]: new ClawError('CLAW_STORE_UNWRITABLE', { what: 'the disk is full' }) } })
  await flow.clock.advance(5_000)
  expect(flow.outcome()).toEqual({ ok: false, code: 'CLAW_STORE_UNWRITABLE', message: 'the disk is full' })
})

it('R-38 ends with the reason of the signal from every instant, with no timer left and the code kept', async () => {
  for (let ms = 0; ms <= 21_000; ms += 500) {
    const flow = start({ answers: [pending, slowDown, unreachable, () => new Promise(() => undefined)] })
    await flow.clock.advance(ms)
    const reason = new Error('the caller went away')
    flow.controller.abort(reason)
    await flow.clock.advance(0)
    expect({ ms, outcome: flow.outcome(), pending: flow.clock.pending, isDiscarded: flow.log.includes('discardCode') }).toEqual({
      ms,
      outcome: { thrown: reason },
      pending: 0,
      isDiscarded: false,
    })
  }
})

const approved: Said = { kind: 'approved' }

it('exchanges what was approved at once', async () => {
  const flow = start({ answers: [pending, approved] })
  await flow.clock.advance(10_000)
  expect([flow.outcome(), flow.log]).toEqual([
    { ok: true, stored: 'stored' },
    ['requestCode', 'pollToken', 'pollToken', 'exchangeCode', 'storeCredential'],
  ])
})

it('R-37 gives an exchange that hangs six seconds after the cancellation, then ends as that says and keeps the code', async () => {
  const flow = start({ answers: [approved], exchange: () => new Promise(() => undefined) })
  const reason = new Error('the caller went away')
  await flow.clock.advance(6_000)
  flow.controller.abort(reason)
  await flow.clock.advance(5_999)
  expect(flow.outcome()).toBe('still running')
  await flow.clock.advance(1)
  expect([flow.outcome(), flow.log, flow.clock.pending]).toEqual([{ thrown: reason }, ['requestCode', 'pollToken', 'exchangeCode'], 0])
})

it.each<[string, () => Promise<Said>, unknown, string]>([
  ['grants', async () => granted, { ok: true, stored: 'stored' }, 'storeCredential'],
  ['is out of reach', async () => unreachable, { thrown: { name: 'gone' } }, 'exchangeCode'],
  ['fails', () => Promise.reject(noAnswer), { thrown: { name: 'gone' } }, 'exchangeCode'],
])('R-37 uses an answer that comes within the grace where it %s', async (_, answer, outcome, last) => {
  const exchange = (): Promise<Said> => flow.clock.sleepUntil(T0 + 9_000, new AbortController().signal).then(answer)
  const flow = start({ answers: [approved], exchange })
  await flow.clock.advance(6_000)
  flow.controller.abort({ name: 'gone' })
  await flow.clock.advance(3_000)
  expect([flow.outcome(), flow.log.at(-1), flow.clock.pending]).toEqual([outcome, last, 0])
})

it('R-38 finishes storing what was approved, though the caller has gone', async () => {
  const flow = start({ answers: [granted] })
  const controller = flow.controller
  const store = flow.log.push.bind(flow.log)
  flow.log.push = (...lines) => {
    if (lines[0] === 'storeCredential') controller.abort(new Error('the caller went away'))
    return store(...lines)
  }
  await flow.clock.advance(5_000)
  expect(flow.outcome()).toEqual({ ok: true, stored: 'stored' })
})

it('R-34 ends when the code could not be shown to anybody', async () => {
  const broken = new ClawError('CLAW_OUTPUT', { what: 'stderr is closed' })
  const flow = start({
    onEmit: () => {
      throw broken
    },
  })
  await flow.clock.advance(60_000)
  expect({ outcome: flow.outcome(), polls: flow.polls, pending: flow.clock.pending }).toEqual({
    outcome: { thrown: broken },
    polls: [],
    pending: 0,
  })
})
