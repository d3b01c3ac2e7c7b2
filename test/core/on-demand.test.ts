import { describe, expect, it } from 'vitest'
import { OnDemand } from '../../src/core/on-demand.ts'

describe('a map whose values are made on demand', () => {
  it('makes a value when it is asked for, once, and no other', () => {
    const made: string[] = []
    const map = new OnDemand(['b', 'a', 'c'], (key) => {
      made.push(key)
      return key.toUpperCase()
    })
    expect([map.size, map.has('a'), map.has('x'), [...map.keys()]]).toEqual([3, true, false, ['b', 'a', 'c']])
    expect(made).toEqual([])
    expect([map.get('a'), map.get('a'), map.get('x')]).toEqual(['A', 'A', undefined])
    expect(made).toEqual(['a'])
  })

  it('goes through all of them in the order of its keys', () => {
    const map = new OnDemand(['b', 'a'], (key) => key.toUpperCase())
    map.get('a')
    const seen: string[] = []
    map.forEach((value, key) => {
      seen.push(`${key}${value}`)
    })
    expect([[...map], [...map.values()], seen]).toEqual([
      [
        ['b', 'B'],
        ['a', 'A'],
      ],
      ['B', 'A'],
      ['bB', 'aA'],
    ])
  })
})
