import { fromPromise } from 'xstate'
import { expect, it } from 'vitest'
import { runMachine } from '../../src/app/run-machine.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { apiKeyMachine, type KeyChange, type KeyCheck, type KeyJudgement } from '../../src/machines/api-key.machine.ts'
import { fakeClock } from '../support/fake-clock.ts'

const key = new Secret('key-of-a-test-0001', 'api-key')
const wrong = new ClawError('CLAW_KEY_INVALID', { what: 'this looks like a key for another provider' })
const refused = new ClawError('CLAW_CREDENTIAL_REJECTED', { what: 'the provider refused the key' })

interface Setup {
  readonly given?: Secret | null | Error
  readonly judgement?: KeyJudgement
  readonly check?: boolean
  readonly checked?: KeyCheck
  readonly change?: KeyChange
  readonly abortIn?: string
}

/** What came of handing over a key: the outcome, the steps it took, and what was said on the way. */
async function handOver({ given = key, judgement = { kind: 'fits' }, check = false, checked, change = 'stored', abortIn }: Setup) {
  const steps: string[] = []
  const said: unknown[] = []
  const controller = new AbortController()
  const clock = fakeClock()
  const step = (name: string, got?: Secret | null) => {
    steps.push(got === undefined || got === key ? name : `${name} without the key`)
    if (name === abortIn) controller.abort(new Error('the caller went away'))
  }
  const machine = apiKeyMachine.provide({
    actors: {
      readKey: fromPromise<Secret | null, void>(async () => {
        step('read')
        if (given instanceof Error) throw given
        return given
      }),
      judgeKey: fromPromise<KeyJudgement, { key: Secret | null }>(async ({ input }) => {
        step('judge', input.key)
        return judgement
      }),
      checkKey: fromPromise<KeyCheck, { key: Secret | null }>(async ({ input }) => {
        step('check', input.key)
        return checked ?? { kind: 'accepted', detail: 'the provider took it' }
      }),
      storeKey: fromPromise<KeyChange, { key: Secret | null }>(async ({ input }) => {
        step('store', input.key)
        return change
      }),
    },
  })
  const outcome: unknown = await runMachine(machine, {
    clock,
    input: { check },
    signal: controller.signal,
    onEmit: (fact) => said.push(fact),
  }).catch((thrown: Error) => thrown.message)
  return { outcome, steps, said }
}

const accepted: KeyCheck = { kind: 'accepted', detail: 'the provider took it' }
const unverified: KeyCheck = { kind: 'unverified', detail: 'no answer from `api.example`' }

it.each<[string, Setup, object]>([
  [
    'stores a key whose shape fits, without asking anybody',
    {},
    { outcome: { ok: true, change: 'stored', checked: null }, steps: ['read', 'judge', 'store'], said: [] },
  ],
  [
    'says that the key replaced another one',
    { change: 'replaced' },
    { outcome: { ok: true, change: 'replaced', checked: null }, steps: ['read', 'judge', 'store'], said: [] },
  ],
  [
    'says that the same key was there already',
    { change: 'unchanged' },
    { outcome: { ok: true, change: 'unchanged', checked: null }, steps: ['read', 'judge', 'store'], said: [] },
  ],
  [
    'keeps the stored key when none is given',
    { given: null },
    { outcome: { ok: true, change: 'kept', checked: null }, steps: ['read'], said: [] },
  ],
  ['fails when no key can be read', { given: wrong }, { outcome: { ok: false, error: wrong }, steps: ['read'], said: [] }],
  [
    'stores nothing that cannot be meant for the provider',
    { judgement: { kind: 'wrong', error: wrong }, check: true },
    { outcome: { ok: false, error: wrong }, steps: ['read', 'judge'], said: [] },
  ],
  [
    'says that a key looks odd, and stores it',
    { judgement: { kind: 'doubtful', message: 'keys of `acme` begin with `ak-`' } },
    {
      outcome: { ok: true, change: 'stored', checked: null },
      steps: ['read', 'judge', 'store'],
      said: [{ type: 'keyDoubtful', message: 'keys of `acme` begin with `ak-`' }],
    },
  ],
  [
    'asks before it stores',
    { check: true },
    { outcome: { ok: true, change: 'stored', checked: accepted }, steps: ['read', 'judge', 'check', 'store'], said: [] },
  ],
  [
    'does not store a key that the provider refused',
    { check: true, checked: { kind: 'refused', error: refused } },
    { outcome: { ok: false, error: refused }, steps: ['read', 'judge', 'check'], said: [] },
  ],
  [
    'stores a key that nobody could be asked about, and says so',
    { check: true, checked: unverified },
    {
      outcome: { ok: true, change: 'stored', checked: unverified },
      steps: ['read', 'judge', 'check', 'store'],
      said: [{ type: 'keyUnverified', detail: 'no answer from `api.example`' }],
    },
  ],
  [
    'R-38 stores nothing when the caller goes away before',
    { check: true, abortIn: 'check' },
    { outcome: 'the caller went away', steps: ['read', 'judge', 'check'], said: [] },
  ],
  [
    'R-38 finishes a write that has begun',
    { abortIn: 'store' },
    { outcome: { ok: true, change: 'stored', checked: null }, steps: ['read', 'judge', 'store'], said: [] },
  ],
])('%s', async (_, given, expected) => {
  expect(await handOver(given)).toEqual(expected)
})
