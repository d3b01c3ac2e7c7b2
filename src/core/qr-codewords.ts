/** One size of a QR code at error correction level L (ISO/IEC 18004 tables 7 and 9). */
export interface QrVersion {
  /** 1 to 10. */
  readonly number: number
  readonly dataBytes: number
  readonly errorBytesPerBlock: number
  readonly blocks: number
}

const BYTE_MODE = 0b0100
/** They fill what the text leaves over, in turn. */
const PADDING = [0xec, 0x11] as const

/** Total codewords, error correction codewords of a block, blocks. */
const SIZES: readonly (readonly [total: number, errors: number, blocks: number])[] = [
  [26, 7, 1],
  [44, 10, 1],
  [70, 15, 1],
  [100, 20, 1],
  [134, 26, 1],
  [172, 18, 2],
  [196, 20, 2],
  [242, 24, 2],
  [292, 30, 2],
  [346, 18, 4],
]

const VERSIONS: readonly QrVersion[] = SIZES.map(([total, errorBytesPerBlock, blocks], index) => ({
  number: index + 1,
  dataBytes: total - errorBytesPerBlock * blocks,
  errorBytesPerBlock,
  blocks,
}))

/** The smallest version that so many bytes fit into; `undefined` above 271 bytes. */
export function versionFor(length: number): QrVersion | undefined {
  return VERSIONS.find((version) => length + 1 + lengthBytes(version) <= version.dataBytes)
}

/** The codewords of a text in byte mode: data and error correction, interleaved as they are drawn. */
export function codewordsOf(text: Uint8Array, version: QrVersion): Uint8Array {
  const data = dataOf(text, version)
  const shortBlock = Math.floor(version.dataBytes / version.blocks)
  const longBlocks = version.dataBytes % version.blocks
  const starts = Array.from(
    { length: version.blocks + 1 },
    (_, index) => index * shortBlock + Math.max(0, index - (version.blocks - longBlocks)),
  )
  const blocks = starts.slice(0, -1).map((start, index) => data.subarray(start, starts[index + 1]))
  const divisor = divisorOf(version.errorBytesPerBlock)
  const errors = blocks.map((block) => remainderOf(block, divisor))
  return Uint8Array.from([...interleaved(blocks), ...interleaved(errors)])
}

/** Mode, length, text and padding. The mode takes half a byte, so that everything after it is shifted by one. */
function dataOf(text: Uint8Array, version: QrVersion): Uint8Array {
  const length = lengthBytes(version) === 2 ? [text.length >> 8, text.length & 0xff] : [text.length]
  const whole = [...length, ...text, 0]
  const shifted = whole.map((byte, index) => (((whole[index - 1] ?? BYTE_MODE) << 4) | (byte >> 4)) & 0xff)
  const data = Uint8Array.from({ length: version.dataBytes }, (_, index) => PADDING[(index - shifted.length) % 2 === 0 ? 0 : 1])
  data.set(shifted.slice(0, version.dataBytes))
  return data
}

function lengthBytes({ number }: QrVersion): number {
  return number < 10 ? 1 : 2
}

function* interleaved(blocks: readonly Uint8Array[]): Generator<number> {
  const longest = Math.max(...blocks.map(({ length }) => length))
  for (let index = 0; index < longest; index++) for (const block of blocks) if (index < block.length) yield block[index] ?? 0
}

/** The generator polynomial of a Reed-Solomon code over GF(256), its first coefficient, which is 1, left out. */
function divisorOf(degree: number): Uint8Array {
  const divisor = new Uint8Array(degree)
  divisor[degree - 1] = 1
  let root = 1
  for (let factor = 0; factor < degree; factor++) {
    for (let index = 0; index < degree; index++) divisor[index] = product(divisor[index] ?? 0, root) ^ (divisor[index + 1] ?? 0)
    root = product(root, 2)
  }
  return divisor
}

function remainderOf(block: Uint8Array, divisor: Uint8Array): Uint8Array {
  const remainder = new Uint8Array(divisor.length)
  for (const byte of block) {
    const factor = byte ^ (remainder[0] ?? 0)
    remainder.copyWithin(0, 1)
    remainder[remainder.length - 1] = 0
    for (const [index, coefficient] of divisor.entries()) remainder[index] = (remainder[index] ?? 0) ^ product(coefficient, factor)
  }
  return remainder
}

/** Multiplication in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1. */
function product(a: number, b: number): number {
  let result = 0
  for (let bit = 7; bit >= 0; bit--) result = ((result << 1) ^ ((result >> 7) * 0x11d) ^ (((b >> bit) & 1) * a)) & 0xff
  return result
}
