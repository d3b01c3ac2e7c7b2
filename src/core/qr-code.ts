import { codewordsOf, versionFor } from './qr-codewords.ts'
import { drawFormat, frameOf, type QrFrame } from './qr-frame.ts'

/** Modules by row, dark where true; without the quiet zone of four modules that belongs around them. */
export type QrCode = readonly (readonly boolean[])[]

/** Which modules of the data a mask turns over (ISO/IEC 18004 table 10). */
const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** A QR code of a text in byte mode, level L, versions 1 to 10; `undefined` for one of more than 271 bytes. */
export function qrCode(text: string): QrCode | undefined {
  const bytes = new TextEncoder().encode(text)
  const version = versionFor(bytes.length)
  if (!version) return undefined
  const frame = frameOf(version.number)
  drawData(frame, codewordsOf(bytes, version))
  const penalties = MASKS.map((_, mask) => {
    applyMask(frame, mask)
    const penalty = penaltyOf(rowsOf(frame))
    applyMask(frame, mask)
    return penalty
  })
  applyMask(frame, penalties.indexOf(Math.min(...penalties)))
  return rowsOf(frame)
}

/** In columns of two from the right, up and down in turn, around the patterns (section 7.7.3). */
function drawData(frame: QrFrame, codewords: Uint8Array): void {
  const { size } = frame
  let bit = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    // The vertical timing pattern takes a whole column.
    if (right === 6) right = 5
    const isUpward = ((right + 1) & 2) === 0
    for (let step = 0; step < size; step++) {
      const y = isUpward ? size - 1 - step : step
      for (const x of [right, right - 1]) {
        if (frame.isTaken(x, y)) continue
        frame.set(x, y, (((codewords[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1)
        bit++
      }
    }
  }
}

/** Turns the data over by a mask and says so in the format. The same mask again turns it back. */
function applyMask(frame: QrFrame, mask: number): void {
  for (let y = 0; y < frame.size; y++)
    for (let x = 0; x < frame.size; x++) if (!frame.isTaken(x, y) && MASKS[mask]?.(x, y) === true) frame.set(x, y, !frame.isDark(x, y))
  drawFormat(frame, mask)
}

function rowsOf(frame: QrFrame): boolean[][] {
  return Array.from({ length: frame.size }, (_, y) => Array.from({ length: frame.size }, (__, x) => frame.isDark(x, y)))
}

/** How hard a code is to read (section 7.8.3): long runs, blocks, what looks like a finder, and imbalance. */
function penaltyOf(rows: readonly (readonly boolean[])[]): number {
  const columns = rows.map((_, x) => rows.map((row) => row[x] === true))
  const lines = [...rows, ...columns].map((line) => line.map((isDark) => (isDark ? '1' : '0')).join(''))
  const runs = lines.flatMap((line) => line.match(/0{5,}|1{5,}/g) ?? []).map((run) => run.length - 2)
  const finders = lines.flatMap((line) => line.match(/(?=00001011101|10111010000)/g) ?? []).map(() => 40)
  const blocks = rows.flatMap((row, y) =>
    row.map((isDark, x) => {
      const isBlock = [rows[y]?.[x + 1], rows[y + 1]?.[x], rows[y + 1]?.[x + 1]].every((other) => other === isDark)
      return isBlock ? 3 : 0
    }),
  )
  const cells = rows.flat()
  const imbalance = Math.floor(Math.abs((cells.filter(Boolean).length * 20) / cells.length - 10)) * 10
  return [...runs, ...finders, ...blocks].reduce((sum, points) => sum + points, imbalance)
}
