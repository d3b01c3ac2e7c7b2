import { ClawError } from '../core/errors.ts'
import type { World } from '../app/ports.ts'

/** Colours a text, or does nothing where the stream has none. */
export type Paint = (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'qr', text: string) => string

const ESCAPE = '\u001b'
const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], qr: ['30;107', '39;49'] } as const

const OWN = new RegExp(`(${ESCAPE}\\[(?:${[...new Set(Object.values(CODES).flat())].join('|')})m)`)

export const plain: Paint = (_, text) => text

const coloured: Paint = (style, text) => `${ESCAPE}[${CODES[style][0]}m${text}${ESCAPE}[${CODES[style][1]}m`

/** Applies `change` to everything but the colours that {@link coloured} wrote. */
export function withPaint(text: string, change: (text: string) => string): string {
  return text
    .split(OWN)
    .map((piece, n) => (n % 2 === 0 ? change(piece) : piece))
    .join('')
}

/** `--color` before NO_COLOR before FORCE_COLOR and CLICOLOR_FORCE before CLICOLOR and TERM before the stream itself. */
export function colourOf(flag: string | undefined, environment: World['environment'], isTTY: boolean): Paint {
  if (flag !== undefined && !['always', 'never', 'auto'].includes(flag)) {
    throw new ClawError('CLAW_USAGE', { what: '`--color` takes `always`, `never` or `auto`' })
  }
  if (flag === 'always') return coloured
  if (flag === 'never' || environment.get('NO_COLOR') !== undefined) return plain
  const isForced = ['FORCE_COLOR', 'CLICOLOR_FORCE'].some((name) => (environment.get(name) ?? '0') !== '0')
  if (isForced) return coloured
  const isOff = environment.get('CLICOLOR') === '0' || environment.get('TERM') === 'dumb'
  return isTTY && !isOff ? coloured : plain
}
