import { getEventListeners } from 'node:events'
import { assign, emit, fromPromise, setup } from 'xstate'
import { expect, it } from 'vitest'
import { runMachine } from '../../src/app/run-machine.ts'
import { ClawError } from '../../src/core/errors.ts'
import { port } from '../../src/machines/port.ts'
import { fakeClock } from '../support/fake-clock.ts'

type Outcome = { readonly ok: true; readonly at: number } | { readonly ok: false; readonly error: ClawError }

const nap = setup({
  types: {
    context: {} as { error: ClawError | null; cancelledAt: number },
    events: {} as { type: 'CANCEL'; at: number },
    emitted: {} as { type: 'started' },
    output: {} as Outcome,
  },
  actors: { sleep: port<void>('sleep') },
  actions: {
    announce: emit({ type: 'started' }),
    cancel: assign({
      cancelledAt: (_, params: { at: number }) => params.at,
      error: () => new ClawError('CLAW_CANCELLED', { what: 'the nap was cancelled' }),
    }),
    fail: assign({ error: () => new ClawError('CLAW_NETWORK', { what: 'the bed is gone' }) }),
    burst: () => {
      throw new TypeError('an action burst')
    },
  },
  delays: { late: 60_000 },
}).createMachine({
  id: 'nap',
  context: { error: null, cancelledAt: 0 },
  initial: 'sleeping',
  on: { CANCEL: { target: '.failed', actions: { type: 'cancel', params: ({ event }) => ({ at: event.at }) } } },
  states: {
    sleeping: {
      entry: 'announce',
      after: { late: { target: 'failed', actions: 'burst' } },
      invoke: { src: 'sleep', onDone: 'rested', onError: { target: 'failed', actions: 'fail' } },
    },
    rested: { type: 'final' },
    failed: { type: 'final' },
  },
  output: ({ context }) => (context.error ? { ok: false, error: context.error } : { ok: true, at: context.cancelledAt }),
})

const sleeper = (work: (signal: AbortSignal) => Promise<void>) =>
  nap.provide({ actors: { sleep: fromPromise<void, void>(({ signal }) => work(signal)) } })
const endless = sleeper(() => new Promise(() => undefined))

it('resolves with the output, hears what is emitted at the very start, and stops listening to the signal', async () => {
  const clock = fakeClock()
  const { signal } = new AbortController()
  const facts: unknown[] = []
  const output = await runMachine(
    sleeper(async () => undefined),
    { clock, input: undefined, signal, onEmit: (fact) => facts.push(fact) },
  )
  expect({ output, facts, listeners: getEventListeners(signal, 'abort'), pending: clock.pending }).toEqual({
    output: { ok: true, at: 0 },
    facts: [{ type: 'started' }],
    listeners: [],
    pending: 0,
  })
})

it('gives a failure of the machine as its output', async () => {
  const output = await runMachine(
    sleeper(() => Promise.reject(new Error('no bed'))),
    { clock: fakeClock(), input: undefined },
  )
  expect(output).toEqual({ ok: false, error: new ClawError('CLAW_NETWORK', { what: 'the bed is gone' }) })
})

it('rejects with the reason of a signal that ended it, whether it came before or in the middle', async () => {
  const clock = fakeClock()
  const reason = new ClawError('CLAW_TIMEOUT', { what: 'the command took too long' })
  await expect(runMachine(endless, { clock, input: undefined, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const controller = new AbortController()
  const run = runMachine(endless, { clock, input: undefined, signal: controller.signal })
  controller.abort(reason)
  await expect(run).rejects.toBe(reason)
  expect({ pending: clock.pending, listeners: getEventListeners(controller.signal, 'abort') }).toEqual({ pending: 0, listeners: [] })
})

it('keeps a success that a cancellation came too late for', async () => {
  const controller = new AbortController()
  const output = await runMachine(
    sleeper(async () => undefined),
    { clock: fakeClock(), input: undefined, signal: controller.signal },
  )
  controller.abort()
  expect(output).toEqual({ ok: true, at: 0 })
})

it('takes the time of a delay from its clock, and rejects when the machine itself breaks', async () => {
  const clock = fakeClock()
  const run = runMachine(endless, { clock, input: undefined })
  const rejected = expect(run).rejects.toMatchObject({ code: 'CLAW_INTERNAL', why: 'TypeError' })
  await clock.advance(60_000)
  await rejected
})

it('ends a machine whose facts nobody can be told, with the reason why', async () => {
  const clock = fakeClock()
  const closed = new ClawError('CLAW_OUTPUT', { what: 'stdout is closed' })
  const run = runMachine(endless, {
    clock,
    input: undefined,
    onEmit: () => {
      throw closed
    },
  })
  await expect(run).rejects.toBe(closed)
  expect(clock.pending).toBe(0)
})
