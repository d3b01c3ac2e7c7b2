import { createHash } from 'node:crypto'
import { Secret } from '../../core/secret.ts'

/** RFC 7636 section 4.1: 32 octets make a verifier of 43 characters. */
const VERIFIER_BYTES = 32

/** A code verifier and the challenge that is shown in its place; `S256` is the only method. */
export interface PkcePair {
  readonly verifier: Secret
  readonly challenge: string
}

/**
 * Makes a new pair (RFC 7636 sections 4.1 and 4.2, S-35).
 *
 * @param random where unpredictable bytes come from
 */
export function newPkcePair(random: { bytes(count: number): Buffer }): PkcePair {
  const verifier = random.bytes(VERIFIER_BYTES).toString('base64url')
  return { verifier: new Secret(verifier, 'verifier'), challenge: challengeOf(verifier) }
}

/** `S256` (RFC 7636 section 4.2). */
function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
