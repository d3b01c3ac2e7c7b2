import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Samples } from './model.ts'

/** What no output of a machine may hold. */
export const CANARY = 'canary-5f0c2c1d9e7a'

const key = new Secret(`${CANARY}-key`, 'api-key')
const authorizationCode = new Secret(`${CANARY}-code`, 'authorization-code')
const error = new ClawError('CLAW_NETWORK', { what: 'no answer' })
const code = {
  userCode: 'ABCD-EFGH',
  verificationUri: 'https://auth.example/device',
  verificationUriComplete: null,
  expiresAt: 900_000,
  intervalMs: 5_000,
}

const reading = (verdict: string, isFinal = false) => ({ verdict, error: isFinal ? error : null, isNewer: false })
const readings = [
  reading('usable'),
  reading('inside_margin'),
  reading('due'),
  reading('retry'),
  reading('saved'),
  reading('pending'),
  reading('rejected', true),
]
const polled = [
  { kind: 'granted', at: 1, credential: { access: key } },
  { kind: 'pending', at: 1 },
  { kind: 'slowDown', at: 1, intervalMs: null },
  { kind: 'denied', at: 1, why: 'no' },
  { kind: 'notDue', at: 1, intervalMs: 5_000, nextPollAt: 6_000, slowedDown: false },
  { kind: 'expired', at: 1 },
  { kind: 'refused', at: 1, error },
  { kind: 'unreachable', at: 1, error, notBefore: null },
  { kind: 'turnedAway', at: 1, error },
]
const cancelled = new ClawError('CLAW_CANCELLED', { what: 'the refresh was cancelled' })
const found = (id: string, status: string) => ({ ok: true, id, kind: 'found', finding: { status } })
const checkDone = (id: string, status: string) => ({
  type: `xstate.done.actor.check.${id}`,
  output: found(id, status),
  actorId: `check.${id}`,
})

/** One sample of everything that can reach each machine, by its id. A new machine needs a new entry. */
export const SAMPLES: Readonly<Record<string, Samples>> = {
  apiKey: {
    inputs: [{ check: true }, { check: false }],
    outputs: {
      readKey: [key, null],
      judgeKey: [{ kind: 'fits' }, { kind: 'doubtful', message: 'this looks like a key for another provider' }, { kind: 'wrong', error }],
      checkKey: [
        { kind: 'accepted', detail: 'the provider took it' },
        { kind: 'refused', error },
        { kind: 'unverified', detail: 'no answer' },
      ],
      storeKey: ['stored'],
    },
  },
  check: {
    inputs: [
      { id: 'b', needs: ['a', 'z'], limitMs: 10_000 },
      { id: 'b', needs: [], limitMs: 10_000 },
    ],
    outputs: { runCheck: [{ status: 'pass' }, { status: 'warn' }, { status: 'fail' }, { status: 'skip' }] },
    events: [
      { type: 'NEED_SETTLED', id: 'a', holds: true },
      { type: 'NEED_SETTLED', id: 'z', holds: true },
      { type: 'NEED_SETTLED', id: 'a', holds: false },
    ],
  },
  derivation: {
    inputs: [
      { patienceEndsAt: 60_000, isOneWay: false, cancelledError: cancelled },
      { patienceEndsAt: 60_000, isOneWay: true, cancelledError: cancelled },
    ],
    outputs: {
      readDerived: [
        { verdict: 'usable', error: null, isNewer: true },
        { verdict: 'inside_margin', error: null, isNewer: false },
        { verdict: 'due', error: null, isNewer: false },
        { verdict: 'gone', error, isNewer: false },
      ],
      takeLease: ['taken', 'busy'],
      awaitChange: ['changed', 'out_of_patience'],
      ask: [{ kind: 'answered' }, { kind: 'busy', error, retryAt: 2_000 }],
      storeDerived: ['stored', 'moved_on'],
    },
  },
  deviceFlow: {
    inputs: [
      { wait: true, waitBeforeFirstPoll: true, safetyMarginMs: 0, pagesTaken: 2, signInCommand: 'claw auth --device acme' },
      { wait: true, waitBeforeFirstPoll: true, safetyMarginMs: 0, pagesTaken: 0, signInCommand: 'claw auth --device acme' },
      { wait: false, waitBeforeFirstPoll: true, safetyMarginMs: 0, pagesTaken: 2, signInCommand: 'claw auth --device acme' },
    ],
    outputs: {
      requestCode: [{ code, receivedAt: 0, resumed: null }],
      pollToken: [{ kind: 'approved', at: 1 }, ...polled],
      exchangeCode: [{ kind: 'approved', at: 1 }, ...polled],
      storeCredential: [{ access: key }],
    },
  },
  doctor: {
    inputs: [undefined],
    outputs: {
      resolveCredentials: [
        [
          { id: 'a', needs: [], limitMs: 10_000 },
          { id: 'b', needs: ['a'], limitMs: 10_000 },
        ],
        [],
        [{ id: 'a', needs: ['a'], limitMs: 10_000 }],
      ],
    },
    events: [checkDone('a', 'pass'), checkDone('a', 'fail'), checkDone('b', 'pass')],
    allows: ({ context }, { actorId }) =>
      typeof actorId !== 'string' || !actorId.startsWith('check.') || !context.outcomes.has(actorId.slice('check.'.length)),
  },
  identity: {
    inputs: [
      { mayObtainAnother: true, movedOnError: error, cancelledError: cancelled },
      { mayObtainAnother: false, movedOnError: error, cancelledError: cancelled },
    ],
    outputs: {
      notePresented: ['noted', 'moved_on'],
      exchangeToken: [{ kind: 'answered' }, { kind: 'not_processed', error, retryAt: 2_000 }, { kind: 'lost', error, retryAt: 2_000 }],
    },
  },
  pkce: {
    inputs: [
      { wait: true, listens: true, reads: true, signInCommand: 'claw auth --browser acme' },
      { wait: true, listens: false, reads: true, signInCommand: 'claw auth --paste acme' },
      { wait: true, listens: true, reads: false, signInCommand: 'claw auth --browser acme' },
      { wait: false, listens: false, reads: false, signInCommand: 'claw auth --paste acme' },
    ],
    outputs: {
      prepareRequest: [{ url: 'https://auth.example/authorize', redirectUri: null, expiresAt: 900_000 }],
      awaitCallback: [
        { kind: 'code', code: authorizationCode, clientId: null },
        { kind: 'refused', error },
      ],
      readPaste: [
        { kind: 'code', code: authorizationCode, clientId: null },
        { kind: 'refused', error },
        { kind: 'unusable', error },
        { kind: 'ended' },
      ],
      exchangeCode: [
        { kind: 'granted', credential: { access: key } },
        { kind: 'refused', error },
        { kind: 'notProcessed', at: 1, error, notBefore: 1 },
        { kind: 'notProcessed', at: 900_000, error, notBefore: 900_000 },
      ],
      storeCredential: [{ access: key }],
    },
  },
  refresh: {
    inputs: [
      { goal: 'use', patienceEndsAt: 60_000, cancelledError: cancelled },
      { goal: 'newer', patienceEndsAt: 60_000, cancelledError: cancelled },
    ],
    outputs: {
      readGrant: readings,
      takeLease: ['taken', 'busy'],
      awaitChange: ['changed', 'out_of_patience'],
      renewal: ['renewed', 'adopted', 'fresh', 'failed', 'cancelled', 'readAgain', 'inDoubt', 'backOff'].map((end) => ({
        ok: ['renewed', 'adopted', 'fresh'].includes(end),
        end,
        retryAt: 2_000,
        error: end === 'failed' ? error : null,
      })),
    },
  },
  renewal: {
    inputs: [
      { retriesLeft: 3, cancelledError: cancelled },
      { retriesLeft: 0, cancelledError: cancelled },
    ],
    outputs: {
      readGrant: readings,
      writeIntent: ['written', 'refused'],
      send: [
        { kind: 'answered' },
        { kind: 'rejected', error },
        { kind: 'not_processed', error, retryAt: 2_000 },
        { kind: 'not_processed', error, retryAt: null },
        { kind: 'refused', error },
        { kind: 'lost', error },
      ],
      commitAnswer: ['committed', 'dropped'],
      markRejected: ['marked', 'moved_on'],
    },
  },
}
