import { ClawError } from '../core/errors.ts'
import type { HttpResponse } from './http.ts'

/** An answer whose body may still be on its way, or was read. */
type Answered = Pick<HttpResponse, 'status' | 'headers'> & Partial<Pick<HttpResponse, 'discard'>>

/**
 * Ends an exchange that was answered with a redirect: following it would hand the credential to another address (RFC 9700
 * section 4.11). Any other answer passes.
 *
 * @throws {ClawError} `CLAW_REDIRECT` naming the origin of the target only.
 */
export function refuseRedirect(response: Answered, url: string): void {
  if (response.status < 300 || response.status > 399) return
  response.discard?.()
  const from = new URL(url).origin
  const location = response.headers.location
  const target = location !== undefined && URL.canParse(location, url) ? new URL(location, url) : undefined
  const to = target === undefined ? 'nowhere' : target.origin === 'null' ? `the scheme \`${target.protocol}\`` : `\`${target.origin}\``
  throw new ClawError('CLAW_REDIRECT', {
    what: `\`${from}\` redirects to ${to}, and claw sends no credential after a redirect`,
    why: `HTTP ${response.status}`,
    fix: 'set the address that it redirects to, if you trust it, in the configuration',
    data: { sent: true, status: response.status, origin: target && target.origin !== 'null' ? target.origin : null },
  })
}
