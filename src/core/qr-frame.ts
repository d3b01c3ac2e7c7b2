/** A square of modules, dark where it is set. `isTaken` marks those that carry no data. */
export class QrFrame {
  readonly size: number
  readonly #dark: Uint8Array
  readonly #taken: Uint8Array

  constructor(size: number) {
    this.size = size
    this.#dark = new Uint8Array(size * size)
    this.#taken = new Uint8Array(size * size)
  }

  isDark(x: number, y: number): boolean {
    return this.#dark[y * this.size + x] === 1
  }

  isTaken(x: number, y: number): boolean {
    return this.#taken[y * this.size + x] === 1
  }

  set(x: number, y: number, isDark: boolean): void {
    this.#dark[y * this.size + x] = isDark ? 1 : 0
  }

  /** Sets a module of a pattern. */
  take(x: number, y: number, isDark: boolean): void {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return
    this.set(x, y, isDark)
    this.#taken[y * this.size + x] = 1
  }
}

/** Where alignment patterns stand, by version (ISO/IEC 18004 annex E). */
const ALIGNMENTS: readonly (readonly number[])[] = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
]
const FIRST_WITH_VERSION = 7
/** Level L, as the format says it. */
const LEVEL_L = 0b01

/** The patterns of a version, with the room for the format left out of the data. */
export function frameOf(version: number): QrFrame {
  const frame = new QrFrame(17 + 4 * version)
  const end = frame.size - 1
  for (let at = 0; at < frame.size; at++) {
    frame.take(6, at, at % 2 === 0)
    frame.take(at, 6, at % 2 === 0)
  }
  for (const [x, y] of [
    [3, 3],
    [end - 3, 3],
    [3, end - 3],
  ] as const)
    square(frame, x, y, 4, (ring) => ring !== 2 && ring !== 4)
  const positions = ALIGNMENTS[version - 1] ?? []
  for (const x of positions)
    for (const y of positions) {
      const isAtFinder = (x === 6 && y === 6) || (x === 6 && y === end - 6) || (x === end - 6 && y === 6)
      if (!isAtFinder) square(frame, x, y, 2, (ring) => ring !== 1)
    }
  drawVersion(frame, version)
  drawFormat(frame, 0)
  return frame
}

/** The format: level and mask, twice, protected by a BCH code (section 7.9). */
export function drawFormat(frame: QrFrame, mask: number): void {
  const format = (LEVEL_L << 3) | mask
  const bits = ((format << 10) | checkOf(format, 10, 0x537)) ^ 0x5412
  const end = frame.size - 1
  for (let index = 0; index < 15; index++) {
    const isDark = ((bits >> index) & 1) === 1
    const near = index < 6 ? index : index < 8 ? index + 1 : 14 - index
    if (index < 8) frame.take(8, near, isDark)
    else frame.take(index === 8 ? 7 : near, 8, isDark)
    if (index < 8) frame.take(end - index, 8, isDark)
    else frame.take(8, end - 14 + index, isDark)
  }
  frame.take(8, end - 7, true)
}

/** The version, twice, from version 7 on (section 7.10). */
function drawVersion(frame: QrFrame, version: number): void {
  if (version < FIRST_WITH_VERSION) return
  const bits = (version << 12) | checkOf(version, 12, 0x1f25)
  for (let index = 0; index < 18; index++) {
    const [far, near] = [frame.size - 11 + (index % 3), Math.floor(index / 3)]
    const isDark = ((bits >> index) & 1) === 1
    frame.take(far, near, isDark)
    frame.take(near, far, isDark)
  }
}

function square(frame: QrFrame, x: number, y: number, radius: number, isDark: (ring: number) => boolean): void {
  for (let dy = -radius; dy <= radius; dy++)
    for (let dx = -radius; dx <= radius; dx++) frame.take(x + dx, y + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))))
}

/** The check bits of a BCH code. */
function checkOf(value: number, bits: number, generator: number): number {
  let remainder = value
  for (let bit = 0; bit < bits; bit++) remainder = (remainder << 1) ^ ((remainder >> (bits - 1)) * generator)
  return remainder
}
