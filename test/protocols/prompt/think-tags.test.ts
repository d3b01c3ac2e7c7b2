import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ThinkTags } from '../../../src/protocols/prompt/think-tags.ts'

function split(pieces: readonly string[]) {
  const tags = new ThinkTags()
  const found = [...pieces.flatMap((piece) => tags.take(piece)), ...tags.end()]
  const all = (type: string) =>
    found
      .filter((piece) => piece.type === type)
      .map(({ text }) => text)
      .join('')
  return { reasoning: all('reasoning'), text: all('text') }
}

it.each([
  ['<think>why</think>\n\nso', 'why', 'so'],
  ['\n <think>why</think>so', 'why', 'so'],
  ['<think></think>so', '', 'so'],
  ['so <think>not here</think>', '', 'so <think>not here</think>'],
  ['<thinking>no</thinking>', '', '<thinking>no</thinking>'],
  ['<think>never closed </thi', 'never closed </thi', ''],
  ['<think>a < b </think> <think>c</think>', 'a < b ', ' <think>c</think>'],
  ['<thi', '', '<thi'],
  ['  ', '', '  '],
  ['', '', ''],
])('takes %j apart, however it is split', (whole, reasoning, text) => {
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length)), (places) => {
      const ends = [...places, whole.length].sort((a, b) => a - b)
      expect(split(ends.map((end, index) => whole.slice(ends[index - 1] ?? 0, end)))).toEqual({ reasoning, text })
    }),
  )
})

it('gives the reasoning as it comes', () => {
  const tags = new ThinkTags()
  expect([tags.take('<think>one '), tags.take('two <'), tags.take('/think>'), tags.take('\nso')]).toEqual([
    [{ type: 'reasoning', text: 'one ' }],
    [{ type: 'reasoning', text: 'two ' }],
    [],
    [{ type: 'text', text: 'so' }],
  ])
})
