import type { World } from '../app/ports.ts'
import { type QrCode, qrCode } from '../core/qr-code.ts'
import { type Paint, plain } from './paint.ts'

/** ISO/IEC 18004 section 6.3.8: what must stay light around a code. */
const QUIET = 4

export interface QrSurface {
  readonly paint: Paint
  readonly columns: number
  /** Whether what is written is read as UTF-8. */
  readonly isUtf8: boolean
}

/**
 * An address as a QR code, two modules above each other in one character; or one line that says why it cannot be drawn.
 * With colours it is black on white, whatever the theme; without them it is drawn for light letters on a dark ground.
 */
export function renderQr(address: string, { paint, columns, isUtf8 }: QrSurface): readonly string[] {
  const no = (why: string) => [`no QR code: ${why}`]
  if (!isUtf8) return no('the locale of this terminal is not UTF-8 (LC_ALL, LC_CTYPE or LANG)')
  const code = qrCode(address)
  if (!code) return no('the address is too long for one')
  const width = code.length + 2 * QUIET
  if (width > columns) return no(`it needs ${width} columns, and this terminal has ${columns}`)
  const isInk = paint === plain ? (x: number, y: number) => !isDark(code, x, y) : (x: number, y: number) => isDark(code, x, y)
  const places = Array.from({ length: width }, (_, index) => index - QUIET)
  const rows = places.filter((_, index) => index % 2 === 0)
  return rows.map((y) => paint('qr', places.map((x) => glyph(isInk(x, y), isInk(x, y + 1))).join('')))
}

/** Whether the locale of the environment is a UTF-8 one; the terminals of Windows need none. */
export function isUtf8Locale({ environment, machine }: Pick<World, 'environment' | 'machine'>): boolean {
  if (machine.platform === 'win32') return true
  const locale = environment.get('LC_ALL') ?? environment.get('LC_CTYPE') ?? environment.get('LANG') ?? ''
  return /utf-?8/i.test(locale)
}

function isDark(code: QrCode, x: number, y: number): boolean {
  return code[y]?.[x] === true
}

function glyph(isUpper: boolean, isLower: boolean): string {
  if (isUpper) return isLower ? '█' : '▀'
  return isLower ? '▄' : ' '
}
