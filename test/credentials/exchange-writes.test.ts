import { describe, expect, it } from 'vitest'
import { decodeDocument, EMPTY_DOCUMENT, encodeDocument } from '../../src/credentials/document-codec.ts'
import type { CredentialRecord, Holder } from '../../src/credentials/record.ts'
import { type Judged, judgeWrite, type WriteMoment } from '../../src/credentials/record-writes.ts'
import type { Lease, RecordWrite } from '../../src/credentials/store.ts'
import { HOUR, key, MINUTE, open } from './samples.ts'

const NOW = Date.UTC(2026, 0, 1)
const ID = 'identity-1'
const holder: Holder = { host: 'h', pid: 7, pidStart: '70', bootId: 'b', pidNamespace: 'n' }
const lease: Lease = { key: ID, nonce: 'mine', fence: 9, holder, remainingMs: () => 40_000 }
const slot = { provider: 'anthropic', route: 'anthropic', profile: 'default', kind: 'identity' } as const

const moment = (changes: Partial<WriteMoment> = {}): WriteMoment => ({
  now: NOW,
  holder,
  leaseEndsAt: (name, nonce) => (name === ID && nonce === 'mine' ? NOW + 40_000 : null),
  sight: () => 'unknown',
  newId: () => 'never used',
  ...changes,
})

const presented = (sha256: string, generation = 0, endsInMs: number | null = 5 * MINUTE): RecordWrite => ({
  type: 'presented',
  id: ID,
  slot,
  auth: 'federation',
  lease,
  generation,
  sha256,
  endsInMs,
  isTakenOnce: false,
})
const withdrawn = (sha256: string): RecordWrite => ({ type: 'withdrawn', id: ID, sha256 })
const exchanged = (sha256: string, generation = 0, token = 'minted-token-1'): RecordWrite => ({
  type: 'exchanged',
  id: ID,
  generation,
  sha256,
  credential: key(token, { method: 'identity', auth: 'federation', lifetimeMs: HOUR, sentAgoMs: 2_000, origins: [] }),
  principal: { user_id: 'u1' },
})

/** The record after some writes, each of which must have been taken. */
function written(...writes: readonly RecordWrite[]): CredentialRecord {
  const last = writes.reduce<CredentialRecord | null>((record, write) => {
    const judged = judge(record, write)
    if (judged.outcome !== 'written' || !judged.record) throw new Error(`${write.type} was ${JSON.stringify(judged)}`)
    return judged.record
  }, null)
  if (!last) throw new Error('nothing was written')
  return last
}

function judge(before: CredentialRecord | null, write: RecordWrite, changes: Partial<WriteMoment> = {}): Judged {
  return judgeWrite({ records: before ? [before] : [], flows: [] }, write, moment(changes))
}

function said(judged: Judged): unknown {
  return judged.outcome === 'refused' ? judged.why : judged.outcome
}

describe('an identity token that is about to be posted', () => {
  it('begins a record that holds no credential yet', () => {
    const { state, generation, secrets, exchange, fence, kind, method } = written(presented('aa'))
    expect({ state, generation, secrets, exchange, fence, kind, method }).toEqual({
      state: 'logged_out',
      generation: 0,
      secrets: null,
      exchange: { presented: [{ sha256: 'aa', endsAt: NOW + 5 * MINUTE }], principal: {} },
      fence: 9,
      kind: 'identity',
      method: 'identity',
    })
  })

  it('is noted once, and only by who holds the lease and read what stands there', () => {
    const before = written(presented('aa'))
    expect([
      said(judge(before, presented('aa'))),
      said(judge(before, presented('bb', 1))),
      said(judge(before, presented('bb'), { leaseEndsAt: () => null })),
      said(judge(before, presented('bb'), { leaseEndsAt: () => NOW })),
      said(judge(null, { ...presented('bb'), lease: { ...lease, key: 'identity-2' } } as RecordWrite)),
      said(judge(before, presented('bb'))),
    ]).toEqual([
      'it was posted before',
      'the credential has moved on',
      'the lease was lost',
      'the lease was lost',
      'the lease was lost',
      'written',
    ])
  })

  it('is remembered for an hour beyond its end, for ever where it has none, and never more than 64 of them', () => {
    const first = written(presented('old', 0, -HOUR - 1), presented('young', 0, -HOUR + 1), presented('endless', 0, null))
    expect(written(presented('old', 0, -HOUR), presented('new')).exchange?.presented.map(({ sha256 }) => sha256)).toEqual(['new'])
    expect(first.exchange?.presented.map(({ sha256 }) => sha256)).toEqual(['young', 'endless'])
    const many = written(...Array.from({ length: 70 }, (_, n) => presented(`h${n}`)))
    expect([many.exchange?.presented.length, many.exchange?.presented[0]?.sha256]).toEqual([64, 'h6'])
  })

  it('is posted once for all ids, where the vendor takes it once', () => {
    const other = { ...written(presented('aa')), id: 'identity-2' }
    const judged = (isTakenOnce: boolean) =>
      judgeWrite({ records: [other], flows: [] }, { ...presented('aa'), isTakenOnce } as RecordWrite, moment())
    expect([said(judged(true)), said(judged(false))]).toEqual(['it was posted before', 'written'])
  })

  it('may be posted again when it was taken back', () => {
    const before = written(presented('aa'), presented('bb'), withdrawn('aa'))
    expect(before.exchange?.presented.map(({ sha256 }) => sha256)).toEqual(['bb'])
    expect([said(judge(before, withdrawn('aa'))), said(judge(before, presented('aa')))]).toEqual(['it is not noted', 'written'])
  })
})

describe('what an identity token was exchanged for', () => {
  it('is the next generation, dated from the sending of the request', () => {
    expect(open(written(presented('aa'), exchanged('aa')))).toMatchObject({
      state: 'ok',
      generation: 1,
      expiresAt: NOW - 2_000 + HOUR,
      refreshable: false,
      secrets: { access: 'minted-token-1' },
      exchange: { presented: [{ sha256: 'aa', endsAt: NOW + 5 * MINUTE }], principal: { user_id: 'u1' } },
      lastRefresh: { at: NOW, host: 'h', pid: 7 },
    })
  })

  it('is kept although the lease ran out, and dropped where another one came first', () => {
    const before = written(presented('aa'))
    expect(said(judge(before, exchanged('aa'), { leaseEndsAt: () => null }))).toBe('written')
    const overtaken = written(presented('aa'), presented('bb'), exchanged('bb'))
    expect(said(judge(overtaken, exchanged('aa')))).toBe('the credential has moved on')
    expect(said(judge(before, exchanged('cc')))).toBe('it is not noted')
  })

  it('is dropped after a sign-out, which forgets whose it was and not what was posted', () => {
    const signedOut = written(presented('aa'), exchanged('aa'), presented('bb', 1), { type: 'logged_out', id: ID })
    expect(said(judge(signedOut, exchanged('bb', 1)))).toBe('the credential has moved on')
    expect({ secrets: signedOut.secrets, exchange: signedOut.exchange }).toEqual({
      secrets: null,
      exchange: {
        presented: [
          { sha256: 'aa', endsAt: NOW + 5 * MINUTE },
          { sha256: 'bb', endsAt: NOW + 5 * MINUTE },
        ],
        principal: {},
      },
    })
    expect(said(judge(signedOut, presented('aa', 2)))).toBe('it was posted before')
  })

  it('comes back from the file as it went there, with what a newer claw put beside it', () => {
    const record = written(presented('aa'), exchanged('aa'), presented('bb', 1, null))
    const bytes = encodeDocument({ ...EMPTY_DOCUMENT, records: [record] })
    const later = JSON.parse(bytes.toString())
    later.records[0].exchange.later = 1
    later.records[0].exchange.presented[0].later = 2
    const read = decodeDocument(Buffer.from(JSON.stringify(later)))
    expect(open(read.records[0] ?? null)).toEqual(open(record))
    expect(JSON.parse(encodeDocument(read).toString()).records[0].exchange).toEqual(later.records[0].exchange)
  })
})
