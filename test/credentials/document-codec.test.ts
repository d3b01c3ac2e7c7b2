import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDocument, EMPTY_DOCUMENT, encodeDocument, type StoreDocument } from '../../src/credentials/document-codec.ts'
import { firstErrorIn } from '../../src/credentials/json-position.ts'
import { ShapeError } from '../../src/credentials/json-shape.ts'
import { judgeWrite } from '../../src/credentials/record-writes.ts'
import { salvageDocument, wasNewer } from '../../src/credentials/salvage.ts'
import { flow, grant, grantSlot, key, keySlot, open } from './samples.ts'

const holder = { host: 'h', pid: 7, pidStart: '70', bootId: 'b', pidNamespace: 'n' }
const moment = {
  now: Date.UTC(2026, 0, 1),
  holder,
  leaseEndsAt: () => Number.MAX_SAFE_INTEGER,
  sight: () => 'unknown' as const,
  newId: () => 'g-1',
}

function sample(): StoreDocument {
  let document: StoreDocument = { ...EMPTY_DOCUMENT, revision: 3, machine: { salt: 's', hash: 'h' } }
  const lease = { key: 'f', nonce: 'n', fence: 1, holder, remainingMs: () => 1 }
  const credentials = [
    ['g-1', grantSlot, grant(1)],
    ['g-2', keySlot('openai'), key('sk-openai-0123456789')],
    ['g-3', keySlot('anthropic'), key('sk-ant-0123456789')],
  ] as const
  for (const [id, slot, credential] of credentials) {
    const judged = judgeWrite(document, { type: 'sign_in', slot, credential }, { ...moment, newId: () => id })
    if (judged.outcome === 'written') document = { ...document, records: judged.records }
  }
  const judged = judgeWrite(document, { type: 'put_flow', lease, flow: flow('f1') }, moment)
  return judged.outcome === 'written' ? { ...document, flows: judged.flows } : document
}

const bytes = encodeDocument(sample())
const text = bytes.toString()

function decoded(source: string | Uint8Array): StoreDocument | string {
  try {
    return decodeDocument(typeof source === 'string' ? Buffer.from(source) : source)
  } catch (thrown) {
    if (thrown instanceof ShapeError) return thrown.place
    throw thrown
  }
}

/** A document whose first record, or all of it, was changed by hand. */
function changed(change: (document: Record<string, unknown>, record: Record<string, unknown>) => void): string {
  const document = JSON.parse(text)
  change(document, document.records[0])
  return JSON.stringify(document)
}

const laidOpen = (document: StoreDocument) => ({
  ...document,
  records: document.records.map(open),
  flows: document.flows.map((each) => ({ ...each, secrets: Object.keys(each.secrets) })),
})

describe('a document', () => {
  it('comes back as it was written', () => {
    expect(laidOpen(decodeDocument(bytes))).toEqual(laidOpen(sample()))
    expect(JSON.parse(encodeDocument(decodeDocument(bytes)).toString())).toEqual(JSON.parse(text))
  })

  it('may begin with one byte order mark', () => {
    expect(decoded(`\uFEFF${text}`)).toEqual(sample())
    expect(decoded(`\uFEFF\uFEFF${text}`)).toBe('character 0')
  })

  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const corpus: [string, string | Uint8Array, string][] = [
    ['nothing', '', 'character 0, where it ends too early'],
    ['white space', ' \n', 'character 2, where it ends too early'],
    ['a word', 'nonsense', 'character 0'],
    ['a list', '[]', 'document'],
    ['null', 'null', 'document'],
    ['bytes that are no text', Uint8Array.of(0x7b, 0x22, 0xff, 0x22), 'byte 2, which is no UTF-8'],
    ['half a character', Uint8Array.of(0x7b, 0xc3), 'byte 1, which is no UTF-8'],
    ['UTF-16', Buffer.from(text, 'utf16le'), 'character 1'],
    ['a comment', `// mine\n${text}`, 'character 0'],
    ['a comma too many', '{"version":1,}', 'character 13'],
    ['a control character in a string', '{"version":"a\u0000b"}', 'character 13'],
    ['two documents', `${text}${text}`, `character ${text.length}`],
    ['brackets without end', '['.repeat(500_000), 'character 65'],
    ['too many brackets', `{"version":1,"x":${nested(40)}}`, `$.*${'[0]'.repeat(32)}, which is nested too deep`],
    ['no version', '{}', 'document.version'],
    ['a version that is a word', '{"version":"1"}', 'document.version'],
    ['version 0', '{"version":0}', 'document.version'],
    ['a number beyond all numbers', '{"version":1,"x":1e999}', '$.*, which is too large'],
    ['S-10 `__proto__` as a name', '{"version":1,"records":[],"x":{"__proto__":{}}}', '$.*, which has a forbidden name'],
    [
      'S-10 `constructor` as a name',
      changed((_, record) => Object.assign(record, { derived: JSON.parse('{"constructor":{}}') })),
      '$.*[0].*, which has a forbidden name',
    ],
    [
      'a string beyond 16 KiB',
      changed((_, record) => Object.assign(record, { region: 'x'.repeat(16_385) })),
      '$.*[0].*, which is too long',
    ],
    ['records that are no list', '{"version":1,"records":{}}', 'document.records'],
    ['a record that is null', '{"version":1,"records":[null]}', 'document.records[0]'],
    [
      'an id twice',
      changed((document, record) => Object.assign(document, { records: [record, record] })),
      'document.records, which has an id twice',
    ],
    ['S-12 a provider that is a path', changed((_, record) => Object.assign(record, { provider: '../x' })), 'document.records[0].provider'],
    [
      'S-12 a profile in other letters',
      changed((_, record) => Object.assign(record, { profile: 'ｄefault' })),
      'document.records[0].profile',
    ],
    ['a state of nobody', changed((_, record) => Object.assign(record, { state: 'good' })), 'document.records[0].state'],
    ['a generation below zero', changed((_, record) => Object.assign(record, { generation: -1 })), 'document.records[0].generation'],
    ['a generation and a half', changed((_, record) => Object.assign(record, { generation: 1.5 })), 'document.records[0].generation'],
    [
      'an expiry beyond exact numbers',
      changed((_, record) => Object.assign(record, { expiresAt: 1e300 })),
      'document.records[0].expiresAt',
    ],
    ['a third attempt', changed((_, record) => Object.assign(record, { fromAttempt: 3 })), 'document.records[0].fromAttempt'],
    ['secrets that are gone', changed((_, record) => Object.assign(record, { secrets: null })), 'document.records[0].secrets'],
    ['an empty token', changed((_, record) => Object.assign(record, { secrets: { access: '' } })), 'document.records[0].secrets.access'],
    [
      'a token that is a number',
      changed((_, record) => Object.assign(record, { secrets: { access: 7 } })),
      'document.records[0].secrets.access',
    ],
    [
      'a derived credential of the wrong shape, named like a secret',
      changed((_, record) => Object.assign(record, { derived: { 'sk-secret-name': 1 } })),
      'document.records[0].derived.*',
    ],
    [
      '257 providers',
      changed((document, record) =>
        Object.assign(document, { records: Array.from({ length: 257 }, (_, n) => ({ ...record, id: `g${n}`, provider: `p${n}` })) }),
      ),
      'document.records, which has too many providers',
    ],
  ]
  it.each(corpus)('S-11 that is %s is an error with its place', (_, source, place) => {
    expect(decoded(source)).toBe(place)
  })

  it('S-11 cut at any byte is an error, and what is whole can be salvaged', () => {
    let mostKept = 0
    for (let end = 0; end < bytes.length - 2; end++) {
      const cut = bytes.subarray(0, end)
      expect(decoded(cut)).toMatch(/^character \d+(?:, where it ends too early)?$/)
      if (end % 7 !== 0) continue
      const kept = salvageDocument(cut).records.map(open)
      expect(kept).toEqual(sample().records.slice(0, kept.length).map(open))
      expect(kept.length).toBeGreaterThanOrEqual(mostKept)
      mostKept = kept.length
    }
    expect(mostKept).toBe(3)
  })

  it('S-11 with any bytes changed loads as a valid one or is an error that repeats nothing', () => {
    const mutations = fc.array(fc.record({ at: fc.nat(bytes.length - 1), byte: fc.nat(255), keep: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(mutations, (changes) => {
        const mutated = Buffer.from(bytes)
        for (const { at, byte, keep } of changes) mutated[at] = keep ? (mutated[at] ?? 0) ^ (1 << (byte % 8)) : byte
        const result = decoded(mutated)
        if (typeof result === 'string') return !/-token-|sk-|device-code-/.test(result)
        return encodeDocument(decodeDocument(encodeDocument(result))).equals(encodeDocument(result))
      }),
      { numRuns: 10_000 },
    )
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('S-11 with any value in the place of another loads as a valid one or is an error', () => {
    const paths: (string | number)[][] = []
    const walk = (value: unknown, path: (string | number)[]) => {
      paths.push(path)
      if (typeof value === 'object' && value !== null)
        for (const [name, inner] of Object.entries(value)) walk(inner, [...path, Array.isArray(value) ? Number(name) : name])
    }
    walk(JSON.parse(text), [])
    for (const path of paths) {
      for (const value of [null, true, 0, -1, 1e300, '', 'x', [], {}, [null], { x: 1 }]) {
        const document: Record<string, unknown> = { whole: JSON.parse(text) }
        const full = ['whole', ...path]
        const holderOf = full
          .slice(0, -1)
          .reduce<Record<string | number, unknown>>((at, name) => at[name] as Record<string, unknown>, document)
        holderOf[full.at(-1) ?? ''] = value
        const result = decoded(JSON.stringify(document.whole))
        if (typeof result !== 'string') expect(typeof decoded(encodeDocument(result))).toBe('object')
      }
    }
  })

  it('R-08 keeps the fields of a newer claw at every level, also of a record that is changed', () => {
    const extra = { x: { deep: [1, 'two', null] } }
    const source = changed((document, record) => {
      Object.assign(document, extra, { machine: { salt: 's', hash: 'h', ...extra } })
      Object.assign(record, extra, {
        secrets: { ...(record.secrets as object), ...extra },
        account: { ...(record.account as object), fedramp: true, ...extra },
        client: { ...(record.client as object), ...extra },
        lastRefresh: { at: 1, host: 'h', pid: 7, ...extra },
        derived: { copilot: { expiresAt: null, lifetimeMs: null, generation: 1, baseUrl: null, ...extra } },
        intent: {
          holder: { ...holder, ...extra },
          nonce: 'n',
          fence: 1,
          attempt: 1,
          deadlineAt: 1,
          leaseEndsAt: 2,
          gaveUp: false,
          ...extra,
        },
      })
      Object.assign((document.flows as object[])[0] ?? {}, extra)
    })
    const document = decodeDocument(Buffer.from(source))
    expect(JSON.parse(encodeDocument(document).toString())).toEqual(JSON.parse(source))
    const [record] = document.records
    const lease = { key: 'g-1', nonce: 'n', fence: 2, holder, remainingMs: () => 1 }
    const judged = judgeWrite(
      document,
      {
        type: 'rejected',
        id: 'g-1',
        intent:
          record?.intent ??
          (() => {
            throw new Error('no intent')
          })(),
        generation: 1,
        fingerprint: record?.fingerprint ?? '',
        reason: 'invalid_grant',
      },
      { ...moment, leaseEndsAt: () => lease.remainingMs() },
    )
    if (judged.outcome !== 'written') throw new Error('not written')
    const rewritten = JSON.parse(encodeDocument({ ...document, records: judged.records }).toString()).records[0]
    expect(rewritten).toEqual({
      ...JSON.parse(source).records[0],
      state: 'rejected',
      intent: null,
      rejection: { at: moment.now, reason: 'invalid_grant', fingerprint: record?.fingerprint },
    })
  })

  it('R-08 any further fields survive', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 12 })
      .filter(
        (each) =>
          !(each in JSON.parse(text).records[0]) &&
          ![
            '__proto__',
            'constructor',
            'prototype',
            'flows',
            'records',
            'version',
            'revision',
            'machine',
            'movedTo',
            'access',
            'refresh',
            'idToken',
          ].includes(each),
      )
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }), (dictionary) => {
        const fields = JSON.parse(
          JSON.stringify(dictionary, (each, value) => (['__proto__', 'constructor', 'prototype'].includes(each) ? undefined : value)),
        )
        const source = changed((document, record) => {
          Object.assign(document, fields)
          Object.assign(record, fields, { secrets: { ...(record.secrets as object), ...fields } })
        })
        expect(JSON.parse(encodeDocument(decodeDocument(Buffer.from(source))).toString())).toEqual(JSON.parse(source))
      }),
      { numRuns: 300 },
    )
  })

  it('R-08 of a newer version is read as far as it is understood', () => {
    const source = changed((document, record) =>
      Object.assign(document, {
        version: 2,
        records: [record, { ...record, id: 'g-9', state: 'suspended' }, 'another shape'],
        flows: [{}],
      }),
    )
    const document = decodeDocument(Buffer.from(source))
    expect({ version: document.version, ids: document.records.map(({ id }) => id), flows: document.flows }).toEqual({
      version: 2,
      ids: ['g-1'],
      flows: [],
    })
  })

  it('prints no secret by itself', () => {
    expect(JSON.stringify(decodeDocument(bytes))).not.toMatch(/access-token-1|refresh-token-1|sk-|device-code-1/)
  })
})

describe('salvage', () => {
  it('keeps the whole records of a document with a hole in it', () => {
    const lines = text.split('\n')
    const hole = lines.findIndex((line) => line.includes('"sk-openai-0123456789"'))
    for (const damage of ['   "access": "sk-openai-01', '   "access": {{{[[ "', '\u0000\u0000\u0000', '"'.repeat(7), '}}}}]']) {
      const broken = lines.with(hole, damage).join('\n')
      const salvaged = salvageDocument(Buffer.from(broken))
      expect(salvaged.records.map(open)).toEqual([sample().records[0], sample().records[2]].map(open))
      expect(salvaged.flows.map(({ id }) => id)).toEqual(['f1'])
    }
  })

  it('keeps the frame of a document that is only wrong in one record', () => {
    const salvaged = salvageDocument(
      Buffer.from(
        changed((document, record) => {
          record.state = 'good'
          document.later = true
        }),
      ),
    )
    expect({ ...salvaged, records: salvaged.records.map(({ id }) => id), flows: 1 }).toEqual({
      ...sample(),
      records: ['g-2', 'g-3'],
      flows: 1,
      unknown: { later: true },
    })
  })

  it('keeps of two records with one id the newer', () => {
    const source = changed((document, record) =>
      Object.assign(document, {
        records: [
          { ...record, generation: 2 },
          { ...record, generation: 5 },
          { ...record, generation: 4 },
        ],
      }),
    )
    expect(salvageDocument(Buffer.from(source)).records.map(({ generation }) => generation)).toEqual([5])
  })

  it('ends soon on a million braces', () => {
    expect(salvageDocument(Buffer.from('{'.repeat(1_000_000))).records).toEqual([])
    expect(salvageDocument(Buffer.from('{"generation"'.repeat(80_000) + '}'.repeat(80_000))).records).toEqual([])
  })

  it('tells a document of a newer claw from a broken one', () => {
    expect([wasNewer(bytes), wasNewer(Buffer.from('{"version": 2, "rec')), wasNewer(Buffer.from('garbage'))]).toEqual([false, true, false])
  })
})

it('finds the first error of any broken JSON where the parser of the engine finds it, and none in whole JSON', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom('', '"', '{', ',', 'x', '\\', '0'), (json, at, put) => {
      const position = at % (json.length + 1)
      const mutated = json.slice(0, position) + put + json.slice(position + 1)
      try {
        JSON.parse(mutated)
      } catch (thrown) {
        const said = thrown instanceof Error ? /position (\d+)/.exec(thrown.message)?.[1] : undefined
        // The engine names the end of a bad escape or number in other places; it never finds an error later than here by more than those.
        expect(firstErrorIn(mutated)).toBeLessThanOrEqual(mutated.length)
        if (said !== undefined) expect(firstErrorIn(mutated)).toBeLessThanOrEqual(Number(said))
        return
      }
      expect(firstErrorIn(mutated)).toBe(mutated.length)
    }),
    { numRuns: 2_000 },
  )
})
