import { assign, emit, sendTo, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import { answer, failure, port } from './port.ts'
import type { GrantReading } from './refresh-words.ts'
import { type RenewalEnd, renewalMachine } from './renewal.machine.ts'

/** What was not processed is tried again so often. */
const MOST_RETRIES = 3

interface Input {
  readonly goal: 'use' | 'newer'
  /** No waiting for others beyond this instant. */
  readonly patienceEndsAt: number
  readonly cancelledError: ClawError
}

interface Context extends Input {
  retries: number
  retryAt: number
  outcome: 'fresh' | 'refreshed' | 'adopted'
  hasFinished: boolean
  error: ClawError | null
}

type Outcome =
  | { readonly ok: true; readonly outcome: 'fresh' | 'refreshed' | 'adopted'; readonly warning: ClawError | null }
  | { readonly ok: false; readonly error: ClawError }

function outcomeOf({ hasFinished, outcome, error }: Context): Outcome {
  if (hasFinished) return { ok: true, outcome, warning: error }
  return { ok: false, error: error ?? new ClawError('CLAW_INTERNAL', { what: 'a refresh ended without a reason' }) }
}

export const refreshMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as { type: 'CANCEL'; at: number },
    emitted: {} as { type: 'waiting' },
    output: {} as Outcome,
  },
  actors: {
    readGrant: port<GrantReading>('readGrant'),
    takeLease: port<'taken' | 'busy'>('takeLease'),
    awaitChange: port<'changed' | 'out_of_patience', { until: number }>('awaitChange'),
    sleepUntil: port<void, { instant: number }>('sleepUntil'),
    renewal: renewalMachine,
  },
  guards: {
    isUsable: (_, reading: GrantReading) => reading.verdict === 'usable',
    isInsideMargin: (_, reading: GrantReading) => reading.verdict === 'inside_margin',
    isPending: (_, reading: GrantReading) => reading.verdict === 'pending',
    isFinal: (_, reading: GrantReading) => reading.error !== null,
    isUsableAfterAll: ({ context }, reading: GrantReading) =>
      context.goal === 'use' && (reading.verdict === 'usable' || reading.verdict === 'inside_margin'),
    isTaken: (_, said: 'taken' | 'busy') => said === 'taken',
    isOutOfPatience: (_, said: 'changed' | 'out_of_patience') => said === 'out_of_patience',
    hasServed: (_, { ok }: RenewalEnd) => ok,
    wasCancelled: (_, { end }: RenewalEnd) => end === 'cancelled',
    mustReadAgain: (_, { end }: RenewalEnd) => end === 'readAgain',
    isInDoubt: (_, { end }: RenewalEnd) => end === 'inDoubt',
    backsOff: (_, { end }: RenewalEnd) => end === 'backOff',
  },
  actions: {
    noteReading: assign({ error: null, outcome: ({ context }, reading: GrantReading) => (reading.isNewer ? 'adopted' : context.outcome) }),
    keepFinalError: assign({ error: (_, reading: GrantReading) => reading.error }),
    keepError: assign({ error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
    keepEnd: assign(({ context }, { end, retryAt, error }: RenewalEnd) => ({
      error: error ?? context.error,
      retryAt,
      retries: context.retries + (end === 'backOff' ? 1 : 0),
    })),
    keepServed: assign({
      error: null,
      outcome: (_, { end }: RenewalEnd) => (end === 'renewed' ? 'refreshed' : end === 'adopted' ? 'adopted' : 'fresh'),
    }),
    noteFinished: assign({ hasFinished: true }),
    noteCancelled: assign({ error: ({ context }) => context.cancelledError }),
    passOnCancel: sendTo('renewal', ({ event }) => event),
    announceWaiting: emit({ type: 'waiting' }),
    failBusy: assign({
      error: ({ context }) =>
        context.error ??
        new ClawError('CLAW_LEASE_BUSY', {
          what: 'another process holds the lease of this grant and did not finish in time',
          fix: 'run the command again',
        }),
    }),
  },
}).createMachine({
  id: 'refresh',
  description: 'A rotating grant refreshed exactly once, by one owner, whatever dies when',
  context: ({ input }) => ({ ...input, retries: 0, retryAt: 0, outcome: 'fresh', hasFinished: false, error: null }),
  initial: 'reading',
  on: { CANCEL: { target: '.failed', actions: 'noteCancelled' } },
  states: {
    reading: {
      description: 'without a lock',
      invoke: {
        src: 'readGrant',
        onDone: [
          { guard: { type: 'isUsable', params: answer }, target: 'finished', actions: { type: 'noteReading', params: answer } },
          { guard: { type: 'isInsideMargin', params: answer }, target: 'takingLeaseIfFree' },
          { guard: { type: 'isFinal', params: answer }, target: 'failed', actions: { type: 'keepFinalError', params: answer } },
          { guard: { type: 'isPending', params: answer }, target: 'waitingForOther' },
          { target: 'takingLease' },
        ],
        onError: { target: 'failed', actions: { type: 'keepError', params: failure } },
      },
    },
    takingLeaseIfFree: {
      description: 'the token is valid: nobody waits for a newer one',
      invoke: {
        src: 'takeLease',
        onDone: [{ guard: { type: 'isTaken', params: answer }, target: 'renewing' }, { target: 'finished' }],
        onError: { target: 'finished', actions: { type: 'keepError', params: failure } },
      },
    },
    takingLease: {
      invoke: {
        src: 'takeLease',
        onDone: [{ guard: { type: 'isTaken', params: answer }, target: 'renewing' }, { target: 'waitingForOther' }],
        onError: { target: 'failed', actions: { type: 'keepError', params: failure } },
      },
    },
    waitingForOther: {
      entry: 'announceWaiting',
      invoke: {
        src: 'awaitChange',
        input: ({ context }) => ({ until: context.patienceEndsAt }),
        onDone: [{ guard: { type: 'isOutOfPatience', params: answer }, target: 'failed', actions: 'failBusy' }, { target: 'reading' }],
        onError: { target: 'failed', actions: { type: 'keepError', params: failure } },
      },
    },
    renewing: {
      description: 'as its one owner; a cancellation is heard there, at a place where it harms nothing',
      on: { CANCEL: { actions: 'passOnCancel' } },
      invoke: {
        src: 'renewal',
        id: 'renewal',
        input: ({ context }) => ({ retriesLeft: MOST_RETRIES - context.retries, cancelledError: context.cancelledError }),
        onDone: [
          { guard: { type: 'hasServed', params: answer }, target: 'finished', actions: { type: 'keepServed', params: answer } },
          { guard: { type: 'wasCancelled', params: answer }, target: 'failed', actions: { type: 'keepEnd', params: answer } },
          { guard: { type: 'mustReadAgain', params: answer }, target: 'reading', actions: { type: 'keepEnd', params: answer } },
          { guard: { type: 'isInDoubt', params: answer }, target: 'waitingAfterLoss', actions: { type: 'keepEnd', params: answer } },
          { guard: { type: 'backsOff', params: answer }, target: 'backingOff', actions: { type: 'keepEnd', params: answer } },
          { target: 'reconsidering', actions: { type: 'keepEnd', params: answer } },
        ],
        onError: { target: 'reconsidering', actions: { type: 'keepError', params: failure } },
      },
    },
    waitingAfterLoss: {
      description: 'a valid token serves; without one the doubt is resolved when its time has come',
      invoke: {
        src: 'readGrant',
        onDone: [{ guard: { type: 'isUsableAfterAll', params: answer }, target: 'finished' }, { target: 'waitingForOther' }],
        onError: { target: 'failed', actions: { type: 'keepError', params: failure } },
      },
    },
    backingOff: {
      invoke: {
        src: 'sleepUntil',
        input: ({ context }) => ({ instant: context.retryAt }),
        onDone: { target: 'reading' },
        onError: { target: 'failed', actions: { type: 'keepError', params: failure } },
      },
    },
    reconsidering: {
      description: 'a refresh that fails while the old token is valid fails nobody',
      invoke: {
        src: 'readGrant',
        onDone: [{ guard: { type: 'isUsableAfterAll', params: answer }, target: 'finished' }, { target: 'failed' }],
        onError: { target: 'failed' },
      },
    },
    finished: { type: 'final', entry: 'noteFinished' },
    failed: { type: 'final' },
  },
  output: ({ context }) => outcomeOf(context),
})
