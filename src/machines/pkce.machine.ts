import { assign, emit, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import type { AuthorizationNotice, BrowserAnswer, Context, ExchangeAnswer, Input, Outcome } from './pkce-words.ts'
import { errorOf, nextExchangeAt, nobodyCame, outcomeOf } from './pkce-words.ts'
import { CANCEL_GRACE_MS } from './cancel-grace.ts'
import { answer, failure, port } from './port.ts'

/** What cannot go on ends the sign-in as it is: nothing of it is forgotten. */
const BROKEN = { target: '#pkce.failed', actions: { type: 'fail', params: failure } } as const
const ANNOUNCED = [
  { type: 'keepNotice', params: answer },
  { type: 'announceAddress', params: answer },
] as const

/** `Credential` is what the code brings and `Stored` what storing it gives back: the machine carries both unseen. */
export function pkceMachine<Credential, Stored>() {
  type Exchanged = ExchangeAnswer<Credential>
  return setup({
    types: {
      context: {} as Context<Credential, Stored>,
      input: {} as Input,
      events: {} as { type: 'CANCEL'; at: number },
      emitted: {} as { type: 'addressReady'; notice: AuthorizationNotice } | { type: 'pasteRefused'; error: ClawError },
      output: {} as Outcome<Stored>,
    },
    actors: {
      openCallback: port<void>('openCallback'),
      prepareRequest: port<AuthorizationNotice>('prepareRequest'),
      awaitCallback: port<BrowserAnswer>('awaitCallback'),
      readPaste: port<BrowserAnswer>('readPaste'),
      exchangeCode: port<Exchanged, { response: BrowserAnswer | null }>('exchangeCode'),
      storeCredential: port<Stored, { credential: Credential | null }>('storeCredential'),
      discardFlow: port<void>('discardFlow'),
      sleepUntil: port<void, { instant: number }>('sleepUntil'),
    },
    guards: {
      listens: ({ context }) => context.listens,
      reads: ({ context }) => context.reads,
      isWaitedFor: ({ context }) => context.wait,
      isCode: (_, said: BrowserAnswer) => said.kind === 'code',
      isRefused: (_, said: BrowserAnswer) => said.kind === 'refused',
      isUnusable: ({ context }, said: BrowserAnswer) => said.kind === 'unusable' && context.listens,
      isEnded: ({ context }, said: BrowserAnswer) => said.kind === 'ended' && context.listens,
      isGranted: (_, said: Exchanged) => said.kind === 'granted',
      isRefusedExchange: (_, said: Exchanged) => said.kind === 'refused',
      isCancelled: ({ context }) => context.cancelledAt > 0,
      isAskedAgain: ({ context }, said: Exchanged) => nextExchangeAt(said, context.repeats, Number(context.notice?.expiresAt)) !== null,
    },
    actions: {
      keepNotice: assign({ notice: (_, notice: AuthorizationNotice) => notice }),
      announceAddress: emit((_, notice: AuthorizationNotice) => ({ type: 'addressReady', notice })),
      keepResponse: assign({ response: (_, said: BrowserAnswer) => said }),
      sayUnusable: emit((_, said: BrowserAnswer) => ({ type: 'pasteRefused', error: errorOf(said) })),
      keepCredential: assign({ credential: (_, said: Exchanged) => (said.kind === 'granted' ? said.credential : null) }),
      noteCancelled: assign({ cancelledAt: (_, params: { at: number }) => params.at }),
      scheduleExchange: assign(({ context }, said: Exchanged) => ({
        nextExchangeAt: nextExchangeAt(said, context.repeats, Number(context.notice?.expiresAt)) ?? 0,
        repeats: context.repeats + 1,
      })),
      keepStored: assign({ stored: (_, params: { value: Stored }) => params }),
      fail: assign({ error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
      failAnswered: assign({ error: (_, said: BrowserAnswer) => errorOf(said) }),
      failExchange: assign({ error: (_, said: Exchanged) => ('error' in said ? said.error : null) }),
      failExpired: assign({ error: ({ context }) => nobodyCame(context.signInCommand) }),
      failCancelled: assign({ error: () => new ClawError('CLAW_CANCELLED', { what: 'the sign-in was cancelled' }) }),
    },
  }).createMachine({
    id: 'pkce',
    description: 'A sign-in in a browser that ends in a code: the callback and a paste, whichever comes first (RFC 7636, RFC 8252)',
    context: ({ input }) => ({
      ...input,
      notice: null,
      response: null,
      repeats: 0,
      nextExchangeAt: 0,
      cancelledAt: 0,
      credential: null,
      stored: null,
      error: null,
    }),
    initial: 'starting',
    on: { CANCEL: { target: '.failed', actions: 'failCancelled' } },
    states: {
      starting: { always: [{ guard: 'listens', target: 'openingCallback' }, { target: 'preparingRequest' }] },
      openingCallback: {
        description: 'its port is part of the address',
        invoke: {
          src: 'openCallback',
          onDone: { target: 'preparingRequest' },
          onError: BROKEN,
        },
      },
      preparingRequest: {
        description: 'or finding the stored one that already waits',
        invoke: {
          src: 'prepareRequest',
          onDone: [
            { guard: 'isWaitedFor', target: 'awaitingBrowser', actions: ANNOUNCED },
            { target: 'handedOver', actions: ANNOUNCED },
          ],
          onError: BROKEN,
        },
      },
      awaitingBrowser: {
        type: 'parallel',
        states: {
          lifetime: {
            initial: 'running',
            states: {
              running: {
                invoke: {
                  src: 'sleepUntil',
                  input: ({ context }) => ({ instant: Number(context.notice?.expiresAt) }),
                  onDone: { target: '#pkce.discardingFlow', actions: 'failExpired' },
                  onError: BROKEN,
                },
              },
            },
          },
          callback: {
            initial: 'opening',
            states: {
              opening: { always: [{ guard: 'listens', target: 'listening' }, { target: 'closed' }] },
              listening: {
                description: 'strangers are turned away without an end to the sign-in',
                invoke: {
                  src: 'awaitCallback',
                  onDone: [
                    {
                      guard: { type: 'isCode', params: answer },
                      target: '#pkce.exchangingCode',
                      actions: { type: 'keepResponse', params: answer },
                    },
                    { target: '#pkce.discardingFlow', actions: { type: 'failAnswered', params: answer } },
                  ],
                  onError: BROKEN,
                },
              },
              closed: {},
            },
          },
          paste: {
            initial: 'opening',
            states: {
              opening: { always: [{ guard: 'reads', target: 'reading' }, { target: 'closed' }] },
              reading: {
                description: 'a wrong paste costs nothing while the callback is open',
                invoke: {
                  src: 'readPaste',
                  onDone: [
                    {
                      guard: { type: 'isCode', params: answer },
                      target: '#pkce.exchangingCode',
                      actions: { type: 'keepResponse', params: answer },
                    },
                    {
                      guard: { type: 'isRefused', params: answer },
                      target: '#pkce.discardingFlow',
                      actions: { type: 'failAnswered', params: answer },
                    },
                    {
                      guard: { type: 'isUnusable', params: answer },
                      target: 'reading',
                      reenter: true,
                      actions: { type: 'sayUnusable', params: answer },
                    },
                    { guard: { type: 'isEnded', params: answer }, target: 'closed' },
                    { target: '#pkce.failed', actions: { type: 'failAnswered', params: answer } },
                  ],
                  onError: BROKEN,
                },
              },
              closed: {},
            },
          },
        },
      },
      exchangingCode: {
        description: 'a code is good for one exchange: finished even if the caller was cancelled, but for a grace',
        invoke: {
          src: 'exchangeCode',
          input: ({ context }) => ({ response: context.response }),
          onDone: [
            {
              guard: { type: 'isGranted', params: answer },
              target: 'storingCredential',
              actions: { type: 'keepCredential', params: answer },
            },
            {
              guard: { type: 'isRefusedExchange', params: answer },
              target: 'discardingFlow',
              actions: { type: 'failExchange', params: answer },
            },
            { guard: 'isCancelled', target: 'failed', actions: 'failCancelled' },
            {
              guard: { type: 'isAskedAgain', params: answer },
              target: 'awaitingNextExchange',
              actions: { type: 'scheduleExchange', params: answer },
            },
            { target: 'failed', actions: { type: 'failExchange', params: answer } },
          ],
          onError: [{ guard: 'isCancelled', target: 'failed', actions: 'failCancelled' }, BROKEN],
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
              onDone: { target: '#pkce.failed', actions: 'failCancelled' },
              onError: { target: '#pkce.failed', actions: 'failCancelled' },
            },
          },
        },
      },
      awaitingNextExchange: {
        description: 'the server did not look at the code; a sign-in that was handed over outlives a cancellation here',
        invoke: {
          src: 'sleepUntil',
          input: ({ context }) => ({ instant: context.nextExchangeAt }),
          onDone: { target: 'exchangingCode' },
          onError: BROKEN,
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
      discardingFlow: {
        description: 'an address that can bring nothing any more is forgotten; a cancelled one that was handed over is kept',
        on: { CANCEL: {} },
        invoke: { src: 'discardFlow', onDone: { target: 'failed' }, onError: { target: 'failed' } },
      },
      granted: { type: 'final' },
      handedOver: { type: 'final' },
      failed: { type: 'final' },
    },
    output: ({ context }) => outcomeOf(context),
  })
}
