import { randomBytes, randomUUID } from 'node:crypto'

/** Where unpredictable values come from; tests give a seeded one. */
export interface Random {
  bytes(count: number): Buffer
  uuid(): string
  /** A number in [0, 1): for jitter only. */
  fraction(): number
}

export const systemRandom: Random = {
  bytes: randomBytes,
  uuid: randomUUID,
  fraction: () => randomBytes(4).readUInt32BE() / 2 ** 32,
}
