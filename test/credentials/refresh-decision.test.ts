import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/core/vocabulary.ts'
import { Secret } from '../../src/core/secret.ts'
import type { CredentialRecord, Intent } from '../../src/credentials/record.ts'
import { decideRefresh, marginOf, type Wish } from '../../src/credentials/refresh-decision.ts'
import type { SavedAnswer } from '../../src/credentials/store.ts'

const NOW = Date.UTC(2026, 0, 1)
const MINUTE = 60_000

const holder = { host: 'h', pid: 7, pidStart: '70', bootId: 'b', pidNamespace: 'n' }

function intent(changes: Partial<Intent> = {}): Intent {
  return { holder, nonce: 'n1', fence: 3, attempt: 1, deadlineAt: NOW - 1, leaseEndsAt: NOW + 25_000, gaveUp: false, ...changes }
}

function record(changes: Partial<CredentialRecord> = {}): CredentialRecord {
  return {
    id: 'g1',
    provider: 'moonshot',
    route: 'kimi-code',
    profile: 'default',
    kind: 'oauth',
    method: 'device',
    auth: 'device',
    state: 'ok',
    generation: 4,
    fingerprint: 'f4',
    from: 3,
    fromAttempt: 1,
    fence: 3,
    expiresAt: NOW - MINUTE,
    receivedAt: NOW - 16 * MINUTE,
    lifetimeMs: 15 * MINUTE,
    refreshable: true,
    account: null,
    region: null,
    scopes: null,
    origins: [],
    client: null,
    intent: null,
    lastRefresh: null,
    rejection: null,
    derived: {},
    secrets: { access: new Secret('access-token-4', 'access-token'), refresh: new Secret('refresh-token-4', 'refresh-token') },
    unknown: {},
    ...changes,
  }
}

const use: Wish = { goal: 'use', than: 0, marginMs: 5 * MINUTE, retryInDoubt: true }
const newer: Wish = { ...use, goal: 'newer', than: 4 }
const valid = { expiresAt: NOW + 10 * MINUTE }
const insideMargin = { expiresAt: NOW + 2 * MINUTE }
const saved: SavedAnswer = {
  grantId: 'g1',
  intent: intent(),
  generation: 4,
  fingerprint: 'f4',
  savedAt: NOW,
  credential: {
    method: 'device',
    auth: 'device',
    secrets: { access: new Secret('access-token-5') },
    lifetimeMs: null,
    sentAgoMs: 0,
    account: null,
    region: null,
    scopes: null,
    origins: [],
    client: null,
  },
}

const early = { renewal: { echo: {}, notBefore: NOW + MINUTE } }
const endless = { expiresAt: null, lifetimeMs: null }
const barred = { state: 'rejected', rejection: { at: NOW, reason: 'another account', fingerprint: 'f4', kind: 'account' } } as const
type Sight = 'alive' | 'dead' | 'unknown'
const rows: [string, Partial<CredentialRecord>, Wish, readonly SavedAnswer[], Sight, Verdict][] = [
  ['a valid token outside the margin is used', valid, use, [], 'unknown', 'usable'],
  ['a valid token inside the margin may be renewed', insideMargin, use, [], 'unknown', 'inside_margin'],
  ['inside the margin nobody joins a refresh that is under way', { ...insideMargin, intent: intent() }, use, [], 'alive', 'usable'],
  ['a rejected grant is used as long as its token is valid', { ...insideMargin, state: 'rejected' }, use, [], 'unknown', 'usable'],
  ['a token without a refresh token is used to its end', { ...insideMargin, refreshable: false }, use, [], 'unknown', 'usable'],
  ['an expired token is due', {}, use, [], 'unknown', 'due'],
  ['a token whose expiry nobody knows is used', { expiresAt: null, lifetimeMs: null }, use, [], 'unknown', 'usable'],
  [
    'R-26 a clock that was set back says nothing of the expiry',
    { expiresAt: NOW - 1, receivedAt: NOW + 2 * MINUTE },
    use,
    [],
    'unknown',
    'usable',
  ],
  ['no refresh before its server welcomes one, while the token serves', { ...insideMargin, ...early }, use, [], 'unknown', 'usable'],
  ['a token that has ended is due whatever its server welcomes', early, use, [], 'unknown', 'due'],
  ['whoever asks for a newer one gets it whatever its server welcomes', { ...valid, ...early }, newer, [], 'unknown', 'due'],
  ['a token without an end is renewed by its age', endless, { ...use, maxAgeMs: 15 * MINUTE }, [], 'unknown', 'inside_margin'],
  ['a token without an end is used until that age', endless, { ...use, maxAgeMs: 16 * MINUTE }, [], 'unknown', 'usable'],
  ['a grant of another account is not used, though its token is valid', { ...valid, ...barred }, use, [], 'unknown', 'rejected'],
  ['a caller that asked for a newer one does not take the valid one', valid, newer, [], 'unknown', 'due'],
  ['a caller that asked for a newer one takes what another process brought', { ...valid, generation: 5 }, newer, [], 'unknown', 'usable'],
  ['a saved answer for this generation is adopted', {}, use, [saved], 'unknown', 'saved'],
  ['a saved answer for an older generation is not', { generation: 5, fingerprint: 'f5' }, use, [saved], 'unknown', 'due'],
  ['a saved answer is adopted even where the grant was marked rejected', { state: 'rejected' }, use, [saved], 'unknown', 'saved'],
  ['a rejected grant is not tried again', { state: 'rejected' }, use, [], 'unknown', 'rejected'],
  ['a grant that was logged out stays so', { state: 'logged_out', secrets: null }, use, [saved], 'unknown', 'logged_out'],
  [
    'an intent whose holder lives is not overtaken, even past its lease',
    { intent: intent({ leaseEndsAt: NOW - 1 }) },
    use,
    [],
    'alive',
    'pending',
  ],
  ['an intent whose holder gave up is resolved after its deadline', { intent: intent({ gaveUp: true }) }, use, [], 'alive', 'retry'],
  [
    'an intent whose holder gave up is not resolved before its deadline',
    { intent: intent({ gaveUp: true, deadlineAt: NOW + 1 }) },
    use,
    [],
    'alive',
    'pending',
  ],
  ['an intent of a dead holder is resolved after its deadline', { intent: intent() }, use, [], 'dead', 'retry'],
  [
    'an intent of a dead holder is not resolved before its deadline',
    { intent: intent({ deadlineAt: NOW + 1 }) },
    use,
    [],
    'dead',
    'pending',
  ],
  ['an intent of a holder out of sight is pending while its lease runs', { intent: intent() }, use, [], 'unknown', 'pending'],
  [
    'an intent of a holder out of sight is resolved when its lease has run out',
    { intent: intent({ leaseEndsAt: NOW }) },
    use,
    [],
    'unknown',
    'retry',
  ],
  ['a lost retry is the end', { intent: intent({ attempt: 2, gaveUp: true }) }, use, [], 'alive', 'interrupted'],
  [
    'no retry where the entry forbids it',
    { intent: intent({ gaveUp: true }) },
    { ...use, retryInDoubt: false },
    [],
    'alive',
    'interrupted',
  ],
  ['a valid token is not put at risk to resolve a doubt', { ...valid, intent: intent({ gaveUp: true }) }, newer, [], 'alive', 'in_doubt'],
]

describe('what to do about a grant', () => {
  it.each(rows)('%s', (_, changes, wish, answers, sight, expected) => {
    expect(decideRefresh(record(changes), NOW, wish, answers, () => sight)).toBe(expected)
  })

  it('ends the doubt about its own request at its deadline, also where giving it up could not be written', () => {
    const decide = (deadlineAt: number) => decideRefresh(record({ intent: intent({ deadlineAt }) }), NOW, use, [], () => 'alive', 'n1')
    expect([decide(NOW + 1), decide(NOW)]).toEqual(['pending', 'retry'])
  })

  it.each([
    [10_000, 2_000],
    // Kimi: the entry asks for 300 s, its clients for half of the lifetime; the cap wins (law 7).
    [15 * MINUTE, 3 * MINUTE],
    [60_000, 12_000],
    [30 * MINUTE, 5 * MINUTE],
    [10 * 24 * 60 * MINUTE, 5 * MINUTE],
  ])('R-28 the margin of a token that lives %i ms is %i ms', (lifetimeMs, expected) => {
    expect(marginOf(record({ lifetimeMs }), 5 * MINUTE)).toBe(expected)
  })
})
