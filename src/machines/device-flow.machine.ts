import { assign, emit, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { port } from './port.ts'

/** RFC 8628 section 3.5: what a `slow_down` without an interval of its own adds, for good. */
const SLOW_DOWN_STEP_MS = 5_000
const SHORTEST_INTERVAL_MS = 1_000
const LONGEST_INTERVAL_MS = 60_000
/** How long the last request may outlive the code: an answer that is on its way is still used. */
const LAST_ANSWER_GRACE_MS = 30_000

/** What the person who approves must see; nothing in it is secret to them. Instants and durations in ms. */
export interface DeviceCode {
  readonly userCode: string | null
  readonly verificationUri: string
  readonly verificationUriComplete: string | null
  readonly expiresAt: number
  readonly intervalMs: number
}

/** A code that was asked for just now, or a stored one that somebody already waits for. */
export interface StartedFlow {
  readonly code: DeviceCode
  /** By name, as the token request needs them: `deviceCode`, `verifier`. */
  readonly secrets: Readonly<Record<string, Secret>>
  /** When the answer with the code arrived, or the stored flow was read. */
  readonly receivedAt: number
  /** Set for a stored flow. */
  readonly resumed: { readonly nextPollAt: number; readonly slowedDown: boolean } | null
}

/** What one poll said. `at` is the instant of the answer, or of giving it up. */
export type PollAnswer<Credential> =
  | { readonly kind: 'granted'; readonly at: number; readonly credential: Credential }
  | { readonly kind: 'pending'; readonly at: number }
  | { readonly kind: 'slowDown'; readonly at: number; readonly intervalMs: number | null }
  | { readonly kind: 'denied'; readonly at: number }
  | { readonly kind: 'expired'; readonly at: number }
  /** The server's own words for a flow that cannot go on. */
  | { readonly kind: 'refused'; readonly at: number; readonly error: ClawError }
  /** No answer, or none of this protocol. `notBefore` is the server's own wish for the next try. */
  | { readonly kind: 'unreachable'; readonly at: number; readonly error: ClawError; readonly notBefore: number | null }

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
  intervalMs: number
  nextPollAt: number
  /** Polls in a row that got no answer. */
  misses: number
  hasSlowedDown: boolean
  lastMiss: ClawError | null
  credential: Credential | null
  stored: { readonly value: Stored } | null
  error: ClawError | null
}

type Outcome<Stored> =
  | { readonly ok: true; readonly state: 'granted'; readonly stored: Stored }
  | { readonly ok: true; readonly state: 'handedOver'; readonly code: DeviceCode }
  | { readonly ok: false; readonly error: ClawError }

const clamp = (intervalMs: number): number => Math.min(LONGEST_INTERVAL_MS, Math.max(SHORTEST_INTERVAL_MS, intervalMs))
/** RFC 8628 section 3.5 asks for a back-off after a poll without an answer; the interval itself stays what it was. */
const backedOff = (intervalMs: number, misses: number): number => clamp(intervalMs * 2 ** Math.min(misses, 6))

function outcomeOf<Stored>({ stored, error, code }: Context<unknown, Stored>): Outcome<Stored> {
  if (stored) return { ok: true, state: 'granted', stored: stored.value }
  if (code && !error) return { ok: true, state: 'handedOver', code }
  return { ok: false, error: error ?? new ClawError('CLAW_INTERNAL', { what: 'a sign-in ended without a reason' }) }
}

function expiredError({ hasSlowedDown, lastMiss, signInCommand }: Context<unknown, unknown>): ClawError {
  const why = hasSlowedDown ? 'the server asked for slower polls on the way' : lastMiss ? `the last poll got no answer: ${lastMiss.message}` : undefined
  const fix = hasSlowedDown ? `check the clock of this machine, then run \`${signInCommand}\`` : `run \`${signInCommand}\``
  return new ClawError('CLAW_CODE_EXPIRED', { what: 'nobody approved the sign-in before its code expired', why, fix })
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
      isUnreachable: (_, answer: Answer) => answer.kind === 'unreachable',
    },
    actions: {
      rememberFlow: assign(({ context }, flow: StartedFlow) => {
        const intervalMs = clamp(flow.code.intervalMs)
        const firstPollAt = flow.receivedAt + (context.waitBeforeFirstPoll ? intervalMs : 0)
        return {
          code: { ...flow.code, intervalMs },
          secrets: flow.secrets,
          expiresAt: flow.code.expiresAt,
          intervalMs,
          nextPollAt: flow.resumed?.nextPollAt ?? firstPollAt,
          hasSlowedDown: flow.resumed?.slowedDown ?? false,
        }
      }),
      announceCode: emit((_, flow: StartedFlow) => ({
        type: 'codeReady',
        code: { ...flow.code, intervalMs: clamp(flow.code.intervalMs) },
        isResumed: flow.resumed !== null,
      })),
      scheduleNextPoll: assign(({ context }, answer: Answer) => ({ misses: 0, lastMiss: null, nextPollAt: answer.at + context.intervalMs })),
      widenInterval: assign(({ context }, answer: Answer) => {
        const named = answer.kind === 'slowDown' ? answer.intervalMs : null
        const intervalMs = clamp(named ?? context.intervalMs + SLOW_DOWN_STEP_MS)
        return { intervalMs, hasSlowedDown: true, misses: 0, lastMiss: null, nextPollAt: answer.at + intervalMs }
      }),
      backOff: assign(({ context }, answer: Answer) => {
        if (answer.kind !== 'unreachable') return {}
        const misses = context.misses + 1
        return { misses, lastMiss: answer.error, nextPollAt: Math.max(answer.at + backedOff(context.intervalMs, misses), answer.notBefore ?? 0) }
      }),
      announcePending: emit(({ context }, answer: Answer) => ({
        type: 'pending',
        at: answer.at,
        nextPollAt: context.nextPollAt,
        expiresAt: context.expiresAt,
        isReachable: answer.kind !== 'unreachable',
      })),
      keepCredential: assign({ credential: (_, answer: Answer) => (answer.kind === 'granted' ? answer.credential : null) }),
      keepStored: assign({ stored: (_, params: { value: Stored }) => params }),
      fail: assign({ error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
      failRefused: assign({ error: (_, answer: Answer) => (answer.kind === 'refused' ? answer.error : null) }),
      failDenied: assign({
        error: ({ context }) => new ClawError('CLAW_DENIED', { what: 'the sign-in was denied', why: 'the server answered `access_denied`', fix: `run \`${context.signInCommand}\`` }),
      }),
      failExpired: assign({ error: ({ context }) => expiredError(context) }),
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
      intervalMs: 0,
      nextPollAt: 0,
      misses: 0,
      hasSlowedDown: false,
      lastMiss: null,
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
              actions: [{ type: 'rememberFlow', params: ({ event }) => event.output }, { type: 'announceCode', params: ({ event }) => event.output }],
            },
            {
              target: 'handedOver',
              actions: [{ type: 'rememberFlow', params: ({ event }) => event.output }, { type: 'announceCode', params: ({ event }) => event.output }],
            },
          ],
          onError: { target: 'failed', actions: { type: 'fail', params: ({ event }) => ({ thrown: event.error }) } },
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
                onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: ({ event }) => ({ thrown: event.error }) } },
              },
              {
                src: 'sleepUntil',
                id: 'nextPoll',
                input: ({ context }) => ({ instant: context.nextPollAt }),
                onDone: { target: 'polling' },
                onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: ({ event }) => ({ thrown: event.error }) } },
              },
            ],
          },
          polling: {
            invoke: {
              src: 'pollToken',
              input: ({ context }) => ({ code: context.code, secrets: context.secrets }),
              onDone: [
                { guard: { type: 'isGranted', params: ({ event }) => event.output }, target: '#deviceFlow.storingCredential', actions: { type: 'keepCredential', params: ({ event }) => event.output } },
                { guard: { type: 'isDenied', params: ({ event }) => event.output }, target: '#deviceFlow.discardingCode', actions: 'failDenied' },
                { guard: { type: 'isExpired', params: ({ event }) => event.output }, target: '#deviceFlow.discardingCode', actions: 'failExpired' },
                { guard: { type: 'isRefused', params: ({ event }) => event.output }, target: '#deviceFlow.discardingCode', actions: { type: 'failRefused', params: ({ event }) => event.output } },
                {
                  guard: { type: 'isSlowDown', params: ({ event }) => event.output },
                  target: 'rememberingInterval',
                  actions: [{ type: 'widenInterval', params: ({ event }) => event.output }, { type: 'announcePending', params: ({ event }) => event.output }],
                },
                {
                  guard: { type: 'isUnreachable', params: ({ event }) => event.output },
                  target: 'waiting',
                  actions: [{ type: 'backOff', params: ({ event }) => event.output }, { type: 'announcePending', params: ({ event }) => event.output }],
                },
                {
                  target: 'waiting',
                  actions: [{ type: 'scheduleNextPoll', params: ({ event }) => event.output }, { type: 'announcePending', params: ({ event }) => event.output }],
                },
              ],
              onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: ({ event }) => ({ thrown: event.error }) } },
            },
            initial: 'inTime',
            states: {
              inTime: {
                invoke: {
                  src: 'sleepUntil',
                  input: ({ context }) => ({ instant: context.expiresAt }),
                  onDone: { target: 'overdue' },
                  onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: ({ event }) => ({ thrown: event.error }) } },
                },
              },
              overdue: {
                description: 'the code has expired here; an answer that is on its way is still used',
                invoke: {
                  src: 'sleepUntil',
                  input: ({ context }) => ({ instant: context.expiresAt + LAST_ANSWER_GRACE_MS }),
                  onDone: { target: '#deviceFlow.discardingCode', actions: 'failExpired' },
                  onError: { target: '#deviceFlow.failed', actions: { type: 'fail', params: ({ event }) => ({ thrown: event.error }) } },
                },
              },
            },
          },
          rememberingInterval: {
            description: 'so that a process that goes on later polls no faster; failing here costs it one more slow_down',
            invoke: {
              src: 'rememberInterval',
              input: ({ context }) => ({ intervalMs: context.intervalMs, nextPollAt: context.nextPollAt }),
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
          onError: { target: 'failed', actions: { type: 'fail', params: ({ event }) => ({ thrown: event.error }) } },
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
