import { ClawError } from '../../core/errors.ts'
import type { Answer } from '../../protocols/answer.ts'
import { judgeStatusAnswer } from '../../protocols/oauth/minimax-answer.ts'
import { judgeTokenAnswer, type TokenAnswer, type TokenGrant } from '../../protocols/oauth/token-endpoint.ts'
import { tokenError } from '../../protocols/oauth/token-error.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { keptFields } from '../sign-in/grant-terms.ts'
import type { WireAnswer } from './refresh-ports.ts'
import { statusRulesOf } from '../credential/status-rules.ts'

export type RefreshVerdict = Exclude<WireAnswer, { kind: 'granted' }> | { readonly kind: 'granted'; readonly grant: TokenGrant }

/**
 * What an answer to a refresh means for the grant, by the fields of its entry. Only the provider's own words end it (law 6):
 * a status, a page of a firewall and an error of another meaning leave it as it is.
 *
 * @param url of the token endpoint, for the words
 * @param now the clock here, ms, for a server that does not tell its own
 * @throws {ClawError} `CLAW_PROTOCOL` for a success that brings no token: it may have been processed.
 */
export function judgeRefresh(auth: AuthEntry, answer: Answer, url: string, now: number): RefreshVerdict {
  const deadCodes = auth.deadRefreshCodes ?? []
  const judged = read(auth, answer, now, deadCodes)
  if (judged.kind === 'granted') return judged
  const who = `the token endpoint of \`${new URL(url).host}\``
  if (judged.kind === 'pending')
    throw new ClawError('CLAW_PROTOCOL', { what: `${who} answered a refresh as one that waits for somebody`, data: { sent: true } })
  const error = tokenError(judged, who, deadCodes)
  if (error.code === 'CLAW_GRANT_REJECTED') return { kind: 'rejected', reason: [error.message, error.why].filter(Boolean).join(': ') }
  if (judged.kind === 'not_processed') return { kind: 'not_processed', error, retryAfterMs: judged.retryAfterMs }
  return { kind: judged.kind === 'server_error' ? 'lost' : 'refused', error }
}

function read(auth: AuthEntry, answer: Answer, now: number, words: readonly string[]): TokenAnswer | { readonly kind: 'pending' } {
  const rules = statusRulesOf(auth)
  if (!rules) return judgeTokenAnswer(answer, now, keptFields(auth), words)
  return judgeStatusAnswer(answer, rules, now, keptFields(auth))
}
