import { assign, setup } from 'xstate'
import { type ClawError, toClawError } from '../core/errors.ts'
import { CANCEL_GRACE_MS } from './cancel-grace.ts'
import { answer, failure, port } from './port.ts'
import type { GrantReading, SendOutcome } from './refresh-words.ts'

/** With these the caller has a token to use. */
const SERVED: readonly string[] = ['renewed', 'adopted', 'fresh']

interface Input {
  readonly retriesLeft: number
  readonly cancelledError: ClawError
}

interface Context extends Input {
  attempt: 1 | 2
  cancelledAt: number
  end: RenewalEnd['end']
  retryAt: number
  error: ClawError | null
}

/** What whoever owned the grant for a while made of it, after the lease was given back. */
export interface RenewalEnd {
  readonly ok: boolean
  /** `renewed` by the answer, `adopted` from a saved one, `fresh` without either; the others say what to do next. */
  readonly end: 'renewed' | 'adopted' | 'fresh' | 'failed' | 'cancelled' | 'readAgain' | 'inDoubt' | 'backOff'
  readonly retryAt: number
  readonly error: ClawError | null
}

function endOf({ end, retryAt, error }: Context): RenewalEnd {
  return { ok: SERVED.includes(end), end, retryAt, error }
}

const noteCancel = { actions: { type: 'noteCancelled' as const, params: ({ event }: { event: { at: number } }) => ({ at: event.at }) } }

export const renewalMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as { type: 'CANCEL'; at: number },
    output: {} as RenewalEnd,
  },
  actors: {
    readGrant: port<GrantReading>('readGrant'),
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
    isPending: (_, reading: GrantReading) => reading.verdict === 'pending',
    isFinal: (_, reading: GrantReading) => reading.error !== null,
    isSaved: (_, reading: GrantReading) => reading.verdict === 'saved',
    isWritten: (_, said: 'written' | 'refused') => said === 'written',
    isAnswered: (_, outcome: SendOutcome) => outcome.kind === 'answered',
    isRejected: (_, outcome: SendOutcome) => outcome.kind === 'rejected',
    isLost: (_, outcome: SendOutcome) => outcome.kind === 'lost',
    mayTryAgain: ({ context }, outcome: SendOutcome) =>
      outcome.kind === 'not_processed' && outcome.retryAt !== null && context.retriesLeft > 0 && context.cancelledAt === 0,
    isCommitted: (_, said: 'committed' | 'dropped') => said === 'committed',
    isMarked: (_, said: 'marked' | 'moved_on') => said === 'marked',
    isSecondAttempt: ({ context }) => context.attempt === 2,
    isCancelled: ({ context }) => context.cancelledAt > 0,
    hasServed: ({ context }) => SERVED.includes(context.end),
  },
  actions: {
    chooseAttempt: assign({ attempt: (_, reading: GrantReading) => (reading.verdict === 'retry' ? 2 : 1) }),
    noteCancelled: assign({ cancelledAt: (_, params: { at: number }) => params.at }),
    endFresh: assign({ end: 'fresh' }),
    endRenewed: assign({ end: 'renewed', error: null }),
    endAdopted: assign({ end: 'adopted', error: null }),
    endReadAgain: assign({ end: 'readAgain' }),
    endInDoubt: assign({ end: 'inDoubt' }),
    endBackOff: assign({
      end: 'backOff',
      retryAt: (_, outcome: SendOutcome) => (outcome.kind === 'not_processed' ? (outcome.retryAt ?? 0) : 0),
    }),
    endFinal: assign({ end: 'failed', error: (_, reading: GrantReading) => reading.error }),
    endFailed: assign({ end: 'failed', error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
    keepOutcomeError: assign({ end: 'failed', error: (_, outcome: SendOutcome) => (outcome.kind === 'answered' ? null : outcome.error) }),
    endCancelled: assign({ end: 'cancelled', error: ({ context }) => context.cancelledError }),
  },
}).createMachine({
  id: 'renewal',
  description: 'What the one owner of a grant does under its lease, from the second look to giving the lease back',
  context: ({ input }) => ({ ...input, attempt: 1, cancelledAt: 0, end: 'failed', retryAt: 0, error: null }),
  initial: 'readingAgain',
  on: { CANCEL: { target: '.releasing', actions: 'endCancelled' } },
  states: {
    readingAgain: {
      description: 'under the lease, before anything is decided',
      invoke: {
        src: 'readGrant',
        onDone: [
          { guard: { type: 'isUsable', params: answer }, target: 'releasing', actions: 'endFresh' },
          { guard: { type: 'isFinal', params: answer }, target: 'releasing', actions: { type: 'endFinal', params: answer } },
          { guard: { type: 'isPending', params: answer }, target: 'releasing', actions: 'endInDoubt' },
          { guard: { type: 'isSaved', params: answer }, target: 'adoptingAnswer' },
          { target: 'connecting', actions: { type: 'chooseAttempt', params: answer } },
        ],
        onError: { target: 'releasing', actions: { type: 'endFailed', params: failure } },
      },
    },
    adoptingAnswer: {
      description: 'somebody died between the answer and its commit',
      invoke: {
        src: 'commitAnswer',
        input: { from: 'spool' },
        onDone: [
          { guard: { type: 'isCommitted', params: answer }, target: 'releasing', actions: 'endAdopted' },
          { target: 'releasing', actions: 'endReadAgain' },
        ],
        onError: { target: 'releasing', actions: { type: 'endFailed', params: failure } },
      },
    },
    connecting: {
      description: 'space reserved, TLS done, nothing sent: failing here leaves no doubt',
      invoke: {
        src: 'connect',
        onDone: { target: 'writingIntent' },
        onError: { target: 'releasing', actions: { type: 'endFailed', params: failure } },
      },
    },
    writingIntent: {
      description: 'cannot be cut short: an intent that nobody takes back would be a doubt',
      on: { CANCEL: noteCancel },
      invoke: {
        src: 'writeIntent',
        input: ({ context }) => ({ attempt: context.attempt }),
        onDone: [
          { guard: { type: 'isWritten', params: answer }, target: 'decidingToSend' },
          { target: 'releasing', actions: 'endReadAgain' },
        ],
        onError: { target: 'releasing', actions: { type: 'endFailed', params: failure } },
      },
    },
    decidingToSend: {
      always: [{ guard: 'isCancelled', target: 'takingBack', actions: 'endCancelled' }, { target: 'sending' }],
    },
    sending: {
      description: 'finished even if the caller was cancelled, but for a grace',
      initial: 'unhurried',
      invoke: {
        src: 'send',
        onDone: [
          { guard: { type: 'isAnswered', params: answer }, target: 'savingAnswer' },
          {
            guard: { type: 'isRejected', params: answer },
            target: 'markingRejected',
            actions: { type: 'keepOutcomeError', params: answer },
          },
          { guard: { type: 'isLost', params: answer }, target: 'givingUp', actions: { type: 'keepOutcomeError', params: answer } },
          {
            guard: { type: 'mayTryAgain', params: answer },
            target: 'takingBack',
            actions: [
              { type: 'keepOutcomeError', params: answer },
              { type: 'endBackOff', params: answer },
            ],
          },
          { target: 'takingBack', actions: { type: 'keepOutcomeError', params: answer } },
        ],
        onError: { target: 'givingUp', actions: { type: 'endFailed', params: failure } },
      },
      states: {
        unhurried: { on: { CANCEL: { target: 'hurried', ...noteCancel } } },
        hurried: {
          on: { CANCEL: {} },
          invoke: {
            src: 'sleepUntil',
            input: ({ context }) => ({ instant: context.cancelledAt + CANCEL_GRACE_MS }),
            onDone: { target: '#renewal.givingUp', actions: 'endCancelled' },
            onError: { target: '#renewal.givingUp', actions: 'endCancelled' },
          },
        },
      },
    },
    savingAnswer: {
      description: 'beside the store, before anything else is done with it',
      on: { CANCEL: noteCancel },
      invoke: { src: 'saveAnswer', onDone: { target: 'committing' }, onError: { target: 'committing' } },
    },
    committing: {
      description: 'by comparison, with the lease or late without it',
      on: { CANCEL: noteCancel },
      invoke: {
        src: 'commitAnswer',
        input: { from: 'wire' },
        onDone: [
          { guard: { type: 'isCommitted', params: answer }, target: 'releasing', actions: 'endRenewed' },
          { target: 'releasing', actions: 'endReadAgain' },
        ],
        onError: { target: 'releasing', actions: { type: 'endFailed', params: failure } },
      },
    },
    takingBack: {
      description: 'nothing was processed: no doubt stays behind',
      on: { CANCEL: noteCancel },
      invoke: { src: 'takeBackIntent', onDone: { target: 'releasing' }, onError: { target: 'releasing' } },
    },
    givingUp: {
      description: 'the doubt is written down, nothing is blanked',
      on: { CANCEL: noteCancel },
      invoke: {
        src: 'giveUp',
        onDone: [
          { guard: 'isSecondAttempt', target: 'releasing' },
          { guard: 'isCancelled', target: 'releasing', actions: 'endCancelled' },
          { target: 'releasing', actions: 'endInDoubt' },
        ],
        onError: { target: 'releasing' },
      },
    },
    markingRejected: {
      on: { CANCEL: noteCancel },
      invoke: {
        src: 'markRejected',
        onDone: [
          { guard: { type: 'isMarked', params: answer }, target: 'releasing' },
          { target: 'releasing', actions: 'endReadAgain' },
        ],
        onError: { target: 'releasing' },
      },
    },
    releasing: {
      on: { CANCEL: noteCancel },
      invoke: {
        src: 'releaseLease',
        onDone: [{ guard: 'hasServed', target: 'served' }, { target: 'failed' }],
        onError: [{ guard: 'hasServed', target: 'served' }, { target: 'failed' }],
      },
    },
    served: { type: 'final' },
    failed: { type: 'final' },
  },
  output: ({ context }) => endOf(context),
})
