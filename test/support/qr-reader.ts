import { createRequire } from 'node:module'

/** A decoder that nobody here wrote. */
const jsQR: (
  data: Uint8ClampedArray,
  width: number,
  height: number,
  options: object,
) => { readonly data: string; readonly version: number } | null = createRequire(import.meta.url)('jsqr')

const SCALE = 4

/** What a camera reads of drawn lines: every half of a character is a square of four by four pixels. */
export function readQr(lines: readonly string[], ink: 'dark' | 'light') {
  const cells = lines.flatMap((line) =>
    ['▀', '▄'].map((half) => [...line].map((glyph) => (glyph === '█' || glyph === half) === (ink === 'dark'))),
  )
  const [width, height] = [(cells[0]?.length ?? 0) * SCALE, cells.length * SCALE]
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (cells[Math.floor(y / SCALE)]?.[Math.floor(x / SCALE)] === true) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3)
  return jsQR(pixels, width, height, { inversionAttempts: 'dontInvert' })
}
