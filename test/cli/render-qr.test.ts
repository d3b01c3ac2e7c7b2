import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { plain } from '../../src/cli/paint.ts'
import { isUtf8Locale, renderQr } from '../../src/cli/render-qr.ts'
import { qrCode } from '../../src/core/qr-code.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'

/** A decoder that nobody here wrote. */
const jsQR: (
  data: Uint8ClampedArray,
  width: number,
  height: number,
  options: object,
) => { readonly data: string; readonly version: number } | null = createRequire(import.meta.url)('jsqr')

const coloured = (_: string, text: string) => text
/** What a camera sees of drawn lines: every half of a character is a square of four by four pixels. */
function seen(lines: readonly string[], isInkDark: boolean) {
  const scale = 4
  const cells = lines.flatMap((line) => [...'▀▄'].map((half) => [...line].map((glyph) => (glyph === '█' || glyph === half) === isInkDark)))
  const [width, height] = [(cells[0]?.length ?? 0) * scale, cells.length * scale]
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (cells[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3)
  return jsQR(pixels, width, height, { inversionAttempts: 'dontInvert' })
}
const surface = { paint: coloured, columns: 80, isUtf8: true }
const url = (length: number) => `https://auth.example/device?user_code=${'W'.repeat(length)}`.slice(0, length)

describe('a QR code', () => {
  // The longest text of each version, and one character more.
  it.each([
    [1, 1],
    [17, 1],
    [18, 2],
    [32, 2],
    [33, 3],
    [53, 3],
    [54, 4],
    [78, 4],
    [79, 5],
    [106, 5],
    [107, 6],
    [134, 6],
    [135, 7],
    [154, 7],
    [155, 8],
    [192, 8],
    [193, 9],
    [230, 9],
    [231, 10],
    [271, 10],
  ])('of %i characters has version %i, and a decoder reads it back, with colours and without', (length, version) => {
    const text = url(length).padEnd(length, 'x')
    const painted = seen(renderQr(text, surface), true)
    const bare = seen(renderQr(text, { ...surface, paint: plain }), false)
    expect([painted, bare].map((read) => [read?.data, read?.version])).toEqual([
      [text, version],
      [text, version],
    ])
  })

  it.each(['https://www.kimi.com/code/authorize_device?user_code=ABCD-EFGH', 'https://xn--cme-5cd.example/?a=%C3%A9&b=~', 'é – 漢字'])(
    'of %s is read back',
    (text) => {
      expect(seen(renderQr(text, surface), true)?.data).toBe(text)
    },
  )

  it('is read back though a piece of its data is torn out', () => {
    const lines = renderQr(url(60), surface).map((line, index) =>
      index > 8 && index < 11 ? `${line.slice(0, 18)}  ${line.slice(20)}` : line,
    )
    expect(seen(lines, true)?.data).toBe(url(60))
  })

  it('is not made of what is too long', () => {
    expect(qrCode('x'.repeat(272))).toBeUndefined()
    expect(renderQr('x'.repeat(272), surface)).toEqual(['no QR code: the address is too long for one'])
  })

  it('says that it cannot be drawn on a terminal that is too narrow, or not in UTF-8', () => {
    expect(renderQr(url(60), { ...surface, columns: 40 })).toEqual(['no QR code: it needs 41 columns, and this terminal has 40'])
    expect(renderQr(url(60), { ...surface, isUtf8: false })).toEqual([
      'no QR code: the locale of this terminal is not UTF-8 (LC_ALL, LC_CTYPE or LANG)',
    ])
  })

  it.each<[Record<string, string>, boolean]>([
    [{}, false],
    [{ LANG: 'C' }, false],
    [{ LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, false],
    [{ LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, true],
  ])('takes the locale %j for UTF-8: %s', (variables, isUtf8) => {
    expect(isUtf8Locale({ environment: environmentOf(variables), machine: { ...systemMachine({}), platform: 'linux' } })).toBe(isUtf8)
  })
})
