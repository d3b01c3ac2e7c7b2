import type { Place } from './problem.ts'
import { scanToml } from './scan-toml.ts'

export type Locate = (path: readonly (string | number)[]) => Place

/**
 * Finds line and column of keys, both from 1, in a document that a TOML parser has accepted; columns count UTF-16 units, as
 * the parser's own do. A path that is written nowhere leads to what comes nearest:
 * the first key below it, else the table that it would stand in.
 */
export function locateKeys(source: string): Locate {
  let places: Map<string, number> | undefined
  let lineStarts: number[] = []
  const placeAt = (offset: number): Place => {
    let line = 0
    let above = lineStarts.length
    while (above - line > 1) {
      const middle = (line + above) >> 1
      if ((lineStarts[middle] ?? 0) <= offset) line = middle
      else above = middle
    }
    return { line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 }
  }
  return (path) => {
    if (!places) {
      places = placesOf(source)
      lineStarts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)]
    }
    for (let length = path.length; length > 0; length--) {
      const start = places.get(JSON.stringify(path.slice(0, length)))
      if (start !== undefined) return placeAt(start)
    }
    return { line: 1, column: 1 }
  }
}

function placesOf(source: string): Map<string, number> {
  const places = new Map<string, number>()
  const implied = new Map<string, number>()
  for (const { path, start } of scanToml(source)) {
    const id = JSON.stringify(path)
    if (!places.has(id)) places.set(id, start)
    for (let length = path.length - 1; length > 0; length--) {
      const parent = JSON.stringify(path.slice(0, length))
      if (!implied.has(parent)) implied.set(parent, start)
    }
  }
  return new Map([...implied, ...places])
}
