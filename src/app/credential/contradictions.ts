import type { Candidate } from './candidates.ts'

/** The variables of a region are for that region: they contradict only each other. */
export function contradictions(winner: Candidate, candidates: readonly Candidate[]): string[] {
  const { origin, auth, region, secret } = winner
  if (origin !== 'environment' || !secret) return []
  return candidates
    .filter((other) => other.origin === origin && other.auth.id === auth.id && other.route === winner.route && other.region === region)
    .filter((other) => other.fact === 'usable' && other.secret?.equals(secret) === false)
    .map(({ source }) => source)
}
