import { assign, emit, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import { type Context, type Input, type Outcome, outcomeOf } from './device-flow-words.ts'
import { deniedError, expiredError, firstPace, NO_PACE, nextPace } from './device-poll.ts'
import type { DeviceCode, PollAnswer, StartedFlow } from './device-poll.ts'
import { CANCEL_GRACE_MS } from './cancel-grace.ts'
import { answer, failure, port } from './port.ts'

export type { DeviceCode, PollAnswer, StartedFlow } from './device-poll.ts'

/** How long the last request may outlive the code: an answer that is on its way is still used. */
const LAST_ANSWER_GRACE_MS = 30_000

/** What cannot go on ends the flow as it is: nothing of it is forgotten. */
const BROKEN = { target: '#deviceFlow.failed', actions: { type: 'fail', params: failure } } as const
const ANNOUNCED = [
  { type: 'rememberFlow', params: answer },
  { type: 'announceCode', params: answer },
] as const
const PACED = [
  { type: 'setPace', params: answer },
  { type: 'announcePending', params: answer },
] as const

/** What follows an answer, of a poll as of the exchange. */
const ENDED = [
  {
    guard: { type: 'isGranted', params: answer },
    target: '#deviceFlow.storingCredential',
    actions: { type: 'keepCredential', params: answer },
  },
  { guard: { type: 'isDenied', params: answer }, target: '#deviceFlow.discardingCode', actions: { type: 'failDenied', params: answer } },
  { guard: { type: 'isExpired', params: answer }, target: '#deviceFlow.discardingCode', actions: 'failExpired' },
  { guard: { type: 'isRefused', params: answer }, target: '#deviceFlow.discardingCode', actions: { type: 'failRefused', params: answer } },
] as const
const GOES_ON = [
  { guard: { type: 'isApproved', params: answer }, target: '#deviceFlow.awaitingApproval.exchangingCode' },
  { guard: { type: 'isTurnedAwayAgain', params: answer }, target: '#deviceFlow.failed', actions: { type: 'failRefused', params: answer } },
  { guard: { type: 'isSlowDown', params: answer }, target: '#deviceFlow.awaitingApproval.rememberingInterval', actions: PACED },
  { target: '#deviceFlow.awaitingApproval.waiting', actions: PACED },
] as const
const CANCELLED = { guard: 'isCancelled', target: '#deviceFlow.failed', actions: 'failCancelled' } as const

/** `Credential` is what a granted poll brings and `Stored` what storing it gives back: the machine carries both unseen. */
export function deviceFlowMachine<Credential, Stored>() {
  type Answer = PollAnswer<Credential>
  return setup({
    types: {
      context: {} as Context<Credential, Stored>,
      input: {} as Input,
      events: {} as { type: 'CANCEL'; at: number },
      emitted: {} as
        | { type: 'codeReady'; code: DeviceCode; isResumed: boolean }
        | { type: 'pending'; at: number; nextPollAt: number; expiresAt: number; isReachable: boolean },
      output: {} as Outcome<Stored>,
    },
    actors: {
      requestCode: port<StartedFlow>('requestCode'),
      pollToken: port<Answer>('pollToken'),
      exchangeCode: port<Answer>('exchangeCode'),
      rememberInterval: port<void, { intervalMs: number; nextPollAt: number }>('rememberInterval'),
      storeCredential: port<Stored, { credential: Credential | null }>('storeCredential'),
      discardCode: port<void>('discardCode'),
      sleepUntil: port<void, { instant: number }>('sleepUntil'),
    },
    guards: {
      isWaitedFor: ({ context }) => context.wait,
      isGranted: (_, answer: Answer) => answer.kind === 'granted',
      isApproved: (_, answer: Answer) => answer.kind === 'approved',
      isCancelled: ({ context }) => context.cancelledAt > 0,
      isSlowDown: (_, answer: Answer) => answer.kind === 'slowDown',
      isDenied: (_, answer: Answer) => answer.kind === 'denied',
      isExpired: (_, answer: Answer) => answer.kind === 'expired',
      isRefused: (_, answer: Answer) => answer.kind === 'refused',
      isTurnedAwayAgain: ({ context }, answer: Answer) => answer.kind === 'turnedAway' && context.pace.pages >= context.pagesTaken,
    },
    actions: {
      rememberFlow: assign(({ context }, flow: StartedFlow) => {
        const pace = firstPace(flow, context.waitBeforeFirstPoll, context.safetyMarginMs)
        const code = { ...flow.code, intervalMs: pace.intervalMs }
        return { code, expiresAt: code.expiresAt, pace }
      }),
      announceCode: emit(({ context }, flow: StartedFlow) => ({
        type: 'codeReady',
        code: context.code ?? flow.code,
        isResumed: flow.resumed !== null,
      })),
      setPace: assign({ pace: ({ context }, answer: Answer) => nextPace(context.pace, answer) }),
      announcePending: emit(({ context }, answer: Answer) => ({
        type: 'pending',
        at: answer.at,
        nextPollAt: context.pace.nextPollAt,
        expiresAt: context.expiresAt,
        isReachable: answer.kind !== 'unreachable' && answer.kind !== 'turnedAway',
      })),
      noteCancelled: assign({ cancelledAt: (_, params: { at: number }) => params.at }),
      keepCredential: assign({ credential: (_, answer: Answer) => (answer.kind === 'granted' ? answer.credential : null) }),
      keepStored: assign({ stored: (_, params: { value: Stored }) => params }),
      fail: assign({ error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
      failRefused: assign({ error: (_, answer: Answer) => ('error' in answer ? answer.error : null) }),
      failDenied: assign({
        error: ({ context }, answer: Answer) => (answer.kind === 'denied' ? deniedError(answer.why, context.signInCommand) : null),
      }),
      failExpired: assign({ error: ({ context }) => expiredError(context.pace, context.signInCommand) }),
      failCancelled: assign({ error: () => new ClawError('CLAW_CANCELLED', { what: 'the sign-in was cancelled' }) }),
    },
  }).createMachine({
    id: 'deviceFlow',
    description: 'A sign-in that somebody approves on another machine (RFC 8628)',
    context: ({ input }) => ({
      ...input,
      code: null,
      expiresAt: 0,
      pace: NO_PACE,
      cancelledAt: 0,
      credential: null,
      stored: null,
      error: null,
    }),
    initial: 'requestingCode',
    on: { CANCEL: { target: '.failed', actions: 'failCancelled' } },
    states: {
      requestingCode: {
        description: 'or finding the stored one that already waits',
        invoke: {
          src: 'requestCode',
          onDone: [
            { guard: 'isWaitedFor', target: 'awaitingApproval', actions: ANNOUNCED },
            { target: 'handedOver', actions: ANNOUNCED },
          ],
          onError: BROKEN,
        },
      },
      awaitingApproval: {
        initial: 'waiting',
        states: {
          waiting: {
            // The lifetime stands first: where both are due at the same instant, the code has expired.
            invoke: [
              {
                src: 'sleepUntil',
                id: 'lifetime',
                input: ({ context }) => ({ instant: context.expiresAt }),
                onDone: { target: '#deviceFlow.discardingCode', actions: 'failExpired' },
                onError: BROKEN,
              },
              {
                src: 'sleepUntil',
                id: 'nextPoll',
                input: ({ context }) => ({ instant: context.pace.nextPollAt }),
                onDone: { target: 'polling' },
                onError: BROKEN,
              },
            ],
          },
          polling: {
            invoke: {
              src: 'pollToken',
              onDone: [...ENDED, ...GOES_ON],
              onError: BROKEN,
            },
            initial: 'inTime',
            states: {
              inTime: {
                invoke: {
                  src: 'sleepUntil',
                  input: ({ context }) => ({ instant: context.expiresAt }),
                  onDone: { target: 'overdue' },
                  onError: BROKEN,
                },
              },
              overdue: {
                description: 'the code has expired here; an answer that is on its way is still used',
                invoke: {
                  src: 'sleepUntil',
                  input: ({ context }) => ({ instant: context.expiresAt + LAST_ANSWER_GRACE_MS }),
                  onDone: { target: '#deviceFlow.discardingCode', actions: 'failExpired' },
                  onError: BROKEN,
                },
              },
            },
          },
          exchangingCode: {
            description: 'what was approved is exchanged at once, and finished even if the caller was cancelled, but for a grace',
            invoke: {
              src: 'exchangeCode',
              onDone: [...ENDED, CANCELLED, ...GOES_ON],
              onError: [CANCELLED, BROKEN],
            },
            initial: 'unhurried',
            states: {
              unhurried: {
                on: { CANCEL: { target: 'hurried', actions: { type: 'noteCancelled', params: ({ event }) => ({ at: event.at }) } } },
              },
              hurried: {
                on: { CANCEL: {} },
                invoke: {
                  src: 'sleepUntil',
                  input: ({ context }) => ({ instant: context.cancelledAt + CANCEL_GRACE_MS }),
                  onDone: { target: '#deviceFlow.failed', actions: 'failCancelled' },
                  onError: { target: '#deviceFlow.failed', actions: 'failCancelled' },
                },
              },
            },
          },
          rememberingInterval: {
            description: 'so that a process that goes on later polls no faster; failing here costs it one more slow_down',
            invoke: {
              src: 'rememberInterval',
              input: ({ context }) => ({ intervalMs: context.pace.intervalMs, nextPollAt: context.pace.nextPollAt }),
              onDone: { target: 'waiting' },
              onError: { target: 'waiting' },
            },
          },
        },
      },
      storingCredential: {
        description: 'cannot be cancelled: what somebody approved is not thrown away',
        on: { CANCEL: {} },
        invoke: {
          src: 'storeCredential',
          input: ({ context }) => ({ credential: context.credential }),
          onDone: { target: 'granted', actions: { type: 'keepStored', params: ({ event }) => ({ value: event.output }) } },
          onError: BROKEN,
        },
      },
      discardingCode: {
        description: 'a code that can no longer be approved is forgotten; a cancelled one is kept',
        on: { CANCEL: {} },
        invoke: { src: 'discardCode', onDone: { target: 'failed' }, onError: { target: 'failed' } },
      },
      granted: { type: 'final' },
      handedOver: { type: 'final' },
      failed: { type: 'final' },
    },
    output: ({ context }) => outcomeOf(context),
  })
}
