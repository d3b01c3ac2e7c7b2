import { ClawError, type ErrorCode } from '../../core/errors.ts'
import type { TokenAnswer } from './token-endpoint.ts'

/** The server's words that somebody else than the configuration must answer for; every other one is a matter of the client. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['invalid_grant', 'CLAW_GRANT_REJECTED'],
  ['access_denied', 'CLAW_DENIED'],
  ['authorization_denied', 'CLAW_DENIED'],
  ['expired_token', 'CLAW_CODE_EXPIRED'],
  ['temporarily_unavailable', 'CLAW_SERVER'],
  ['server_error', 'CLAW_SERVER'],
])

/**
 * What an answer without a grant means to the caller (the table R-21).
 *
 * @param who whose answer it is, as the beginning of a sentence
 * @param deadCodes errors of the catalogue that mean that the grant is dead, beside `invalid_grant`
 */
export function tokenError(
  answer: Exclude<TokenAnswer, { kind: 'granted' }>,
  who = 'the token endpoint',
  deadCodes: readonly string[] = [],
): ClawError {
  const data = { status: answer.status }
  switch (answer.kind) {
    case 'oauth_error': {
      const code = codeOf(answer, deadCodes)
      return new ClawError(code, {
        what: `${who} answered \`${answer.error}\``,
        why: answer.description ?? `HTTP ${answer.status}`,
        ...(code === 'CLAW_CLIENT_REFUSED' && {
          fix: 'check `client_id`, `scope` and the endpoints of this provider in the configuration',
        }),
        data: { ...data, error: answer.error },
      })
    }
    case 'not_processed':
      return new ClawError(answer.status === 429 ? 'CLAW_RATE_LIMIT' : 'CLAW_OVERLOADED', {
        what: answer.status === 429 ? `${who} limits how often it may be asked` : `${who} did not process the request`,
        why: `HTTP ${answer.status}`,
        data: { ...data, ...(answer.retryAfterMs !== null && { retryAfterMs: answer.retryAfterMs }) },
      })
    case 'server_error':
      return new ClawError('CLAW_SERVER', { what: `${who} failed`, why: answer.shape, data: { ...data, sent: true } })
    case 'refused':
      // Nobody said no in the name of the server: it may never have seen the request, and what was sent is still good.
      return new ClawError('CLAW_PROTOCOL', {
        what: `${who} refused the request without the words of OAuth`,
        why: answer.shape,
        fix: 'check whether a proxy or firewall answers in its place',
        data,
      })
  }
}

function codeOf({ error, isFinal }: Extract<TokenAnswer, { kind: 'oauth_error' }>, deadCodes: readonly string[]): ErrorCode {
  if (isFinal === true || deadCodes.includes(error)) return 'CLAW_GRANT_REJECTED'
  return isFinal === false ? 'CLAW_SERVER' : (CODES.get(error) ?? 'CLAW_CLIENT_REFUSED')
}
