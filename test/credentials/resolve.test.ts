import { describe, expect, it } from 'vitest'
import type { Kind } from '../../src/core/vocabulary.ts'
import { type Fact, type Found, type Origin, resolve, type Wanted } from '../../src/credentials/resolve.ts'

interface Named extends Found {
  readonly name: string
}

const SOURCES = {
  'key in config': ['config', 'api_key'],
  'key in environment': ['environment', 'api_key'],
  'key in store': ['store', 'api_key'],
  'token in config': ['config', 'token'],
  'token in environment': ['environment', 'token'],
  'token in store': ['store', 'token'],
  'grant in store': ['store', 'oauth'],
  'grant in bundle': ['bundle', 'oauth'],
  identity: ['identity', 'identity'],
} as const satisfies Record<string, readonly [Origin, Kind]>
type Name = keyof typeof SOURCES

/** What the contract says, one line for each way of asking. */
const ORDERS: readonly (readonly [Wanted, readonly Name[]])[] = [
  [
    { authMode: 'auto', prefer: 'api_key' },
    [
      'key in config',
      'key in environment',
      'identity',
      'token in config',
      'token in environment',
      'grant in bundle',
      'grant in store',
      'token in store',
      'key in store',
    ],
  ],
  [
    { authMode: 'auto', prefer: 'oauth' },
    [
      'token in config',
      'token in environment',
      'grant in bundle',
      'grant in store',
      'token in store',
      'identity',
      'key in config',
      'key in environment',
      'key in store',
    ],
  ],
  [{ authMode: 'api_key', prefer: 'api_key' }, ['key in config', 'key in environment', 'key in store']],
  [{ authMode: 'api_key', prefer: 'oauth' }, ['key in config', 'key in environment', 'key in store']],
  [
    { authMode: 'oauth', prefer: 'api_key' },
    ['token in config', 'token in environment', 'grant in bundle', 'grant in store', 'token in store', 'identity'],
  ],
  [
    { authMode: 'oauth', prefer: 'oauth' },
    ['token in config', 'token in environment', 'grant in bundle', 'grant in store', 'token in store', 'identity'],
  ],
]
const names = Object.keys(SOURCES).filter(isSource)

describe.each(ORDERS)('resolution for %j', (wanted, order) => {
  it('R-32 takes the first of its order out of every set of sources, and nothing else', () => {
    const wrong = subsets().filter(
      (present) =>
        resolve(
          wanted,
          present.map((name) => found(name)),
        ).winner?.name !== order.find((name) => present.includes(name)),
    )
    expect(wrong).toEqual([])
  })

  it('R-32 does not depend on the order in which sources were looked at', () => {
    const forwards = resolve(
      wanted,
      names.map((name) => found(name)),
    )
    const backwards = resolve(
      wanted,
      [...names].reverse().map((name) => found(name)),
    )
    expect(backwards.winner?.name).toBe(forwards.winner?.name)
    expect(backwards.table.slice(0, order.length).map(({ candidate }) => candidate.name)).toEqual(order)
  })

  it.each(['missing', 'expired', 'wrong_kind', 'refused', 'pending'] as const)(
    'R-32 passes over a source that is %s and says so',
    (fact) => {
      const [first, second] = order
      if (first === undefined || second === undefined) throw new Error('an order of one')
      const { winner, table } = resolve(wanted, [found(first, fact), found(second)])
      expect(winner?.name).toBe(second)
      expect(table.map(({ candidate, state }) => [candidate.name, state])).toEqual([
        [first, fact],
        [second, 'wins'],
      ])
    },
  )

  it('R-32 ends at a source that was named and cannot be read', () => {
    const [first, second] = order
    if (first === undefined || second === undefined) throw new Error('an order of one')
    const { winner, stoppedAt, table } = resolve(wanted, [found(first, 'missing', { stops: true }), found(second)])
    expect(winner).toBeNull()
    expect(stoppedAt?.name).toBe(first)
    expect(table.map(({ state }) => state)).toEqual(['missing', 'shadowed'])
  })
})

describe('the table of candidates', () => {
  it('calls the first usable one the winner, later ones and excluded kinds shadowed', () => {
    const { table } = resolve({ authMode: 'api_key', prefer: 'api_key' }, [
      found('token in config'),
      found('key in store'),
      found('key in environment'),
    ])
    expect(table.map(({ candidate, state }) => [candidate.name, state])).toEqual([
      ['key in environment', 'wins'],
      ['key in store', 'shadowed'],
      ['token in config', 'shadowed'],
    ])
  })

  it.each(['refreshable', 'doubt'] as const)('keeps the word %s for a winner that must be seen to first', (fact) => {
    const { winner, table } = resolve({ authMode: 'auto', prefer: 'api_key' }, [found('grant in store', fact), found('key in store')])
    expect(winner?.name).toBe('grant in store')
    expect(table.map(({ state }) => state)).toEqual([fact, 'shadowed'])
  })

  it('takes no credential where none is needed, and only if there is none', () => {
    const none: Named = { name: 'nothing', origin: 'none', kind: 'none', fact: 'usable', stops: false, failedForGood: false }
    expect(resolve({ authMode: 'auto', prefer: 'api_key' }, [none]).winner?.name).toBe('nothing')
    expect(resolve({ authMode: 'auto', prefer: 'api_key' }, [none, found('key in config')]).winner?.name).toBe('key in config')
    expect(resolve({ authMode: 'api_key', prefer: 'api_key' }, [none])).toEqual({
      table: [{ candidate: none, state: 'shadowed' }],
      winner: null,
      stoppedAt: null,
      degraded: false,
    })
  })

  it('is empty where nothing was found', () => {
    expect(resolve({ authMode: 'auto', prefer: 'api_key' }, [])).toEqual({ table: [], winner: null, stoppedAt: null, degraded: false })
  })
})

describe('a grant that failed for good', () => {
  const dead = found('grant in store', 'refused', { failedForGood: true })

  it('lets auto go on to the next usable credential, and says so', () => {
    const { winner, degraded, table } = resolve({ authMode: 'auto', prefer: 'api_key' }, [dead, found('key in store')])
    expect({ winner: winner?.name, degraded, states: table.map(({ state }) => state) }).toEqual({
      winner: 'key in store',
      degraded: true,
      states: ['refused', 'wins'],
    })
  })

  it('does not degrade what would have won anyway', () => {
    expect(resolve({ authMode: 'auto', prefer: 'api_key' }, [dead, found('key in config')]).degraded).toBe(false)
  })

  it('ends the search where OAuth was asked for', () => {
    const { winner, stoppedAt } = resolve({ authMode: 'oauth', prefer: 'api_key' }, [dead, found('token in store')])
    expect({ winner, stoppedAt: stoppedAt?.name }).toEqual({ winner: null, stoppedAt: 'grant in store' })
  })

  it('does not matter where an API key was asked for', () => {
    expect(resolve({ authMode: 'api_key', prefer: 'api_key' }, [dead, found('key in store')])).toMatchObject({
      winner: { name: 'key in store' },
      degraded: false,
    })
  })

  it('is never chosen, whatever state its record is in', () => {
    expect(resolve({ authMode: 'auto', prefer: 'api_key' }, [found('grant in store', 'doubt', { failedForGood: true })]).winner).toBeNull()
  })
})

function found(name: Name, fact: Fact = 'usable', more: Partial<Named> = {}): Named {
  const [origin, kind] = SOURCES[name]
  return { name, origin, kind, fact, stops: false, failedForGood: false, ...more }
}

function isSource(name: string): name is Name {
  return Object.hasOwn(SOURCES, name)
}

function subsets(): Name[][] {
  return Array.from({ length: 2 ** names.length }, (_, bits) => names.filter((_name, index) => (bits & (1 << index)) !== 0))
}
