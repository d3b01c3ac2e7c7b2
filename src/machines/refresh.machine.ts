import { assign, emit, setup } from 'xstate'
import { ClawError } from '../core/errors.ts'
import { port } from './port.ts'

/** How long a request that is on the wire may go on after the caller was cancelled (fits the 7.5 s of a CI runner). */
const CANCEL_GRACE_MS = 6_000
/** What was not processed is tried again so often. */
const MOST_RETRIES = 3

/** What reading the grant says; the words are those of the laws. */
export type GrantVerdict =
  | 'usable'
  | 'inside_margin'
  | 'due'
  | 'retry'
  | 'saved'
  | 'pending'
  | 'logged_out'
  | 'rejected'
  | 'interrupted'
  | 'in_doubt'

export interface GrantReading {
  readonly verdict: GrantVerdict
  /** What a caller is told when the verdict is final. */
  readonly error: ClawError | null
  /** The generation is newer than the one first read. */
  readonly isNewer: boolean
}

/** What came of the one token request. */
export type SendOutcome =
  | { readonly kind: 'answered' }
  /** The provider's own words for a dead grant. */
  | { readonly kind: 'rejected'; readonly error: ClawError }
  /** Never sent, or told "not processed": there is no doubt. */
  | { readonly kind: 'not_processed'; readonly error: ClawError; readonly retryAt: number | null }
  /** Answered, though not with a grant and not in words that end it. */
  | { readonly kind: 'refused'; readonly error: ClawError }
  /** Sent, and nobody knows what became of it. */
  | { readonly kind: 'lost'; readonly error: ClawError }

interface Input {
  readonly goal: 'use' | 'newer'
  /** No waiting for others beyond this instant. */
  readonly patienceEndsAt: number
  readonly cancelledError: ClawError
}

interface Context extends Input {
  attempt: 1 | 2
  retries: number
  retryAt: number
  cancelledAt: number
  hasFinished: boolean
  isCommitted: boolean
  isNewer: boolean
  afterRelease: 'finish' | 'fail' | 'again' | 'wait' | 'backOff'
  error: ClawError | null
}

type Outcome =
  | { readonly ok: true; readonly outcome: 'fresh' | 'refreshed' | 'adopted'; readonly warning: ClawError | null }
  | { readonly ok: false; readonly error: ClawError }

const unknownError = (thrown: unknown): ClawError =>
  thrown instanceof ClawError ? thrown : new ClawError('CLAW_INTERNAL', { what: 'a refresh ended with an unforeseen error', cause: thrown })

function outcomeOf(context: Context): Outcome {
  if (!context.hasFinished) {
    return { ok: false, error: context.error ?? new ClawError('CLAW_INTERNAL', { what: 'a refresh ended without a reason' }) }
  }
  const outcome = context.isCommitted ? 'refreshed' : context.isNewer ? 'adopted' : 'fresh'
  return { ok: true, outcome, warning: context.error }
}

export const refreshMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as { type: 'CANCEL'; at: number },
    emitted: {} as { type: 'waiting' } | { type: 'refreshing'; attempt: number },
    output: {} as Outcome,
  },
  actors: {
    readGrant: port<GrantReading, { holding: boolean }>('readGrant'),
    takeLease: port<'taken' | 'busy'>('takeLease'),
    awaitChange: port<'changed' | 'out_of_patience', { until: number }>('awaitChange'),
    connect: port<void>('connect'),
    writeIntent: port<'written' | 'refused', { attempt: 1 | 2 }>('writeIntent'),
    send: port<SendOutcome>('send'),
    saveAnswer: port<void>('saveAnswer'),
    commitAnswer: port<'committed' | 'dropped', { from: 'wire' | 'spool' }>('commitAnswer'),
    takeBackIntent: port<void>('takeBackIntent'),
    giveUp: port<void>('giveUp'),
    markRejected: port<'marked' | 'moved_on'>('markRejected'),
    releaseLease: port<void>('releaseLease'),
    sleepUntil: port<void, { instant: number }>('sleepUntil'),
  },
  guards: {
    isUsable: (_, reading: GrantReading) => reading.verdict === 'usable',
    isInsideMargin: (_, reading: GrantReading) => reading.verdict === 'inside_margin',
    isPending: (_, reading: GrantReading) => reading.verdict === 'pending',
    isFinal: (_, reading: GrantReading) => reading.error !== null,
    isSaved: (_, reading: GrantReading) => reading.verdict === 'saved',
    isUsableAfterAll: ({ context }, reading: GrantReading) =>
      context.goal === 'use' && (reading.verdict === 'usable' || reading.verdict === 'inside_margin'),
    isTaken: (_, answer: 'taken' | 'busy') => answer === 'taken',
    isOutOfPatience: (_, answer: 'changed' | 'out_of_patience') => answer === 'out_of_patience',
    isWritten: (_, answer: 'written' | 'refused') => answer === 'written',
    isAnswered: (_, outcome: SendOutcome) => outcome.kind === 'answered',
    isRejected: (_, outcome: SendOutcome) => outcome.kind === 'rejected',
    isLost: (_, outcome: SendOutcome) => outcome.kind === 'lost',
    mayTryAgain: ({ context }, outcome: SendOutcome) =>
      outcome.kind === 'not_processed' && outcome.retryAt !== null && context.retries < MOST_RETRIES && context.cancelledAt === 0,
    isCommitted: (_, answer: 'committed' | 'dropped') => answer === 'committed',
    isMarked: (_, answer: 'marked' | 'moved_on') => answer === 'marked',
    isSecondAttempt: ({ context }) => context.attempt === 2,
    isCancelled: ({ context }) => context.cancelledAt > 0,
    finishes: ({ context }) => context.afterRelease === 'finish',
    startsAgain: ({ context }) => context.afterRelease === 'again',
    waits: ({ context }) => context.afterRelease === 'wait',
    backsOff: ({ context }) => context.afterRelease === 'backOff',
  },
  actions: {
    noteReading: assign({ isNewer: ({ context }, reading: GrantReading) => context.isNewer || reading.isNewer }),
    keepFinalError: assign({ error: (_, reading: GrantReading) => reading.error }),
    chooseAttempt: assign({ attempt: (_, reading: GrantReading) => (reading.verdict === 'retry' ? 2 : 1) }),
    noteCancelled: assign({ cancelledAt: (_, params: { at: number }) => params.at, error: ({ context }) => context.cancelledError }),
    keepError: assign({ error: (_, params: { thrown: unknown }) => unknownError(params.thrown) }),
    keepOutcomeError: assign({ error: (_, outcome: SendOutcome) => ('error' in outcome ? outcome.error : null) }),
    noteRetry: assign({
      retries: ({ context }) => context.retries + 1,
      retryAt: (_, outcome: SendOutcome) => (outcome.kind === 'not_processed' && outcome.retryAt !== null ? outcome.retryAt : 0),
    }),
    noteCommitted: assign({ isCommitted: true, error: null }),
    noteAdopted: assign({ isNewer: true, error: null }),
    noteFinished: assign({ hasFinished: true }),
    announceWaiting: emit({ type: 'waiting' }),
    announceRefreshing: emit(({ context }) => ({ type: 'refreshing', attempt: context.attempt })),
    thenFinish: assign({ afterRelease: 'finish' }),
    thenFail: assign({ afterRelease: 'fail' }),
    thenAgain: assign({ afterRelease: 'again' }),
    thenWait: assign({ afterRelease: 'wait' }),
    thenBackOff: assign({ afterRelease: 'backOff' }),
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
  context: ({ input }) => ({
    ...input,
    attempt: 1,
    retries: 0,
    retryAt: 0,
    cancelledAt: 0,
    hasFinished: false,
    isCommitted: false,
    isNewer: false,
    afterRelease: 'fail',
    error: null,
  }),
  initial: 'reading',
  on: { CANCEL: { target: '.failed', actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
  states: {
    reading: {
      description: 'without a lock',
      invoke: {
        src: 'readGrant',
        input: { holding: false },
        onDone: [
          {
            guard: { type: 'isUsable', params: ({ event }) => event.output },
            target: 'finished',
            actions: { type: 'noteReading', params: ({ event }) => event.output },
          },
          { guard: { type: 'isInsideMargin', params: ({ event }) => event.output }, target: 'takingLeaseIfFree' },
          {
            guard: { type: 'isFinal', params: ({ event }) => event.output },
            target: 'failed',
            actions: { type: 'keepFinalError', params: ({ event }) => event.output },
          },
          { guard: { type: 'isPending', params: ({ event }) => event.output }, target: 'waitingForOther' },
          { target: 'takingLease' },
        ],
        onError: { target: 'failed', actions: { type: 'keepError', params: ({ event }) => ({ thrown: event.error }) } },
      },
    },
    takingLeaseIfFree: {
      description: 'the token is valid: nobody waits for a newer one',
      invoke: {
        src: 'takeLease',
        onDone: [{ guard: { type: 'isTaken', params: ({ event }) => event.output }, target: 'holding' }, { target: 'finished' }],
        onError: { target: 'finished', actions: { type: 'keepError', params: ({ event }) => ({ thrown: event.error }) } },
      },
    },
    takingLease: {
      invoke: {
        src: 'takeLease',
        onDone: [{ guard: { type: 'isTaken', params: ({ event }) => event.output }, target: 'holding' }, { target: 'waitingForOther' }],
        onError: { target: 'failed', actions: { type: 'keepError', params: ({ event }) => ({ thrown: event.error }) } },
      },
    },
    waitingForOther: {
      entry: 'announceWaiting',
      invoke: {
        src: 'awaitChange',
        input: ({ context }) => ({ until: context.patienceEndsAt }),
        onDone: [
          { guard: { type: 'isOutOfPatience', params: ({ event }) => event.output }, target: 'failed', actions: 'failBusy' },
          { target: 'reading' },
        ],
        onError: { target: 'failed', actions: { type: 'keepError', params: ({ event }) => ({ thrown: event.error }) } },
      },
    },
    holding: {
      initial: 'readingAgain',
      on: { CANCEL: { target: '.releasing', actions: [{ type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) }, 'thenFail'] } },
      states: {
        readingAgain: {
          description: 'under the lease, before anything is decided',
          invoke: {
            src: 'readGrant',
            input: { holding: true },
            onDone: [
              {
                guard: { type: 'isUsable', params: ({ event }) => event.output },
                target: 'releasing',
                actions: [{ type: 'noteReading', params: ({ event }) => event.output }, 'thenFinish'],
              },
              {
                guard: { type: 'isFinal', params: ({ event }) => event.output },
                target: 'releasing',
                actions: [{ type: 'keepFinalError', params: ({ event }) => event.output }, 'thenFail'],
              },
              { guard: { type: 'isPending', params: ({ event }) => event.output }, target: 'releasing', actions: 'thenWait' },
              { guard: { type: 'isSaved', params: ({ event }) => event.output }, target: 'adoptingAnswer' },
              { target: 'connecting', actions: { type: 'chooseAttempt', params: ({ event }) => event.output } },
            ],
            onError: {
              target: 'releasing',
              actions: [{ type: 'keepError', params: ({ event }) => ({ thrown: event.error }) }, 'thenFail'],
            },
          },
        },
        adoptingAnswer: {
          description: 'somebody died between the answer and its commit',
          invoke: {
            src: 'commitAnswer',
            input: { from: 'spool' },
            onDone: [
              {
                guard: { type: 'isCommitted', params: ({ event }) => event.output },
                target: 'releasing',
                actions: ['noteAdopted', 'thenFinish'],
              },
              { target: 'releasing', actions: 'thenAgain' },
            ],
            onError: {
              target: 'releasing',
              actions: [{ type: 'keepError', params: ({ event }) => ({ thrown: event.error }) }, 'thenFail'],
            },
          },
        },
        connecting: {
          description: 'space reserved, TLS done, nothing sent: failing here leaves no doubt',
          invoke: {
            src: 'connect',
            onDone: { target: 'writingIntent' },
            onError: {
              target: 'releasing',
              actions: [{ type: 'keepError', params: ({ event }) => ({ thrown: event.error }) }, 'thenFail'],
            },
          },
        },
        writingIntent: {
          description: 'cannot be cancelled: an intent that nobody takes back would be a doubt',
          on: { CANCEL: { actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
          invoke: {
            src: 'writeIntent',
            input: ({ context }) => ({ attempt: context.attempt }),
            onDone: [
              { guard: { type: 'isWritten', params: ({ event }) => event.output }, target: 'decidingToSend' },
              { target: 'releasing', actions: 'thenAgain' },
            ],
            onError: {
              target: 'releasing',
              actions: [{ type: 'keepError', params: ({ event }) => ({ thrown: event.error }) }, 'thenFail'],
            },
          },
        },
        decidingToSend: {
          always: [{ guard: 'isCancelled', target: 'takingBack', actions: 'thenFail' }, { target: 'sending' }],
        },
        sending: {
          description: 'finished even if the caller was cancelled, but for a grace',
          entry: 'announceRefreshing',
          initial: 'unhurried',
          invoke: {
            src: 'send',
            onDone: [
              { guard: { type: 'isAnswered', params: ({ event }) => event.output }, target: 'savingAnswer' },
              {
                guard: { type: 'isRejected', params: ({ event }) => event.output },
                target: 'markingRejected',
                actions: { type: 'keepOutcomeError', params: ({ event }) => event.output },
              },
              {
                guard: { type: 'isLost', params: ({ event }) => event.output },
                target: 'givingUp',
                actions: { type: 'keepOutcomeError', params: ({ event }) => event.output },
              },
              {
                guard: { type: 'mayTryAgain', params: ({ event }) => event.output },
                target: 'takingBack',
                actions: [
                  { type: 'noteRetry', params: ({ event }) => event.output },
                  { type: 'keepOutcomeError', params: ({ event }) => event.output },
                  'thenBackOff',
                ],
              },
              { target: 'takingBack', actions: [{ type: 'keepOutcomeError', params: ({ event }) => event.output }, 'thenFail'] },
            ],
            onError: { target: 'givingUp', actions: { type: 'keepError', params: ({ event }) => ({ thrown: event.error }) } },
          },
          states: {
            unhurried: {
              on: { CANCEL: { target: 'hurried', actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
            },
            hurried: {
              on: { CANCEL: {} },
              invoke: {
                src: 'sleepUntil',
                input: ({ context }) => ({ instant: context.cancelledAt + CANCEL_GRACE_MS }),
                onDone: { target: '#refresh.holding.releasing', actions: 'thenFail' },
                onError: { target: '#refresh.holding.releasing', actions: 'thenFail' },
              },
            },
          },
        },
        savingAnswer: {
          description: 'beside the store, before anything else is done with it',
          on: { CANCEL: { actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
          invoke: { src: 'saveAnswer', onDone: { target: 'committing' }, onError: { target: 'committing' } },
        },
        committing: {
          description: 'by comparison, with the lease or late without it',
          on: { CANCEL: { actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
          invoke: {
            src: 'commitAnswer',
            input: { from: 'wire' },
            onDone: [
              {
                guard: { type: 'isCommitted', params: ({ event }) => event.output },
                target: 'releasing',
                actions: ['noteCommitted', 'thenFinish'],
              },
              { target: 'releasing', actions: 'thenAgain' },
            ],
            onError: {
              target: 'releasing',
              actions: [{ type: 'keepError', params: ({ event }) => ({ thrown: event.error }) }, 'thenFail'],
            },
          },
        },
        takingBack: {
          description: 'nothing was processed: no doubt stays behind',
          on: { CANCEL: { actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
          invoke: { src: 'takeBackIntent', onDone: { target: 'releasing' }, onError: { target: 'releasing' } },
        },
        givingUp: {
          description: 'the doubt is written down, nothing is blanked',
          on: { CANCEL: { actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
          invoke: {
            src: 'giveUp',
            onDone: [
              { guard: 'isSecondAttempt', target: 'releasing', actions: 'thenFail' },
              { guard: 'isCancelled', target: 'releasing', actions: 'thenFail' },
              { target: 'releasing', actions: 'thenWait' },
            ],
            onError: { target: 'releasing', actions: 'thenFail' },
          },
        },
        markingRejected: {
          on: { CANCEL: { actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
          invoke: {
            src: 'markRejected',
            onDone: [
              { guard: { type: 'isMarked', params: ({ event }) => event.output }, target: 'releasing', actions: 'thenFail' },
              { target: 'releasing', actions: 'thenAgain' },
            ],
            onError: { target: 'releasing', actions: 'thenFail' },
          },
        },
        releasing: {
          on: { CANCEL: { actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
          invoke: {
            src: 'releaseLease',
            onDone: [
              { guard: 'finishes', target: '#refresh.finished' },
              { guard: 'isCancelled', target: '#refresh.failed' },
              { guard: 'startsAgain', target: '#refresh.reading' },
              { guard: 'waits', target: '#refresh.waitingAfterLoss' },
              { guard: 'backsOff', target: '#refresh.backingOff' },
              { target: '#refresh.reconsidering' },
            ],
            onError: [{ guard: 'finishes', target: '#refresh.finished' }, { target: '#refresh.reconsidering' }],
          },
        },
      },
    },
    waitingAfterLoss: {
      description: 'a valid token serves; without one the doubt is resolved when its time has come',
      invoke: {
        src: 'readGrant',
        input: { holding: false },
        onDone: [
          { guard: { type: 'isUsableAfterAll', params: ({ event }) => event.output }, target: 'finished' },
          { target: 'waitingForOther' },
        ],
        onError: { target: 'failed', actions: { type: 'keepError', params: ({ event }) => ({ thrown: event.error }) } },
      },
    },
    backingOff: {
      invoke: {
        src: 'sleepUntil',
        input: ({ context }) => ({ instant: context.retryAt }),
        onDone: { target: 'reading' },
        onError: { target: 'failed', actions: { type: 'keepError', params: ({ event }) => ({ thrown: event.error }) } },
      },
    },
    reconsidering: {
      description: 'a refresh that fails while the old token is valid fails nobody',
      invoke: {
        src: 'readGrant',
        input: { holding: false },
        onDone: [{ guard: { type: 'isUsableAfterAll', params: ({ event }) => event.output }, target: 'finished' }, { target: 'failed' }],
        onError: { target: 'failed' },
      },
    },
    finished: { type: 'final', entry: 'noteFinished' },
    failed: { type: 'final' },
  },
  output: ({ context }) => outcomeOf(context),
})
