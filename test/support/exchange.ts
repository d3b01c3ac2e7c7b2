import type { ExchangeVerdict } from '../../src/protocols/oauth/exchange-answer.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import type { FederationEntry } from '../../src/providers/entry.ts'

/** How a provider of the catalogue exchanges the token of a workload. */
export function federationOf(id: string): FederationEntry {
  const federation = CATALOGUE.get(id)?.auth.find(({ kind }) => kind === 'workload_identity')?.federation
  if (!federation) throw new Error(id)
  return federation
}

/** A verdict as a whole value: the token as text, an error as its parts. */
export function wholeVerdict(verdict: ExchangeVerdict) {
  if (verdict.kind === 'granted') return { ...verdict, token: verdict.token.reveal() }
  const { code, message: what, why, fix, data } = verdict.error
  return { ...verdict, error: { code, what, ...(why !== undefined && { why }), ...(fix !== undefined && { fix }), data } }
}
