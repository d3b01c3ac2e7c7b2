import { fromPromise } from 'xstate'
import { describe, expect, it } from 'vitest'
import { runMachine } from '../../src/app/run-machine.ts'
import { ClawError } from '../../src/core/errors.ts'
import { checkMachine, type CheckOutcome, type PlannedCheck } from '../../src/machines/check.machine.ts'
import { doctorMachine } from '../../src/machines/doctor.machine.ts'
import { fakeClock } from '../support/fake-clock.ts'

interface Finding {
  readonly status: 'pass' | 'warn' | 'fail' | 'skip'
  readonly detail: string
}

const T0 = Date.UTC(2026, 0, 1)
const broken = new ClawError('CLAW_STORE_UNREADABLE', { what: 'the store cannot be read' })

/** A doctor on a fake clock; a check takes `tookMs` and then says its status, or throws. */
function start(
  plan: readonly (Partial<PlannedCheck> & { id: string; tookMs?: number; says?: Finding['status'] | Error })[],
  failing: { ground?: Error; credentials?: Error } = {},
) {
  const clock = fakeClock(T0)
  const controller = new AbortController()
  const log: string[] = []
  const settled: string[] = []
  const machine = doctorMachine<Finding>().provide({
    actors: {
      loadGround: fromPromise(async () => {
        log.push('ground')
        if (failing.ground) throw failing.ground
      }),
      resolveCredentials: fromPromise<readonly PlannedCheck[], void>(async () => {
        log.push('credentials')
        if (failing.credentials) throw failing.credentials
        return plan.map(({ id, needs = [], limitMs = 10_000 }) => ({ id, needs, limitMs }))
      }),
      check: checkMachine<Finding>().provide({
        actors: {
          runCheck: fromPromise<Finding, { id: string }>(async ({ input, signal }) => {
            const { tookMs = 0, says = 'pass' } = plan.find(({ id }) => id === input.id) ?? {}
            log.push(`${input.id} starts at ${clock.now() - T0}`)
            await clock.sleepUntil(clock.now() + tookMs, signal)
            if (says instanceof Error) throw says
            return { status: says, detail: input.id }
          }),
        },
      }),
    },
  })
  let outcome: unknown = 'still running'
  runMachine(machine, { clock, input: undefined, signal: controller.signal, onEmit: (fact) => settled.push(fact.outcome.id) }).then(
    (output) => {
      outcome = output.ok ? output.outcomes.map(inShort) : output.error
    },
    (thrown: unknown) => {
      outcome = { thrown }
    },
  )
  return { clock, controller, log, settled, outcome: () => outcome }
}

function inShort(outcome: CheckOutcome<Finding>): string {
  if (outcome.kind === 'found') return `${outcome.id} ${outcome.finding.status}`
  if (outcome.kind === 'skipped') return `${outcome.id} skipped because of ${outcome.because}`
  return `${outcome.id} ${outcome.kind}: ${outcome.error.code}`
}

describe('the doctor', () => {
  it('runs its checks side by side, and reports them in the order of the plan', async () => {
    const doctor = start([
      { id: 'slow', tookMs: 3_000 },
      { id: 'quick', tookMs: 1_000, says: 'warn' },
      { id: 'instant', says: 'fail' },
    ])
    await doctor.clock.advance(3_000)
    expect({ log: doctor.log, settled: doctor.settled, outcome: doctor.outcome(), pending: doctor.clock.pending }).toEqual({
      log: ['ground', 'credentials', 'slow starts at 0', 'quick starts at 0', 'instant starts at 0'],
      settled: ['instant', 'quick', 'slow'],
      outcome: ['slow pass', 'quick warn', 'instant fail'],
      pending: 0,
    })
  })

  it('starts a check when everything that it needs has held, and skips it at the first that has not', async () => {
    const doctor = start([
      { id: 'config', tookMs: 100 },
      { id: 'store', tookMs: 300, says: 'warn' },
      { id: 'network', tookMs: 200, says: 'fail' },
      { id: 'credential', needs: ['config', 'store'], tookMs: 50 },
      { id: 'accepted', needs: ['credential', 'network'] },
      { id: 'tier', needs: ['accepted'] },
    ])
    await doctor.clock.advance(1_000)
    expect({ log: doctor.log.slice(2), settled: doctor.settled, outcome: doctor.outcome() }).toEqual({
      log: ['config starts at 0', 'store starts at 0', 'network starts at 0', 'credential starts at 300'],
      settled: ['config', 'network', 'accepted', 'tier', 'store', 'credential'],
      outcome: [
        'config pass',
        'store warn',
        'network fail',
        'credential pass',
        'accepted skipped because of network',
        'tier skipped because of accepted',
      ],
    })
  })

  it('takes a check that had nothing to say for no ground', async () => {
    const doctor = start([
      { id: 'a', says: 'skip' },
      { id: 'b', needs: ['a'] },
    ])
    await doctor.clock.advance(0)
    expect(doctor.outcome()).toEqual(['a skip', 'b skipped because of a'])
  })

  it('ends one check at its limit, and one that crashes takes no other with it', async () => {
    const doctor = start([
      { id: 'hangs', tookMs: 60_000, limitMs: 2_000 },
      { id: 'crashes', says: new TypeError('undefined is not a function') },
      { id: 'fits', tookMs: 1_999, limitMs: 2_000 },
      { id: 'after', needs: ['hangs'] },
    ])
    await doctor.clock.advance(1_999)
    expect(doctor.outcome()).toBe('still running')
    await doctor.clock.advance(1)
    expect({ outcome: doctor.outcome(), pending: doctor.clock.pending }).toEqual({
      outcome: ['hangs overran: CLAW_TIMEOUT', 'crashes crashed: CLAW_INTERNAL', 'fits pass', 'after skipped because of hangs'],
      pending: 0,
    })
  })

  it('counts the limit of a check from its own start', async () => {
    const doctor = start([
      { id: 'a', tookMs: 1_500, limitMs: 2_000 },
      { id: 'b', needs: ['a'], tookMs: 1_500, limitMs: 2_000 },
    ])
    await doctor.clock.advance(3_000)
    expect(doctor.outcome()).toEqual(['a pass', 'b pass'])
  })

  it('does not wait for a check that is not planned', async () => {
    const doctor = start([{ id: 'only', needs: ['left.out'] }])
    await doctor.clock.advance(0)
    expect(doctor.outcome()).toEqual(['only pass'])
  })

  it('reports nothing where nothing is planned', async () => {
    const doctor = start([])
    await doctor.clock.advance(0)
    expect(doctor.outcome()).toEqual([])
  })

  it.each([
    ['a check that needs a later one', [{ id: 'a', needs: ['b'] }, { id: 'b' }], 'the check `a` needs `b`, which does not come before it'],
    ['a check that needs itself', [{ id: 'a', needs: ['a'] }], 'the check `a` needs `a`, which does not come before it'],
    ['a check that is planned twice', [{ id: 'a' }, { id: 'a' }], 'the check `a` is planned twice'],
  ])('refuses a plan with %s, rather than wait for ever', async (_, plan, message) => {
    const doctor = start(plan)
    await doctor.clock.advance(0)
    expect(doctor.outcome()).toMatchObject({ code: 'CLAW_INTERNAL', message })
  })

  it.each([
    ['its ground', { ground: broken }, ['ground']],
    ['the resolution', { credentials: broken }, ['ground', 'credentials']],
  ])('fails when %s cannot be had at all', async (_, failing, log) => {
    const doctor = start([{ id: 'a' }], failing)
    await doctor.clock.advance(0)
    expect({ outcome: doctor.outcome(), log: doctor.log }).toEqual({ outcome: broken, log })
  })

  it('R-38 can be stopped while checks run and wait, and leaves none behind', async () => {
    const doctor = start([
      { id: 'a', tookMs: 5_000 },
      { id: 'b', tookMs: 9_000 },
      { id: 'c', needs: ['a'] },
    ])
    await doctor.clock.advance(1_000)
    expect(doctor.clock.pending).toBe(4)
    const reason = new Error('the time of the command is over')
    doctor.controller.abort(reason)
    await doctor.clock.advance(0)
    expect({ outcome: doctor.outcome(), pending: doctor.clock.pending }).toEqual({ outcome: { thrown: reason }, pending: 0 })
  })
})
