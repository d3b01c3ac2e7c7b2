import { describe, expect, it } from 'vitest'
import { lastText, toyAnswer } from '../../src/sandbox/prompt/toy-model.ts'

const text = (...pieces: string[]) => ({ kind: 'text', pieces })

describe('the toy', () => {
  it.each([
    ['hi there', text('hi ', 'there')],
    ['say: one  two', text('one  ', 'two')],
    ['count: 3', text('1 ', '2 ', '3 ')],
    ['count: none', text()],
    ['', text()],
    ['tool: look_up {"q":"x"}', { kind: 'tool', name: 'look_up', arguments: { q: 'x' } }],
    ['tool: ping', { kind: 'tool', name: 'ping', arguments: {} }],
    ['tool: ping {"q":', text('tool: ', 'ping ', '{"q":')],
    ['tool: ping [1]', text('tool: ', 'ping ', '[1]')],
    ['please say: x', text('please ', 'say: ', 'x')],
  ])('answers %j', (prompt, answer) => {
    expect(toyAnswer(prompt)).toEqual(answer)
  })

  it('counts to a million at most', () => {
    const answer = toyAnswer('count: 99999999')
    expect(answer.kind === 'text' && answer.pieces.length).toBe(1_000_000)
  })
})

describe('what the toy reads', () => {
  it.each([
    [
      [
        { role: 'user', content: 'old' },
        { role: 'user', content: 'new' },
      ],
      'new',
    ],
    [
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image', source: {} },
            { type: 'text', text: 'b' },
          ],
        },
      ],
      'ab',
    ],
    [[{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: '42' }] }], '42'],
    [[{ role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: '43' }] }] }], '43'],
    [[{ role: 'tool', tool_call_id: 't', content: '44' }], '44'],
    [[{ role: 'user', content: null }], ''],
    [[], undefined],
    ['no list', undefined],
    [undefined, undefined],
  ])('of %j is %j', (messages, read) => {
    expect(lastText(messages)).toBe(read)
  })
})
