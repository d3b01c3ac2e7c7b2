import { visibleLine } from '../../core/visible.ts'
import { fieldsOf, jsonFields } from '../answer.ts'

/** The most of a token that is looked into (S-48). */
const LONGEST_TOKEN = 16 * 1024
const LONGEST_NAME = 128

/**
 * The claims of a JWT (RFC 7519 section 3), for display, expiry and the account header only: no signature is checked, and
 * nothing is decided by them.
 *
 * @returns `undefined` for what is no JWT
 */
export function jwtClaims(token: string): ReadonlyMap<string, unknown> | undefined {
  const payload = token.length > LONGEST_TOKEN ? undefined : /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token)?.[1]
  return payload === undefined ? undefined : jsonFields(Buffer.from(payload, 'base64url').toString('utf8'))
}

/** The expiry that a JWT claims (section 4.1.4), as an instant in ms: a hint, since nobody vouches for it. */
export function jwtExpiry(token: string): number | null {
  const exp = jwtClaims(token)?.get('exp')
  return typeof exp === 'number' && exp > 0 && exp < 1e11 ? Math.floor(exp * 1_000) : null
}

/**
 * How long a JWT that has just been issued claims to live, ms: from its `iat` where it has one, so that a wrong clock here
 * does not matter, else from now.
 *
 * @returns `null` where it claims no end
 */
export function jwtLifetimeMs(token: string, now: number): number | null {
  const end = jwtExpiry(token)
  if (end === null) return null
  const issued = jwtClaims(token)?.get('iat')
  const from = typeof issued === 'number' && issued > 0 && issued * 1_000 <= end ? issued * 1_000 : now
  return Math.max(0, Math.floor(end - from))
}

/**
 * A claim that may be sent in a header, such as an account id: letters, digits, dash and underscore only.
 *
 * @param path the claim's name, and for nested claims the names on the way to it
 */
export function idClaim(claims: ReadonlyMap<string, unknown> | undefined, path: readonly string[]): string | null {
  const value = fieldAt(claims, path)
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(value) ? value : null
}

/** A claim for people, such as an address or a plan: made visible and cut, never to be sent anywhere. */
export function shownClaim(claims: ReadonlyMap<string, unknown> | undefined, path: readonly string[]): string | null {
  const value = fieldAt(claims, path)
  return typeof value === 'string' && value.trim() !== '' ? visibleLine(value, LONGEST_NAME) : null
}

/** A claim that is true or false. */
export function flagClaim(claims: ReadonlyMap<string, unknown> | undefined, path: readonly string[]): boolean | null {
  const value = fieldAt(claims, path)
  return typeof value === 'boolean' ? value : null
}

/** What stands at a path in a parsed document: names of objects, positions in lists. */
export function fieldAt(claims: ReadonlyMap<string, unknown> | undefined, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (Array.isArray(inner) ? itemOf(inner, name) : fieldOf(inner, name)), claims)
}

function itemOf(list: readonly unknown[], index: string): unknown {
  return /^\d{1,4}$/.test(index) ? list[Number(index)] : undefined
}

function fieldOf(value: unknown, name: string): unknown {
  return (value instanceof Map ? value : fieldsOf(value))?.get(name)
}
