import { assign, emit, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import { answer, failure, port } from './port.ts'

/** What is not answered for now is asked again so often. */
const MOST_RETRIES = 3

/** What a record holds of the derived credential that is wanted. */
export interface DerivedReading {
  /** `inside_margin`: it serves, and a newer one would be welcome. `gone`: nothing can be derived any more. */
  readonly verdict: 'usable' | 'inside_margin' | 'due' | 'gone'
  /** What a caller is told when it is gone. */
  readonly error: ClawError | null
  /** Another process brought it since this one first looked. */
  readonly isNewer: boolean
}

/** What came of asking the provider; whatever will not change by asking again is thrown. */
export type AskOutcome = { readonly kind: 'answered' } | { readonly kind: 'busy'; readonly error: ClawError; readonly retryAt: number }

type Next = 'finish' | 'fail' | 'read' | 'backOff'

interface Input {
  /** No waiting for others beyond this instant. */
  readonly patienceEndsAt: number
  /** Asking uses something up: it is finished and stored even if the caller was cancelled, and sees to its own end. */
  readonly isOneWay: boolean
  readonly cancelledError: ClawError
}

interface Context extends Input {
  /** The one in force serves, whatever becomes of a newer one. */
  serves: boolean
  isCancelled: boolean
  outcome: 'fresh' | 'derived' | 'adopted'
  retries: number
  retryAt: number
  /** Where to go when the lease is given back. */
  next: Next
  hasFinished: boolean
  error: ClawError | null
}

type Outcome =
  | { readonly ok: true; readonly outcome: Context['outcome']; readonly warning: ClawError | null }
  | { readonly ok: false; readonly error: ClawError }

function outcomeOf({ hasFinished, outcome, error }: Context): Outcome {
  if (hasFinished) return { ok: true, outcome, warning: error }
  return { ok: false, error: error ?? new ClawError('CLAW_INTERNAL', { what: 'a derivation ended without a reason' }) }
}

const WHEN_ONE_WAY = [
  { guard: 'isOneWay', actions: 'noteCancelledLater' },
  { target: '#derivation.releasing', actions: 'noteCancelled' },
] as const

export const derivationMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as { type: 'CANCEL' },
    emitted: {} as { type: 'waiting' },
    output: {} as Outcome,
  },
  actors: {
    readDerived: port<DerivedReading>('readDerived'),
    takeLease: port<'taken' | 'busy'>('takeLease'),
    awaitChange: port<'changed' | 'out_of_patience', { until: number }>('awaitChange'),
    ask: port<AskOutcome>('ask'),
    storeDerived: port<'stored' | 'moved_on'>('storeDerived'),
    releaseLease: port<void>('releaseLease'),
    sleepUntil: port<void, { instant: number }>('sleepUntil'),
  },
  guards: {
    isUsable: (_, reading: DerivedReading) => reading.verdict === 'usable',
    isInsideMargin: (_, reading: DerivedReading) => reading.verdict === 'inside_margin',
    isGone: (_, reading: DerivedReading) => reading.verdict === 'gone',
    isTaken: (_, said: 'taken' | 'busy') => said === 'taken',
    isOutOfPatience: (_, said: 'changed' | 'out_of_patience') => said === 'out_of_patience',
    mayAskAgain: ({ context }, said: AskOutcome) => said.kind === 'busy' && context.retries < MOST_RETRIES && !context.serves,
    isBusy: (_, said: AskOutcome) => said.kind === 'busy',
    isStored: (_, said: 'stored' | 'moved_on') => said === 'stored',
    goesOn: ({ context }, { to }: { to: Next }) => context.next === to,
    hasServed: ({ context }) => context.serves,
    isOneWay: ({ context }) => context.isOneWay,
    isCancelled: ({ context }) => context.isCancelled,
  },
  actions: {
    noteUsable: assign({
      error: null,
      next: 'finish',
      serves: true,
      outcome: ({ context }, reading: DerivedReading) => (reading.isNewer ? 'adopted' : context.outcome),
    }),
    noteServing: assign({ serves: true }),
    noteGone: assign({ next: 'fail', serves: false, error: (_, reading: DerivedReading) => reading.error }),
    noteStored: assign({ next: 'finish', outcome: 'derived', error: null, serves: true }),
    noteMovedOn: assign({ next: 'read' }),
    noteFinished: assign({ hasFinished: true }),
    noteCancelledLater: assign({ isCancelled: true }),
    noteCancelled: assign({ next: 'fail', serves: false, error: ({ context }) => context.cancelledError }),
    keepError: assign({ next: 'fail', error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
    keepBusy: assign({
      next: 'fail',
      error: ({ context }, said: AskOutcome) => (said.kind === 'busy' ? said.error : context.error),
    }),
    keepRetry: assign({
      next: 'backOff',
      retries: ({ context }) => context.retries + 1,
      retryAt: (_, said: AskOutcome) => (said.kind === 'busy' ? said.retryAt : 0),
    }),
    announceWaiting: emit({ type: 'waiting' }),
    failBusy: assign({
      error: new ClawError('CLAW_LEASE_BUSY', {
        what: 'another process holds the lease of this grant and did not finish in time',
        fix: 'run the command again',
      }),
    }),
  },
}).createMachine({
  id: 'derivation',
  description: 'A credential minted from another, or facts learnt with it, once for all processes',
  context: ({ input }) => ({
    ...input,
    serves: false,
    isCancelled: false,
    outcome: 'fresh',
    retries: 0,
    retryAt: 0,
    next: 'fail',
    hasFinished: false,
    error: null,
  }),
  initial: 'reading',
  on: { CANCEL: { target: '.releasing', actions: 'noteCancelled' } },
  states: {
    reading: {
      description: 'without a lock',
      invoke: {
        src: 'readDerived',
        onDone: [
          { guard: { type: 'isUsable', params: answer }, target: 'finished', actions: { type: 'noteUsable', params: answer } },
          { guard: { type: 'isGone', params: answer }, target: 'failed', actions: { type: 'noteGone', params: answer } },
          { guard: { type: 'isInsideMargin', params: answer }, target: 'takingLeaseIfFree', actions: 'noteServing' },
          { target: 'takingLease' },
        ],
        onError: { target: 'failed', actions: { type: 'keepError', params: failure } },
      },
    },
    takingLeaseIfFree: {
      description: 'the one in force serves: nobody waits for a newer one',
      invoke: {
        src: 'takeLease',
        onDone: [{ guard: { type: 'isTaken', params: answer }, target: 'readingAgain' }, { target: 'finished' }],
        onError: { target: 'finished', actions: { type: 'keepError', params: failure } },
      },
    },
    takingLease: {
      invoke: {
        src: 'takeLease',
        onDone: [{ guard: { type: 'isTaken', params: answer }, target: 'readingAgain' }, { target: 'waitingForOther' }],
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
    readingAgain: {
      description: 'under the lease: whoever had it before may have brought what is wanted',
      invoke: {
        src: 'readDerived',
        onDone: [
          { guard: { type: 'isUsable', params: answer }, target: 'releasing', actions: { type: 'noteUsable', params: answer } },
          { guard: { type: 'isGone', params: answer }, target: 'releasing', actions: { type: 'noteGone', params: answer } },
          { target: 'asking' },
        ],
        onError: { target: 'releasing', actions: { type: 'keepError', params: failure } },
      },
    },
    asking: {
      description: 'a request that may be made again, or one that sees to its own end',
      on: { CANCEL: WHEN_ONE_WAY },
      invoke: {
        src: 'ask',
        onDone: [
          { guard: { type: 'mayAskAgain', params: answer }, target: 'releasing', actions: { type: 'keepRetry', params: answer } },
          { guard: { type: 'isBusy', params: answer }, target: 'releasing', actions: { type: 'keepBusy', params: answer } },
          { target: 'storing' },
        ],
        onError: { target: 'releasing', actions: { type: 'keepError', params: failure } },
      },
    },
    storing: {
      on: { CANCEL: WHEN_ONE_WAY },
      invoke: {
        src: 'storeDerived',
        onDone: [
          { guard: { type: 'isStored', params: answer }, target: 'releasing', actions: 'noteStored' },
          { target: 'releasing', actions: 'noteMovedOn' },
        ],
        onError: { target: 'releasing', actions: { type: 'keepError', params: failure } },
      },
    },
    releasing: {
      invoke: {
        src: 'releaseLease',
        onDone: [
          { guard: 'isCancelled', target: 'failed', actions: 'noteCancelled' },
          { guard: { type: 'goesOn', params: { to: 'finish' } }, target: 'finished' },
          { guard: { type: 'goesOn', params: { to: 'read' } }, target: 'reading' },
          { guard: { type: 'goesOn', params: { to: 'backOff' } }, target: 'backingOff' },
          { guard: 'hasServed', target: 'finished' },
          { target: 'failed' },
        ],
        onError: [
          { guard: 'hasServed', target: 'finished', actions: { type: 'keepError', params: failure } },
          { target: 'failed', actions: { type: 'keepError', params: failure } },
        ],
      },
    },
    backingOff: {
      description: 'without the lease: others may go first',
      invoke: {
        src: 'sleepUntil',
        input: ({ context }) => ({ instant: context.retryAt }),
        onDone: { target: 'reading' },
        onError: { target: 'failed', actions: { type: 'keepError', params: failure } },
      },
    },
    finished: { type: 'final', entry: 'noteFinished' },
    failed: { type: 'final' },
  },
  output: ({ context }) => outcomeOf(context),
})
