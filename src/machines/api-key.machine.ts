import { assign, emit, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { answer, failure, port } from './port.ts'

/** What the shape of a key says: that it fits, that it is odd (`this looks like a … for …`), or that it cannot be meant. */
export type KeyJudgement =
  | { readonly kind: 'fits' }
  | { readonly kind: 'doubtful'; readonly message: string }
  | { readonly kind: 'wrong'; readonly error: ClawError }

/** What the provider said of a key. */
export type KeyCheck =
  | { readonly kind: 'accepted'; readonly detail: string }
  | { readonly kind: 'refused'; readonly error: ClawError }
  /** It could not be asked, or said nothing about the key. */
  | { readonly kind: 'unverified'; readonly detail: string }

export type KeyChange = 'stored' | 'replaced' | 'unchanged' | 'kept'

interface Input {
  /** Ask the provider before anything is stored. */
  readonly check: boolean
}

interface Context extends Input {
  key: Secret | null
  checked: KeyCheck | null
  change: KeyChange | null
  error: ClawError | null
}

type Outcome =
  /** `kept`: none was given, and one is stored. */
  { readonly ok: true; readonly change: KeyChange; readonly checked: KeyCheck | null } | { readonly ok: false; readonly error: ClawError }

function outcomeOf({ change, checked, error }: Context): Outcome {
  if (change) return { ok: true, change, checked }
  return { ok: false, error: error ?? new ClawError('CLAW_INTERNAL', { what: 'storing a key ended without a reason' }) }
}

export const apiKeyMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as { type: 'CANCEL' },
    emitted: {} as { type: 'keyDoubtful'; message: string } | { type: 'keyUnverified'; detail: string },
    output: {} as Outcome,
  },
  actors: {
    readKey: port<Secret | null>('readKey'),
    judgeKey: port<KeyJudgement, { key: Secret | null }>('judgeKey'),
    checkKey: port<KeyCheck, { key: Secret | null }>('checkKey'),
    storeKey: port<KeyChange, { key: Secret | null }>('storeKey'),
  },
  guards: {
    isGiven: (_, params: { key: Secret | null }) => params.key !== null,
    isWrong: (_, judgement: KeyJudgement) => judgement.kind === 'wrong',
    isDoubtful: (_, judgement: KeyJudgement) => judgement.kind === 'doubtful',
    isRefused: (_, checked: KeyCheck) => checked.kind === 'refused',
    isUnverified: (_, checked: KeyCheck) => checked.kind === 'unverified',
    isToBeChecked: ({ context }) => context.check,
  },
  actions: {
    rememberKey: assign({ key: (_, params: { key: Secret | null }) => params.key }),
    sayDoubt: emit((_, judgement: KeyJudgement) => ({
      type: 'keyDoubtful',
      message: judgement.kind === 'doubtful' ? judgement.message : '',
    })),
    sayUnverified: emit((_, checked: KeyCheck) => ({ type: 'keyUnverified', detail: checked.kind === 'unverified' ? checked.detail : '' })),
    rememberCheck: assign({ checked: (_, checked: KeyCheck) => checked }),
    noteChange: assign({ change: (_, params: { change: KeyChange }) => params.change }),
    fail: assign({ error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
    failWrong: assign({ error: (_, judgement: KeyJudgement) => (judgement.kind === 'wrong' ? judgement.error : null) }),
    failRefused: assign({ error: (_, checked: KeyCheck) => (checked.kind === 'refused' ? checked.error : null) }),
    failCancelled: assign({ error: () => new ClawError('CLAW_CANCELLED', { what: 'storing the key was cancelled' }) }),
  },
}).createMachine({
  id: 'apiKey',
  description: 'A key or token that somebody hands over, judged by its shape and stored',
  context: ({ input }) => ({ ...input, key: null, checked: null, change: null, error: null }),
  initial: 'readingKey',
  on: { CANCEL: { target: '.failed', actions: 'failCancelled' } },
  states: {
    readingKey: {
      invoke: {
        src: 'readKey',
        onDone: [
          {
            guard: { type: 'isGiven', params: ({ event }) => ({ key: event.output }) },
            target: 'judgingKey',
            actions: { type: 'rememberKey', params: ({ event }) => ({ key: event.output }) },
          },
          { target: 'kept', actions: { type: 'noteChange', params: { change: 'kept' } } },
        ],
        onError: { target: 'failed', actions: { type: 'fail', params: failure } },
      },
    },
    judgingKey: {
      description: 'by its shape, before anything is sent',
      invoke: {
        src: 'judgeKey',
        input: ({ context }) => ({ key: context.key }),
        onDone: [
          { guard: { type: 'isWrong', params: answer }, target: 'failed', actions: { type: 'failWrong', params: answer } },
          { guard: { type: 'isDoubtful', params: answer }, target: 'judged', actions: { type: 'sayDoubt', params: answer } },
          { target: 'judged' },
        ],
        onError: { target: 'failed', actions: { type: 'fail', params: failure } },
      },
    },
    judged: {
      always: [{ guard: 'isToBeChecked', target: 'checkingKey' }, { target: 'storingKey' }],
    },
    checkingKey: {
      description: 'a refused key is not stored; one that nobody could ask about is',
      invoke: {
        src: 'checkKey',
        input: ({ context }) => ({ key: context.key }),
        onDone: [
          { guard: { type: 'isRefused', params: answer }, target: 'failed', actions: { type: 'failRefused', params: answer } },
          {
            guard: { type: 'isUnverified', params: answer },
            target: 'storingKey',
            actions: [
              { type: 'rememberCheck', params: answer },
              { type: 'sayUnverified', params: answer },
            ],
          },
          { target: 'storingKey', actions: { type: 'rememberCheck', params: answer } },
        ],
        onError: { target: 'failed', actions: { type: 'fail', params: failure } },
      },
    },
    storingKey: {
      description: 'a write that has begun is finished',
      on: { CANCEL: {} },
      invoke: {
        src: 'storeKey',
        input: ({ context }) => ({ key: context.key }),
        onDone: { target: 'stored', actions: { type: 'noteChange', params: ({ event }) => ({ change: event.output }) } },
        onError: { target: 'failed', actions: { type: 'fail', params: failure } },
      },
    },
    kept: { type: 'final' },
    stored: { type: 'final' },
    failed: { type: 'final' },
  },
  output: ({ context }) => outcomeOf(context),
})
