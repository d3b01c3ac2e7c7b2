import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import type { CredentialRecord, Holder, Intent } from '../../src/credentials/record.ts'
import { type Judged, judgeWrite, type WriteMoment } from '../../src/credentials/record-writes.ts'
import type { Lease, RecordWrite } from '../../src/credentials/store.ts'
import { fingerprint, flow, grant, grantSlot, HOUR, key, keySlot, MINUTE, open } from './samples.ts'

const NOW = Date.UTC(2026, 0, 1)
const holder: Holder = { host: 'h', pid: 7, pidStart: '70', bootId: 'b', pidNamespace: 'n' }
const lease: Lease = { key: 'g1', nonce: 'mine', fence: 9, holder, remainingMs: () => 40_000 }

function intent(changes: Partial<Intent> = {}): Intent {
  return { holder, nonce: 'mine', fence: 9, attempt: 1, deadlineAt: NOW - 1, leaseEndsAt: NOW + 25_000, gaveUp: false, ...changes }
}

function record(changes: Partial<CredentialRecord> = {}): CredentialRecord {
  return {
    ...grantSlot,
    id: 'g1',
    method: 'device',
    auth: 'device',
    state: 'ok',
    generation: 4,
    fingerprint: fingerprint('refresh-token-4'),
    from: 3,
    fromAttempt: 1,
    fence: 3,
    expiresAt: NOW - MINUTE,
    receivedAt: NOW - 16 * MINUTE,
    lifetimeMs: 15 * MINUTE,
    refreshable: true,
    account: { id: 'u1', name: 'ci', plan: null },
    region: 'eu',
    scopes: ['read', 'write'],
    origins: ['https://api.example.com'],
    client: { clientId: 'claw', tokenEndpoint: 'https://auth.example.com/token', revocationEndpoint: null, issuer: null },
    intent: null,
    lastRefresh: null,
    rejection: null,
    derived: {},
    secrets: grant(4).secrets,
    unknown: { later: true },
    ...changes,
  }
}

function moment(changes: Partial<WriteMoment> = {}): WriteMoment {
  return {
    now: NOW,
    holder,
    leaseEndsAt: (name, nonce) => (name === 'g1' && nonce === 'mine' ? NOW + 40_000 : null),
    sight: () => 'unknown',
    newId: () => 'g-new',
    ...changes,
  }
}

function judge(before: CredentialRecord | null, write: RecordWrite, changes: Partial<WriteMoment> = {}): Judged {
  return judgeWrite({ records: before ? [before] : [], flows: [] }, write, moment(changes))
}

function resultOf(judged: Judged): unknown {
  return judged.outcome === 'written' ? open(judged.record) : `${judged.outcome}${judged.outcome === 'refused' ? `: ${judged.why}` : ''}`
}

const asRead = { generation: 4, fingerprint: fingerprint('refresh-token-4') }
const lostLease = { leaseEndsAt: () => null }
const spentLease = { leaseEndsAt: () => NOW }

const writeIntent = (attempt: 1 | 2 = 1): RecordWrite => ({ type: 'intent', id: 'g1', lease, ...asRead, attempt, deadlineMs: 15_000 })
const commit = (own: Intent, changes: { generation?: number; fingerprint?: string } = {}): RecordWrite => ({
  type: 'commit',
  id: 'g1',
  intent: own,
  ...asRead,
  credential: grant(5, { sentAgoMs: 2_000 }),
  ...changes,
})
const reject = (own: Intent): RecordWrite => ({ type: 'rejected', id: 'g1', intent: own, ...asRead, reason: 'invalid_grant' })
const signOut: RecordWrite = { type: 'logged_out', id: 'g1' }

const newer = { generation: 5, fingerprint: fingerprint('refresh-token-5') }
const loggedOut = { state: 'logged_out', secrets: null, generation: 5, fingerprint: '' } as const
const another = intent({ nonce: 'theirs', fence: 8 })
const committed = {
  state: 'ok',
  generation: 5,
  fingerprint: fingerprint('refresh-token-5'),
  from: 4,
  fence: 9,
  intent: null,
  rejection: null,
  expiresAt: NOW - 2_000 + 15 * MINUTE,
  receivedAt: NOW,
  lastRefresh: { at: NOW, host: 'h', pid: 7 },
  secrets: { access: 'access-token-5', refresh: 'refresh-token-5' },
}
const refused = 'refused: '

/** One row for each condition of the table: what stands there, the write, what the engine knows, and what comes of it. */
const rows: [string, CredentialRecord | null, RecordWrite, Partial<WriteMoment>, Record<string, unknown> | string][] = [
  [
    'an intent is written under a lease that runs',
    record(),
    writeIntent(),
    {},
    { intent: { ...intent(), deadlineAt: NOW + 15_000, leaseEndsAt: NOW + 40_000 }, fence: 9, generation: 4 },
  ],
  ['no intent without the lease', record(), writeIntent(), lostLease, `${refused}the lease was lost`],
  ['no intent when the time of the lease is over', record(), writeIntent(), spentLease, `${refused}the lease was lost`],
  [
    'no intent under the lease of another grant',
    record({ id: 'g2' }),
    { ...writeIntent(), id: 'g2' } as RecordWrite,
    {},
    `${refused}the lease was lost`,
  ],
  ['no intent for a rejected grant', record({ state: 'rejected' }), writeIntent(), {}, `${refused}the grant is rejected`],
  ['no intent for one that was signed out', record(loggedOut), writeIntent(), {}, `${refused}the grant is logged_out`],
  ['no intent for a generation that was read before', record({ generation: 5 }), writeIntent(), {}, `${refused}the grant has moved on`],
  [
    'no intent for a refresh token that was read before',
    record({ fingerprint: fingerprint('another') }),
    writeIntent(),
    {},
    `${refused}the grant has moved on`,
  ],
  ['no first attempt beside an intent', record({ intent: another }), writeIntent(), {}, `${refused}another intent stands there`],
  ['no intent without a record', null, writeIntent(), {}, `${refused}there is no such record`],
  [
    'a second attempt follows one that gave up',
    record({ intent: intent({ gaveUp: true }) }),
    writeIntent(2),
    { sight: () => 'alive' },
    { intent: { ...intent(), attempt: 2, deadlineAt: NOW + 15_000, leaseEndsAt: NOW + 40_000 }, fence: 9 },
  ],
  [
    'a second attempt follows one of a holder that is dead',
    record({ intent: another }),
    writeIntent(2),
    { sight: () => 'dead' },
    { intent: { ...intent(), attempt: 2, deadlineAt: NOW + 15_000, leaseEndsAt: NOW + 40_000 }, fence: 9 },
  ],
  [
    'a second attempt follows one whose lease has run out',
    record({ intent: intent({ leaseEndsAt: NOW }) }),
    writeIntent(2),
    {},
    { intent: { ...intent(), attempt: 2, deadlineAt: NOW + 15_000, leaseEndsAt: NOW + 40_000 }, fence: 9 },
  ],
  [
    'no second attempt while the first may still be answered',
    record({ intent: intent({ gaveUp: true, deadlineAt: NOW + 1 }) }),
    writeIntent(2),
    {},
    `${refused}another intent stands there`,
  ],
  [
    'no second attempt while the lease of the first runs',
    record({ intent: another }),
    writeIntent(2),
    {},
    `${refused}another intent stands there`,
  ],
  [
    'no second attempt over a holder that lives',
    record({ intent: intent({ leaseEndsAt: NOW - 1 }) }),
    writeIntent(2),
    { sight: () => 'alive' },
    `${refused}another intent stands there`,
  ],
  ['no second attempt without a first', record(), writeIntent(2), {}, `${refused}another intent stands there`],
  [
    'no third attempt',
    record({ intent: intent({ attempt: 2, gaveUp: true }) }),
    writeIntent(2),
    {},
    `${refused}another intent stands there`,
  ],

  [
    "an intent of one's own is taken back",
    record({ intent: intent() }),
    { type: 'take_back', id: 'g1', intent: intent() },
    lostLease,
    { intent: null, generation: 4 },
  ],
  [
    'of a second attempt the first is left, as one that gave up',
    record({ intent: intent({ attempt: 2 }) }),
    { type: 'take_back', id: 'g1', intent: intent({ attempt: 2 }) },
    {},
    { intent: intent({ attempt: 1, gaveUp: true, deadlineAt: NOW, leaseEndsAt: NOW }) },
  ],
  [
    'an intent of another is not taken back',
    record({ intent: another }),
    { type: 'take_back', id: 'g1', intent: intent() },
    {},
    `${refused}the intent is not there any more`,
  ],
  [
    'no intent, nothing to take back',
    record(),
    { type: 'take_back', id: 'g1', intent: intent() },
    {},
    `${refused}the intent is not there any more`,
  ],

  [
    "giving up is noted in an intent of one's own",
    record({ intent: intent() }),
    { type: 'gave_up', id: 'g1', intent: intent() },
    lostLease,
    { intent: intent({ gaveUp: true }), generation: 4 },
  ],
  [
    'giving up is not noted in that of another',
    record({ intent: another }),
    { type: 'gave_up', id: 'g1', intent: intent() },
    {},
    `${refused}the intent is not there any more`,
  ],

  ['an answer is committed by the comparison', record({ intent: intent() }), commit(intent()), {}, { ...committed, fromAttempt: 1 }],
  [
    'a late answer is committed without the lease',
    record({ intent: intent({ nonce: 'theirs', attempt: 2 }) }),
    commit(intent()),
    lostLease,
    { ...committed, fromAttempt: 1 },
  ],
  [
    'an answer is committed where the grant was marked rejected',
    record({ state: 'rejected', rejection: { at: NOW, reason: 'invalid_grant', fingerprint: asRead.fingerprint } }),
    commit(intent()),
    {},
    { ...committed, fromAttempt: 1 },
  ],
  [
    'the answer to the retry is committed over that to the first attempt',
    record({ ...newer, from: 4, fromAttempt: 1 }),
    commit(intent({ attempt: 2 })),
    {},
    { ...committed, generation: 6, from: 4, fromAttempt: 2 },
  ],
  [
    'the answer to the first attempt is not committed over that to the retry',
    record({ ...newer, from: 4, fromAttempt: 2 }),
    commit(intent()),
    {},
    `${refused}the grant has moved on`,
  ],
  [
    'an answer is not committed twice',
    record({ ...newer, from: 4, fromAttempt: 1 }),
    commit(intent()),
    {},
    `${refused}the grant has moved on`,
  ],
  [
    'an answer for an older generation is dropped',
    record({ generation: 6, fingerprint: fingerprint('refresh-token-6'), from: 5 }),
    commit(intent()),
    {},
    `${refused}the grant has moved on`,
  ],
  [
    'R-15 a generation alone proves nothing',
    record({ fingerprint: fingerprint('another') }),
    commit(intent()),
    {},
    `${refused}the grant has moved on`,
  ],
  ['R-15 a refresh token alone proves nothing', record({ generation: 5 }), commit(intent()), {}, `${refused}the grant has moved on`],
  [
    'R-31 an answer for the grant before a sign-in is dropped',
    record({ ...newer, from: 0 }),
    commit(intent({ attempt: 2 })),
    {},
    `${refused}the grant has moved on`,
  ],
  [
    'R-30 an answer that comes after a sign-out is dropped',
    record(loggedOut),
    commit(intent()),
    {},
    `${refused}it was signed out meanwhile`,
  ],
  [
    'R-30 also where it would be one to a retry',
    record({ ...loggedOut, from: 4 }),
    commit(intent({ attempt: 2 })),
    {},
    `${refused}it was signed out meanwhile`,
  ],
  ['an answer without a record is dropped', null, commit(intent()), {}, `${refused}there is no such record`],

  [
    'R-16 a rejection is a mark and no new generation',
    record({ intent: intent() }),
    reject(intent()),
    lostLease,
    {
      state: 'rejected',
      generation: 4,
      intent: null,
      rejection: { at: NOW, reason: 'invalid_grant', fingerprint: asRead.fingerprint },
      secrets: { access: 'access-token-4', refresh: 'refresh-token-4' },
    },
  ],
  [
    'a rejection of an older generation says nothing',
    record({ ...newer, intent: intent() }),
    reject(intent()),
    {},
    `${refused}the grant has moved on`,
  ],
  [
    'a rejection says nothing when another has an intent',
    record({ intent: another }),
    reject(intent()),
    {},
    `${refused}the grant has moved on`,
  ],
  ['a rejection comes once', record({ state: 'rejected' }), reject(intent()), {}, `${refused}the grant has moved on`],

  [
    'a sign-out leaves a mark, without anything secret',
    record({ intent: another, derived: { a: { expiresAt: NOW, lifetimeMs: null, generation: 4, baseUrl: null } } }),
    signOut,
    lostLease,
    {
      state: 'logged_out',
      generation: 5,
      fingerprint: '',
      intent: null,
      secrets: null,
      derived: {},
      expiresAt: null,
      lifetimeMs: null,
      refreshable: false,
    },
  ],
  [
    'a sign-out finds a rejected grant too',
    record({ state: 'rejected' }),
    signOut,
    {},
    {
      state: 'logged_out',
      generation: 5,
      fingerprint: '',
      secrets: null,
      expiresAt: null,
      lifetimeMs: null,
      refreshable: false,
      rejection: null,
    },
  ],
  ['a second sign-out changes nothing', record(loggedOut), signOut, {}, 'unchanged'],
  ['a sign-out of nothing is refused', null, signOut, {}, `${refused}there is no such record`],
]

describe('the table of writes', () => {
  it.each(rows)('%s', (_, before, write, changes, expected) => {
    const result = resultOf(judge(before, write, changes))
    if (typeof expected === 'string') expect(result).toBe(expected)
    else expect(result).toEqual({ ...(open(before) as object), ...expected })
  })
})

describe('a sign-in', () => {
  const signIn = (credential = grant(1)): RecordWrite => ({ type: 'sign_in', slot: grantSlot, credential })
  const signedIn = {
    ...grantSlot,
    id: 'g-new',
    method: 'device',
    auth: 'device',
    state: 'ok',
    generation: 1,
    fingerprint: fingerprint('refresh-token-1'),
    from: 0,
    fromAttempt: 1,
    fence: 0,
    expiresAt: NOW + 15 * MINUTE,
    receivedAt: NOW,
    lifetimeMs: 15 * MINUTE,
    refreshable: true,
    account: { id: 'u1', name: 'ci', plan: null },
    region: null,
    scopes: ['read', 'write'],
    origins: ['https://api.example.com'],
    client: record().client,
    intent: null,
    lastRefresh: null,
    rejection: null,
    derived: {},
    secrets: { access: 'access-token-1', refresh: 'refresh-token-1' },
    unknown: {},
  }

  it('begins a record where there is none', () => {
    expect(resultOf(judge(null, signIn()))).toEqual(signedIn)
  })

  it.each([
    ['a grant', record({ intent: another })],
    ['one that was rejected', record({ state: 'rejected' })],
    ['one that was signed out', record({ ...loggedOut, generation: 4 })],
  ])('replaces %s with a new family, and keeps the id', (_, before) => {
    expect(resultOf(judge(before, signIn()))).toEqual({ ...signedIn, id: 'g1', generation: 5, fence: 3, unknown: { later: true } })
  })

  it('replaces a grant even by the same tokens', () => {
    expect(judge(record(), signIn(grant(4))).outcome).toBe('written')
  })

  it('leaves other slots alone', () => {
    const others = [record({ profile: 'other' }), record({ id: 'g3', kind: 'token' }), record({ id: 'g4', route: 'moonshot' })]
    const judged = judgeWrite({ records: others, flows: [] }, signIn(), moment())
    expect(judged.outcome === 'written' && judged.records.slice(0, 3)).toEqual(others)
    expect(judged.outcome === 'written' && judged.records).toHaveLength(4)
  })

  const stored = (changes: Partial<CredentialRecord> = {}) => {
    const judged = judge(null, { type: 'sign_in', slot: keySlot('openai'), credential: key('sk-openai-1234') })
    if (judged.outcome !== 'written' || !judged.record) throw new Error('not written')
    return { ...judged.record, ...changes }
  }
  it.each([
    ['the same key', stored(), key('sk-openai-1234'), 'unchanged'],
    ['another key', stored(), key('sk-openai-5678'), 'written'],
    ['the same key with a life', stored(), key('sk-openai-1234', { lifetimeMs: HOUR }), 'written'],
    ['the same key for another region', stored(), key('sk-openai-1234', { region: 'eu' }), 'written'],
    ['the same key for other origins', stored(), key('sk-openai-1234', { origins: [] }), 'written'],
    ['the same key after a sign-out', stored(loggedOut), key('sk-openai-1234'), 'written'],
    ['the same key after a rejection', stored({ state: 'rejected' }), key('sk-openai-1234'), 'written'],
  ] as const)('R-42 given %s is told so', (_, before, credential, outcome) => {
    expect(judge(before, { type: 'sign_in', slot: keySlot('openai'), credential }).outcome).toBe(outcome)
  })
})

describe('an answer', () => {
  const refresh = new Secret('refresh-token-4', 'refresh-token')

  it('R-24 without a refresh token keeps the one in force', () => {
    const credential = grant(5, { secrets: { access: new Secret('access-token-5', 'access-token') }, scopes: null, account: null })
    const result = resultOf(judge(record(), { type: 'commit', id: 'g1', intent: intent(), ...asRead, credential }))
    expect(result).toMatchObject({
      generation: 5,
      ...{ fingerprint: asRead.fingerprint },
      refreshable: true,
      scopes: ['read', 'write'],
      account: record().account,
      secrets: { access: 'access-token-5', refresh: refresh.reveal() },
    })
  })

  it.each([
    ['less of the same account', { id: 'u1', name: null, plan: 'team' }, { id: 'u1', name: 'ci', plan: 'team' }],
    ['no id', { id: null, name: 'ci-2', plan: null }, { id: 'u1', name: 'ci-2', plan: null }],
    ['another account', { id: 'u2', name: null, plan: null }, { id: 'u2', name: null, plan: null }],
  ])('that says %s keeps what it leaves out, of the same account only', (_, account, expected) => {
    const credential = grant(5, { account })
    expect(resultOf(judge(record(), { type: 'commit', id: 'g1', intent: intent(), ...asRead, credential }))).toMatchObject({
      account: expected,
    })
  })

  it('R-23 without a lifetime leaves the expiry unknown', () => {
    const result = resultOf(
      judge(record(), { type: 'commit', id: 'g1', intent: intent(), ...asRead, credential: grant(5, { lifetimeMs: null }) }),
    )
    expect(result).toMatchObject({ expiresAt: null, lifetimeMs: null })
  })
})

describe('a derived credential', () => {
  const derived = (generation: number, changes: Partial<Extract<RecordWrite, { type: 'derived' }>> = {}): RecordWrite => ({
    type: 'derived',
    id: 'g1',
    lease,
    generation,
    name: 'copilot',
    secret: new Secret('derived-token'),
    lifetimeMs: HOUR,
    sentAgoMs: 1_000,
    baseUrl: null,
    account: null,
    ...changes,
  })

  it('belongs to the generation that it was minted from', () => {
    const facts = { expiresAt: NOW - 1_000 + HOUR, lifetimeMs: HOUR, generation: 4, baseUrl: null }
    expect(resultOf(judge(record(), derived(4)))).toMatchObject({
      generation: 4,
      derived: { copilot: facts },
      secrets: { access: 'access-token-4', derived: { copilot: 'derived-token' } },
    })
  })

  it('may be facts alone, which leave no older secret of their name', () => {
    const before = record({
      secrets: { access: new Secret('access-token-4'), derived: { copilot: new Secret('an-old-one'), other: new Secret('another') } },
    })
    const facts = { secret: null, lifetimeMs: null, baseUrl: 'https://api.x.example' }
    expect(resultOf(judge(before, derived(4, facts)))).toMatchObject({
      derived: { copilot: { expiresAt: null, lifetimeMs: null, generation: 4, baseUrl: 'https://api.x.example' } },
      secrets: { access: 'access-token-4', derived: { other: 'another' } },
    })
  })

  it('tells whose the credential is, and leaves what is known where it does not', () => {
    const account = { id: 'u1', name: null, plan: 'business' }
    expect(resultOf(judge(record(), derived(4, { account })))).toMatchObject({ account: { id: 'u1', name: 'ci', plan: 'business' } })
    expect(resultOf(judge(record({ account: null }), derived(4, { account })))).toMatchObject({ account })
  })

  it.each([
    ['of another generation', record(), derived(3), {}],
    ['of a credential that was signed out', record(loggedOut), derived(5), {}],
    ['without the lease', record(), derived(4), lostLease],
    ['after the lease', record(), derived(4), spentLease],
    ['under the lease of another grant', record(), derived(4, { lease: { ...lease, key: 'g2' } }), {}],
  ])('%s is refused', (_, before, write, changes) => {
    expect(judge(before, write, changes).outcome).toBe('refused')
  })
})

describe('a pending flow', () => {
  const put = (id: string): RecordWrite => ({ type: 'put_flow', lease, flow: flow(id) })

  it('is dated by the engine, replaces its former self, and sweeps those that are over', () => {
    const first = judgeWrite({ records: [], flows: [] }, put('f1'), moment())
    if (first.outcome !== 'written') throw new Error('not written')
    expect(first.flows[0]).toMatchObject({ id: 'f1', expiresAt: NOW + 15 * MINUTE, nextPollAt: NOW + 5_000, startedAt: NOW })
    const again = judgeWrite(first, put('f1'), moment({ now: NOW + MINUTE, leaseEndsAt: () => NOW + 2 * HOUR }))
    expect(again.outcome === 'written' && again.flows.map(({ id, expiresAt }) => ({ id, expiresAt }))).toEqual([
      { id: 'f1', expiresAt: NOW + 16 * MINUTE },
    ])
    const later = judgeWrite(first, put('f2'), moment({ now: NOW + HOUR, leaseEndsAt: () => NOW + 2 * HOUR }))
    expect(later.outcome === 'written' && later.flows.map(({ id }) => id)).toEqual(['f2'])
  })

  it.each([lostLease, spentLease])('is neither written nor removed without its lease', (changes) => {
    const first = judgeWrite({ records: [], flows: [] }, put('f1'), moment())
    if (first.outcome !== 'written') throw new Error('not written')
    expect([
      judgeWrite(first, put('f2'), moment(changes)).outcome,
      judgeWrite(first, { type: 'remove_flow', id: 'f1', lease }, moment(changes)).outcome,
    ]).toEqual(['refused', 'refused'])
  })

  it('ends in the same write as the sign-in that it brought, with its lease lost', () => {
    const one = judgeWrite({ records: [], flows: [] }, put('f1'), moment())
    if (one.outcome !== 'written') throw new Error('not written')
    const two = judgeWrite(one, put('f2'), moment())
    if (two.outcome !== 'written') throw new Error('not written')
    const signedIn = judgeWrite(two, { type: 'sign_in', slot: grantSlot, credential: grant(1), flow: 'f1' }, moment(lostLease))
    expect(signedIn.outcome === 'written' && { flows: signedIn.flows.map(({ id }) => id), records: signedIn.records.length }).toEqual({
      flows: ['f2'],
      records: 1,
    })
  })

  it('that is gone brings no sign-in back, and changes nothing of what stands there', () => {
    const signIn: RecordWrite = { type: 'sign_in', slot: grantSlot, credential: grant(1), flow: 'f1' }
    const outcome = { outcome: 'refused', why: 'there is no such flow' }
    expect(judge(null, signIn)).toEqual({ ...outcome, record: null })
    const signedOut = record(loggedOut)
    expect(judge(signedOut, signIn)).toEqual({ ...outcome, record: signedOut })
  })

  it('stays for a minute after its end: what was asked before may be answered after it', () => {
    const first = judgeWrite({ records: [], flows: [] }, put('f1'), moment())
    if (first.outcome !== 'written') throw new Error('not written')
    const ids = (afterMs: number) => {
      const now = NOW + 15 * MINUTE + afterMs
      const judged = judgeWrite(first, put('f2'), moment({ now, leaseEndsAt: () => now + MINUTE }))
      return judged.outcome === 'written' && judged.flows.map(({ id }) => id)
    }
    expect([ids(MINUTE - 1), ids(MINUTE)]).toEqual([['f1', 'f2'], ['f2']])
  })

  it('that is gone cannot be removed once more', () => {
    expect(judge(null, { type: 'remove_flow', id: 'f1', lease })).toEqual({
      outcome: 'refused',
      why: 'there is no such flow',
      record: null,
    })
  })
})
