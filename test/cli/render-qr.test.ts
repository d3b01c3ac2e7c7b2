import { describe, expect, it } from 'vitest'
import { plain } from '../../src/cli/paint.ts'
import { isUtf8Locale, renderQr } from '../../src/cli/render-qr.ts'
import { qrCode } from '../../src/core/qr-code.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'
import { readQr } from '../support/qr-reader.ts'

const coloured = (_: string, text: string) => text
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
    const painted = readQr(renderQr(text, surface), 'dark')
    const bare = readQr(renderQr(text, { ...surface, paint: plain }), 'light')
    expect([painted, bare].map((read) => [read?.data, read?.version])).toEqual([
      [text, version],
      [text, version],
    ])
  })

  it.each(['https://www.kimi.com/code/authorize_device?user_code=ABCD-EFGH', 'https://xn--cme-5cd.example/?a=%C3%A9&b=~', 'é – 漢字'])(
    'of %s is read back',
    (text) => {
      expect(readQr(renderQr(text, surface), 'dark')?.data).toBe(text)
    },
  )

  it('is read back though a piece of its data is torn out', () => {
    const lines = renderQr(url(60), surface).map((line, index) =>
      index > 8 && index < 11 ? `${line.slice(0, 18)}  ${line.slice(20)}` : line,
    )
    expect(readQr(lines, 'dark')?.data).toBe(url(60))
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
