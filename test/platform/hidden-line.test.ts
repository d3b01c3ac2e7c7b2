import { describe, expect, it } from 'vitest'
import { HiddenLine, type Typed } from '../../src/platform/hidden-line.ts'

/** What comes of typing these pieces, one after the other. */
function typing(...pieces: (string | Buffer)[]): Typed {
  const line = new HiddenLine()
  let last: Typed = { kind: 'more' }
  for (const piece of pieces) last = line.feed(Buffer.from(piece))
  return last
}

const whole = (line: string): Typed => ({ kind: 'line', line })

describe('a line that nobody sees', () => {
  it.each<[string, string[], Typed]>([
    ['ends with Enter', ['a-key\r'], whole('a-key')],
    ['ends with a line feed', ['a-key\n'], whole('a-key')],
    ['ends with Ctrl-D', ['a-key\u0004'], whole('a-key')],
    ['may be empty', ['\u0004'], whole('')],
    ['is awaited', ['a-k', 'ey'], { kind: 'more' }],
    ['comes key by key', ['a', '-', 'k', 'e', 'y', '\r'], whole('a-key')],
    ['loses a character to backspace', ['a-keyX\u007f\r'], whole('a-key')],
    ['loses one to the other backspace', ['a-keyX\b\r'], whole('a-key')],
    ['loses nothing where nothing is', ['\u007f\u007fa\r'], whole('a')],
    ['is taken back whole by Ctrl-U', ['wrong\u0015a-key\r'], whole('a-key')],
    ['is taken back by a word by Ctrl-W', ['a-key wrong \u0017\r'], whole('a-key ')],
    ['ends what was typed with Ctrl-C', ['a-key\u0003'], { kind: 'interrupt' }],
    ['knows no arrows', ['a-\u001b[D\u001b[1;5Ckey\u001bOP\r'], whole('a-key')],
    ['knows no arrow that comes in two pieces', ['a-\u001b', '[', 'D', 'key\r'], whole('a-key')],
    ['is what was pasted, without the marks of the terminal', ['\u001b[200~a-key\u001b[201~\r'], whole('a-key')],
    ['knows no other control key', ['a\u0000\u0001-\u001ake\u001cy\u0007\r'], whole('a-key')],
    ['ends at the first line of what was pasted', ['a-key\rmore\r'], whole('a-key')],
  ])('%s', (_, pieces, expected) => {
    expect(typing(...pieces)).toEqual(expected)
  })

  it('keeps a character together whose bytes come apart', () => {
    const bytes = Buffer.from('é')
    expect(typing(bytes.subarray(0, 1), bytes.subarray(1), '\r')).toEqual(whole('é'))
  })

  it('loses a character beyond the basic plane as one', () => {
    expect(typing('a😀\u007f\r')).toEqual(whole('a'))
  })

  it('takes 16 KiB in one piece, and is not fed for ever', () => {
    expect(typing('k'.repeat(16_384), '\r')).toEqual(whole('k'.repeat(16_384)))
    expect(typing('k'.repeat(100_000), '\r')).toEqual(whole('k'.repeat(65_536)))
  })
})
