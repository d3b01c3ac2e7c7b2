import { expect, it } from 'vitest'
import { ToolCallAccumulator } from '../../../src/protocols/prompt/tool-call-accumulator.ts'
import { failureOf } from '../../support/failure.ts'

const delta = (index: number | null | undefined, id: string | null | undefined, name: string | null | undefined, given: unknown) => ({
  index,
  id,
  type: 'function',
  function: { name, arguments: given },
})
type Delta = ReturnType<typeof delta>

function accumulated(deltas: readonly unknown[], isCut = false) {
  const calls = new ToolCallAccumulator()
  for (const each of deltas) calls.take(each)
  return calls.finish('acme', isCut).map(({ id, name, arguments: given }) => [id, name, given])
}

it.each<[name: string, deltas: Delta[], calls: unknown[]]>([
  [
    'one call in pieces',
    [delta(0, 'a', 'f', ''), delta(0, undefined, undefined, '{"q"'), delta(0, undefined, undefined, ':1}')],
    [['a', 'f', { q: 1 }]],
  ],
  [
    'one byte at a time',
    [delta(0, 'a', 'f', ''), ...[...'{"q":"é"}'].map((letter) => delta(0, null, null, letter))],
    [['a', 'f', { q: 'é' }]],
  ],
  [
    'two parallel calls, interleaved',
    [delta(0, 'a', 'f', '{'), delta(1, 'b', 'g', '{'), delta(0, null, null, '}'), delta(1, null, null, '"q":1}')],
    [
      ['a', 'f', {}],
      ['b', 'g', { q: 1 }],
    ],
  ],
  ['no arguments', [delta(0, 'a', 'f', undefined)], [['a', 'f', {}]]],
  ['arguments as an object', [delta(0, 'a', 'f', { q: 1 })], [['a', 'f', { q: 1 }]]],
  ['whole in one chunk', [delta(0, 'a', 'f', '{"q":1}')], [['a', 'f', { q: 1 }]]],
  ['the id repeated as an empty text', [delta(0, 'a', 'f', '{'), delta(0, '', '', '}')], [['a', 'f', {}]]],
  ['id and name repeated in full', [delta(0, 'a', 'f', '{'), delta(0, 'a', 'f', '}')], [['a', 'f', {}]]],
  [
    'indexes 1 and 3',
    [delta(1, 'a', 'f', '{}'), delta(3, 'b', 'g', '{'), delta(3, null, null, '}')],
    [
      ['a', 'f', {}],
      ['b', 'g', {}],
    ],
  ],
  [
    'one index for two ids',
    [delta(0, 'a', 'f', '{}'), delta(0, 'b', 'g', '{'), delta(0, null, null, '"q":1}')],
    [
      ['a', 'f', {}],
      ['b', 'g', { q: 1 }],
    ],
  ],
  [
    'no index',
    [delta(undefined, 'a', 'f', '{'), delta(undefined, null, null, '}'), delta(undefined, 'b', 'g', '{}')],
    [
      ['a', 'f', {}],
      ['b', 'g', {}],
    ],
  ],
  ['the id after the name', [delta(0, null, 'f', ''), delta(0, 'a', null, '{}')], [['a', 'f', {}]]],
  [
    'no id at all',
    [delta(0, null, 'f', '{}'), delta(1, null, 'g', '{}')],
    [
      ['call_0', 'f', {}],
      ['call_1', 'g', {}],
    ],
  ],
  ['arguments that look finished too soon', [delta(0, 'a', 'f', '1'), delta(0, null, null, '2')], [['a', 'f', '12']]],
  ['JSON that is no object stays text', [delta(0, 'a', 'f', '"x"')], [['a', 'f', '"x"']]],
])('%s', (_, deltas, calls) => {
  expect(accumulated(deltas)).toEqual(calls)
})

it.each<[name: string, deltas: unknown[], why: string]>([
  ['no name', [delta(0, 'a', '', '{}')], 'it has no name'],
  ['no JSON', [delta(0, 'a', 'f', '{')], 'its arguments are not JSON'],
  ['two texts after one another', [delta(0, 'a', 'f', '{}'), delta(0, 'a', 'f', '{}')], 'its arguments are not JSON'],
  ['something that is no call', ['x'], 'it has no name'],
])('refuses %s', async (_, deltas, why) => {
  expect(await failureOf(() => accumulated(deltas))).toEqual({
    code: 'CLAW_PROTOCOL',
    what: '`acme` sent a tool call that cannot be used',
    why,
    data: {},
  })
})

it.each<[name: string, deltas: Delta[], calls: unknown[]]>([
  ['what is no JSON', [delta(0, 'a', 'f', '{}'), delta(1, 'b', 'g', '{"q')], [['a', 'f', {}]]],
  ['a call that had only begun', [delta(0, 'a', 'f', ''), delta(1, 'b', 'g', '')], [['a', 'f', {}]]],
])('leaves out %s of an answer that was cut', (_, deltas, calls) => {
  expect(accumulated(deltas, true)).toEqual(calls)
})
