import type { ServedRequest } from '../platform/served-request.ts'
import type { SandboxWorld } from './dialect.ts'

/** A credential that is taken: where it comes, and what it looks like. */
export interface TakenCredential {
  /** In lower case. */
  readonly header: string
  /** The word before it, as in `Bearer`; `null` = none. */
  readonly scheme: string | null
  /** Keys begin with one of them and the word `sandbox`. */
  readonly prefixes: readonly string[]
  /** Whether the access tokens of the sandbox are taken here too. */
  readonly isToken: boolean
  /** Whose tokens of exchanges are taken; absent = nobody's. */
  readonly realm?: string
}

export interface SentCredential {
  readonly header: string
  readonly scheme: string | null
  readonly value: string
}

const HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

/** The credential of a request, by the one header it came in. */
export function credentialOf({ headers }: ServedRequest): SentCredential | 'none' | 'both' {
  const [header, ...others] = HEADERS.filter((name) => headers[name] !== undefined)
  if (header === undefined) return 'none'
  if (others.length > 0) return 'both'
  const text = headers[header] ?? ''
  const [, scheme = null, value = text] = (header === 'authorization' && /^(\S+) (\S+)$/.exec(text)) || []
  return { header, scheme, value }
}

/** Whether it is a key of the sandbox, or an access token that the sandbox gave out for this place and that is still good. */
export function isTaken(sent: SentCredential, credentials: readonly TakenCredential[], world: SandboxWorld): boolean {
  // A token that was given out is as good as it is, even if it looks like a key.
  const token = world.authorization.tokens.find(sent.value)
  if (token?.isGood === false) return false
  return credentials.some(
    ({ header, scheme, prefixes, isToken, realm }) =>
      header === sent.header &&
      scheme?.toLowerCase() === sent.scheme?.toLowerCase() &&
      (token && token.realm !== null
        ? token.realm === realm
        : prefixes.some((prefix) => sent.value.startsWith(`${prefix}sandbox`)) || (isToken && token !== undefined)),
  )
}
