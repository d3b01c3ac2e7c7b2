import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CiEscape } from '../../src/cli/ci-escape.ts'

function escaped(vendor: string, pieces: readonly string[]): string {
  const log = new CiEscape(vendor)
  return pieces.map((piece) => log.push(piece)).join('') + log.end()
}

/** What the runner of GitHub acts on: v2 commands at the start of a trimmed line, v1 commands anywhere. */
function executes(log: string): boolean {
  return log.split(/\r\n|\n|\r/).some((line) => /^\s*::/.test(line) || line.includes('##['))
}

describe('text of a model in the log of a CI system', () => {
  it.each([
    ['github', '::set-output name=a::b', '\\::set-output name=a::b'],
    ['github', 'a\n \t::add-mask::e\nb', 'a\n \t\\::add-mask::e\nb'],
    ['github', '\u00a0::stop-commands::x', '\u00a0\\::stop-commands::x'],
    ['github', 'a\r::error::x', 'a\r\\::error::x'],
    ['github', 'text ##[set-output name=a]b', 'text #\\#[set-output name=a]b'],
    ['github', 'std::vector is fine, > ::quoted too', 'std::vector is fine, > ::quoted too'],
    ['azure', 'x ##vso[task.setvariable]y ##[error]z', 'x #\\#vso[task.setvariable]y #\\#[error]z'],
    ['gitlab', 'section_start:1:a section_end:1:a', 'section_start\\:1:a section_end\\:1:a'],
    ['buildkite', '--- a\n+++ b\n~~~ c\n---- d', '\\--- a\n\\+++ b\n\\~~~ c\n---- d'],
    ['circleci', '::error::x ##vso[y]', '\\::error::x #\\#vso[y]'],
  ])('S-61 S-62 on %s: %j', (vendor, text, expected) => {
    expect(escaped(vendor, [text])).toBe(expected)
  })

  it('S-61 escapes what begins a line after white space that did not, cut in the middle', () => {
    expect(escaped('github', ['a', '\t\n:', ':error::x'])).toBe('a\t\n\\::error::x')
  })

  it('S-61 comes out the same however the text is split, and never executes', () => {
    const word = fc.constantFrom('::', ':', '##[', '#', '[', '\n', '\r', ' ', '\t', 'a', 'add-mask::e', '\u00a0', '\ufeff')
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), fc.array(fc.nat(60), { maxLength: 10 }), (words, cuts) => {
        const text = words.join('')
        const places = [...new Set([0, ...cuts.filter((cut) => cut < text.length), text.length])].sort((a, b) => a - b)
        const pieces = places.slice(1).map((end, n) => text.slice(places[n], end))
        const whole = escaped('github', [text])
        expect(escaped('github', pieces)).toBe(whole)
        expect(executes(whole)).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })
})
