import { ClawError } from '../../core/errors.ts'
import { isLiteralLoopback } from '../../platform/secure-url.ts'
import type { Random } from '../../platform/random.ts'
import type { AuthEntry } from '../../providers/entry.ts'

/** Where a callback may be listened for. */
export interface CallbackPlace {
  /** 0 = any free one. */
  readonly port: number
  /** The browser is sent to a name, which may mean either family (S-37). */
  readonly isDualStack: boolean
  /** The redirect URI, once the port is known. */
  redirectUri(port: number): string
}

/** RFC 8252 section 7.3: a server takes any port of a loopback redirect, unless its entry says otherwise. */
const ANY_PORT = 'http://127.0.0.1:{port}/callback'

/**
 * Where the callback of an entry may be, in order: the ports that the provider has registered, or the one it prefers and
 * then any. `{uuid}` becomes a part that nobody can guess, the same at every place.
 *
 * @returns none where the redirect does not lead to this machine
 */
export function callbackPlaces(auth: AuthEntry, random: Pick<Random, 'uuid'>): CallbackPlace[] {
  const id = random.uuid()
  return templatesOf(auth).flatMap((template) => {
    const text = template.replaceAll('{uuid}', id)
    const url = parsed(text.replace('{port}', '1'), auth)
    const isHere = url.protocol === 'http:' && (url.hostname === 'localhost' || isLiteralLoopback(url.hostname))
    if (!isHere) return []
    // Written without a port, it is the server that takes any (RFC 8252 section 7.3).
    const isAny = text.includes('{port}') || url.port === ''
    const ports = isAny ? (auth.preferredPort === undefined ? [0] : [auth.preferredPort, 0]) : [Number(url.port)]
    return ports.map((port) => ({
      port,
      isDualStack: url.hostname !== '127.0.0.1',
      redirectUri: (bound: number) => withPort(text, url, bound),
    }))
  })
}

/** The redirect URI of a sign-in that is finished by a paste; `null` where the page shows the code when there is none. */
export function pasteRedirectUri(auth: AuthEntry, random: Pick<Random, 'uuid'>): string | null {
  if (auth.pasteOmits !== undefined) return null
  if (auth.pasteRedirectUri !== undefined) return auth.pasteRedirectUri
  const [place] = callbackPlaces(auth, random)
  if (!place) return templatesOf(auth)[0] ?? null
  return place.redirectUri(place.port === 0 ? (auth.preferredPort ?? 53_692) : place.port)
}

function templatesOf({ redirectUris, redirectUri }: AuthEntry): readonly string[] {
  return redirectUri === undefined ? (redirectUris ?? [ANY_PORT]) : [redirectUri]
}

function withPort(text: string, url: URL, port: number): string {
  if (text.includes('{port}')) return text.replace('{port}', String(port))
  return url.port === '' ? text.replace(`//${url.hostname}`, `//${url.hostname}:${port}`) : text
}

function parsed(text: string, { id }: AuthEntry): URL {
  if (URL.canParse(text)) return new URL(text)
  throw new ClawError('CLAW_CONFIG_INVALID', { what: `the redirect URI of the method \`${id}\` is no address`, fix: 'set `redirect_uri`' })
}
