import { assign, emit, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { deniedError, expiredError, firstPace, NO_PACE, nextPace } from './device-poll.ts'
import type { DeviceCode, Pace, PollAnswer, StartedFlow } from './device-poll.ts'
import { answer, failure, port } from './port.ts'

export type { DeviceCode, PollAnswer, StartedFlow } from './device-poll.ts'

/** How long the last request may outlive the code: an answer that is on its way is still used. */
const LAST_ANSWER_GRACE_MS = 30_000

interface Input {
  /** False: hand the code over and end; another process goes on. */
  readonly wait: boolean
  readonly waitBeforeFirstPoll: boolean
  /** What to type to start again. */
  readonly signInCommand: string
}

interface Context<Credential, Stored> extends Input {
  code: DeviceCode | null
  secrets: Readonly<Record<string, Secret>>
  expiresAt: number
  pace: Pace
  credential: Credential | null
  stored: { readonly value: Stored } | null
  error: ClawError | null
}

type Outcome<Stored> =
  | { readonly ok: true; readonly state: 'granted'; readonly stored: Stored }
  | { readonly ok: true; readonly state: 'handedOver'; readonly code: DeviceCode }
  | { readonly ok: false; readonly error: ClawError }

function outcomeOf<Stored>({ stored, error, code }: Context<unknown, Stored>): Outcome<Stored> {
  if (stored) return { ok: true, state: 'granted', stored: stored.value }
  if (code && !error) return { ok: true, state: 'handedOver', code }
  return { ok: false, error: error ?? new ClawError('CLAW_INTERNAL', { what: 'a sign-in ended without a reason' }) }
}

/** `Credential` is what a granted poll brings and `Stored` what storing it gives back: the machine carries both unseen. */
export function deviceFlowMachine<Credential, Stored>() {
  type Answer = PollAnswer<Credential>
  return setup({
    types: {
      context: {} as Context<Credential, Stored>,
      input: {} as Input,
      events: {} as { type: 'CANCEL' },
      emitted: {} as
        | { type: 'codeReady'; code: DeviceCode; isResumed: boolean }
        | { type: 'pending'; at: number; nextPollAt: number; expiresAt: number; isReachable: boolean },
      output: {} as Outcome<Stored>,
    },
    actors: {
      requestCode: port<StartedFlow>('requestCode'),
      pollToken: port<Answer, { code: DeviceCode | null; secrets: Readonly<Record<string, Secret>> }>('pollToken'),
      rememberInterval: port<void, { intervalMs: number; nextPollAt: number }>('rememberInterval'),
      storeCredential: port<Stored, { credential: Credential | null }>('storeCredential'),
      discardCode: port<void>('discardCode'),
      sleepUntil: port<void, { instant: number }>('sleepUntil'),
    },
    guards: {
      isWaitedFor: ({ context }) => context.wait,
      isGranted: (_, answer: Answer) => answer.kind === 'granted',
      isSlowDown: (_, answer: Answer) => answer.kind === 'slowDown',
      isDenied: (_, answer: Answer) => answer.kind === 'denied',
      isExpired: (_, answer: Answer) => answer.kind === 'expired',
      isRefused: (_, answer: Answer) => answer.kind === 'refused',
    },
    actions: {
      rememberFlow: assign(({ context }, flow: StartedFlow) => {
        const pace = firstPace(flow, context.waitBeforeFirstPoll)
        const code = { ...flow.code, intervalMs: pace.intervalMs }
        return { code, secrets: flow.secrets, expiresAt: code.expiresAt, pace }
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
        isReachable: answer.kind !== 'unreachable',
      })),
      keepCredential: assign({ credential: (_, answer: Answer) => (answer.kind === 'granted' ? answer.credential : null) }),
      keepStored: assign({ stored: (_, params: { value: Stored }) => params }),
      fail: assign({ error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
      failRefused: assign({ error: (_, answer: Answer) => (answer.kind === 'refused' ? answer.error : null) }),
      failDenied: assign({ error: ({ context }) => deniedError(context.signInCommand) }),
      failExpired: assign({ error: ({ context }) => expiredError(context.pace, context.signInCommand) }),
      failCancelled: assign({ error: () => new ClawError('CLAW_CANCELLED', { what: 'the sign-in was cancelled' }) }),
    },
  }).createMachine({
    id: 'deviceFlow',
    description: 'A sign-in that somebody approves on another machine (RFC 8628)',
    context: ({ input }) => ({
      ...input,
      code: null,
      secrets: {},
      expiresAt: 0,
      pace: NO_PACE,
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
            {
              guard: 'isWaitedFor',
              target: 'awaitingApproval',
              actions: [
                { type: 'rememberFlow', params: answer },
                { type: 'announceCode', params: answer },
              ],
            },
            {
              target: 'handedOver',
              actions: [
                { type: 'rememberFlow', params: answer },
                { type: 'announceCode', params: answer },
              ],
            },
          ],
          onError: { target: 'failed', actions: { type: 'fail', params: failure } },
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
                onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: failure } },
              },
              {
                src: 'sleepUntil',
                id: 'nextPoll',
                input: ({ context }) => ({ instant: context.pace.nextPollAt }),
                onDone: { target: 'polling' },
                onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: failure } },
              },
            ],
          },
          polling: {
            invoke: {
              src: 'pollToken',
              input: ({ context }) => ({ code: context.code, secrets: context.secrets }),
              onDone: [
                {
                  guard: { type: 'isGranted', params: answer },
                  target: '#deviceFlow.storingCredential',
                  actions: { type: 'keepCredential', params: answer },
                },
                { guard: { type: 'isDenied', params: answer }, target: '#deviceFlow.discardingCode', actions: 'failDenied' },
                { guard: { type: 'isExpired', params: answer }, target: '#deviceFlow.discardingCode', actions: 'failExpired' },
                {
                  guard: { type: 'isRefused', params: answer },
                  target: '#deviceFlow.discardingCode',
                  actions: { type: 'failRefused', params: answer },
                },
                {
                  guard: { type: 'isSlowDown', params: answer },
                  target: 'rememberingInterval',
                  actions: [
                    { type: 'setPace', params: answer },
                    { type: 'announcePending', params: answer },
                  ],
                },
                {
                  target: 'waiting',
                  actions: [
                    { type: 'setPace', params: answer },
                    { type: 'announcePending', params: answer },
                  ],
                },
              ],
              onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: failure } },
            },
            initial: 'inTime',
            states: {
              inTime: {
                invoke: {
                  src: 'sleepUntil',
                  input: ({ context }) => ({ instant: context.expiresAt }),
                  onDone: { target: 'overdue' },
                  onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: failure } },
                },
              },
              overdue: {
                description: 'the code has expired here; an answer that is on its way is still used',
                invoke: {
                  src: 'sleepUntil',
                  input: ({ context }) => ({ instant: context.expiresAt + LAST_ANSWER_GRACE_MS }),
                  onDone: { target: '#deviceFlow.discardingCode', actions: 'failExpired' },
                  onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: failure } },
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
          onError: { target: 'failed', actions: { type: 'fail', params: failure } },
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
