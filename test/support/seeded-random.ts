import { createHash } from 'node:crypto'
import type { Random } from '../../src/platform/random.ts'

/** Values that look random and are the same in every run of one seed. */
export function seededRandom(seed = 'seed'): Random {
  let drawn = 0
  const block = () => createHash('sha256').update(`${seed}:${drawn++}`).digest()
  const bytes = (count: number) => {
    const blocks: Buffer[] = []
    for (let length = 0; length < count; length += 32) blocks.push(block())
    return Buffer.concat(blocks).subarray(0, count)
  }
  return {
    bytes,
    uuid: () =>
      bytes(16)
        .toString('hex')
        .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5'),
    fraction: () => bytes(4).readUInt32BE() / 2 ** 32,
  }
}
