import { assign, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import { CANCEL_GRACE_MS } from './cancel-grace.ts'
import { answer, failure, port } from './port.ts'

/** What came of posting an identity token; whatever will not change by asking again is thrown. */
export type ExchangeOutcome =
  | { readonly kind: 'answered' }
  /** The token was not used: it may be posted again. */
  | { readonly kind: 'not_processed'; readonly error: ClawError; readonly retryAt: number }
  /** Nobody knows whether it was used: it is not posted again. */
  | { readonly kind: 'lost'; readonly error: ClawError; readonly retryAt: number }

/** How an exchange ended: `again` wants another look, and maybe another token, at `retryAt`. */
export type IdentityEnd =
  | { readonly ok: true; readonly end: 'answered' }
  | { readonly ok: true; readonly end: 'again'; readonly error: ClawError; readonly retryAt: number }
  | { readonly ok: false; readonly error: ClawError }

interface Input {
  /** The source gives a new token each time it is asked: a lost answer costs nothing but another one. */
  readonly mayObtainAnother: boolean
  readonly movedOnError: ClawError
  readonly cancelledError: ClawError
}

interface Context extends Input {
  cancelledAt: number
  end: 'answered' | 'again' | 'failed'
  retryAt: number
  error: ClawError | null
}

function endOf({ end, error, retryAt }: Context): IdentityEnd {
  if (end === 'answered') return { ok: true, end }
  const reason = error ?? new ClawError('CLAW_INTERNAL', { what: 'an exchange ended without a reason' })
  return end === 'again' ? { ok: true, end, error: reason, retryAt } : { ok: false, error: reason }
}

const noteCancel = { actions: { type: 'noteCancelled', params: ({ event }: { event: { at: number } }) => ({ at: event.at }) } } as const
const failed = { target: 'failed', actions: { type: 'keepError', params: failure } } as const

export const identityMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as { type: 'CANCEL'; at: number },
    output: {} as IdentityEnd,
  },
  actors: {
    obtainToken: port<void>('obtainToken'),
    judgeToken: port<void>('judgeToken'),
    connect: port<void>('connect'),
    notePresented: port<'noted' | 'moved_on'>('notePresented'),
    exchangeToken: port<ExchangeOutcome>('exchangeToken'),
    withdraw: port<void>('withdraw'),
    sleepUntil: port<void, { instant: number }>('sleepUntil'),
  },
  guards: {
    isNoted: (_, said: 'noted' | 'moved_on') => said === 'noted',
    isAnswered: (_, { kind }: ExchangeOutcome) => kind === 'answered',
    isNotProcessed: (_, { kind }: ExchangeOutcome) => kind === 'not_processed',
    mayObtainAnother: ({ context }) => context.mayObtainAnother && context.cancelledAt === 0,
    isCancelled: ({ context }) => context.cancelledAt > 0,
  },
  actions: {
    noteCancelled: assign({ cancelledAt: (_, params: { at: number }) => params.at }),
    endAnswered: assign({ end: 'answered', error: null }),
    endMovedOn: assign({ end: 'again', retryAt: 0, error: ({ context }) => context.movedOnError }),
    endAgain: assign({
      end: 'again',
      retryAt: (_, outcome: ExchangeOutcome) => ('retryAt' in outcome ? outcome.retryAt : 0),
      error: (_, outcome: ExchangeOutcome) => ('error' in outcome ? outcome.error : null),
    }),
    endLost: assign({ end: 'failed', error: (_, outcome: ExchangeOutcome) => ('error' in outcome ? outcome.error : null) }),
    endCancelled: assign({ end: 'failed', error: ({ context }) => context.cancelledError }),
    keepError: assign({ end: 'failed', error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
  },
}).createMachine({
  id: 'identity',
  description: "A job's own token exchanged for one of the vendor's, posted once, whatever dies when",
  context: ({ input }) => ({ ...input, cancelledAt: 0, end: 'failed', retryAt: 0, error: null }),
  initial: 'obtainingToken',
  on: { CANCEL: { target: '.failed', actions: 'endCancelled' } },
  states: {
    obtainingToken: {
      description: 'under the lease: a token that was read before may be spent by now',
      invoke: { src: 'obtainToken', onDone: { target: 'judgingToken' }, onError: failed },
    },
    judgingToken: {
      description: 'what the vendor would refuse is not sent',
      invoke: { src: 'judgeToken', onDone: { target: 'connecting' }, onError: failed },
    },
    connecting: {
      description: 'TLS done, nothing sent: failing here leaves the token good',
      invoke: { src: 'connect', onDone: { target: 'notingPresented' }, onError: failed },
    },
    notingPresented: {
      description: 'durable before the token goes: nobody posts it twice, though this process may die',
      on: { CANCEL: noteCancel },
      invoke: {
        src: 'notePresented',
        onDone: [
          { guard: { type: 'isNoted', params: answer }, target: 'decidingToPost' },
          { target: 'ended', actions: 'endMovedOn' },
        ],
        onError: failed,
      },
    },
    decidingToPost: {
      always: [{ guard: 'isCancelled', target: 'withdrawing', actions: 'endCancelled' }, { target: 'exchangingToken' }],
    },
    exchangingToken: {
      description: 'finished even if the caller was cancelled, but for a grace',
      initial: 'unhurried',
      invoke: {
        src: 'exchangeToken',
        onDone: [
          { guard: { type: 'isAnswered', params: answer }, target: 'ended', actions: 'endAnswered' },
          { guard: { type: 'isNotProcessed', params: answer }, target: 'withdrawing', actions: { type: 'endAgain', params: answer } },
          { guard: 'mayObtainAnother', target: 'ended', actions: { type: 'endAgain', params: answer } },
          { target: 'failed', actions: { type: 'endLost', params: answer } },
        ],
        onError: failed,
      },
      states: {
        unhurried: { on: { CANCEL: { target: 'hurried', ...noteCancel } } },
        hurried: {
          on: { CANCEL: {} },
          invoke: {
            src: 'sleepUntil',
            input: ({ context }) => ({ instant: context.cancelledAt + CANCEL_GRACE_MS }),
            onDone: { target: '#identity.failed', actions: 'endCancelled' },
            onError: { target: '#identity.failed', actions: 'endCancelled' },
          },
        },
      },
    },
    withdrawing: {
      description: 'it was not used: it may be posted again',
      on: { CANCEL: noteCancel },
      invoke: {
        src: 'withdraw',
        onDone: [{ guard: 'isCancelled', target: 'failed', actions: 'endCancelled' }, { target: 'ended' }],
        onError: failed,
      },
    },
    ended: { type: 'final' },
    failed: { type: 'final' },
  },
  output: ({ context }) => endOf(context),
})
