import { visibleLine } from '../../core/visible.ts'

/** The order that people compare a token with a vendor's rule in; every other claim comes after, by name. */
const FIRST = ['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti']
const INSTANTS = ['iat', 'nbf', 'exp', 'auth_time']
const LONGEST_VALUE = 300
const LONGEST_NAME = 100

/** The claims of a token for people: made visible and cut, instants with the time that they are, what is nested as JSON. */
export function shownClaims(token: {
  readonly claims: ReadonlyMap<string, unknown>
}): readonly { readonly name: string; readonly value: string }[] {
  const rest = [...token.claims.keys()].filter((name) => !FIRST.includes(name)).sort()
  return [...FIRST.filter((name) => token.claims.has(name)), ...rest].map((name) => ({
    name: shownName(name),
    value: visibleLine(shownValue(name, token.claims.get(name)), LONGEST_VALUE),
  }))
}

/** A name that would look like another one, or like none, is quoted: what is compared with a rule is the claim of just that name. */
function shownName(name: string): string {
  const plain = visibleLine(name, LONGEST_NAME)
  return plain === name && name !== '' ? name : visibleLine(JSON.stringify(name), LONGEST_NAME)
}

function shownValue(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && INSTANTS.includes(name)) return `${value} (${rfc3339(value)})`
  return JSON.stringify(value)
}

/** An instant in seconds since 1970 as text; a number that no calendar has stays one. */
export function rfc3339(seconds: number): string {
  const date = new Date(seconds * 1_000)
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().replace('.000Z', 'Z')
}

/**
 * Which form the subject of a GitHub Actions token has: `repo:OWNER/NAME:…`, or for repositories created, renamed or moved
 * after 15 July 2026 `repo:OWNER@ID/NAME@ID:…` (GitHub documentation on OpenID Connect, 2026). A rule written for one never
 * matches the other.
 *
 * @returns `null` for a subject of another issuer, or one that the repository has made of other claims
 */
export function subjectFormOf(sub: string): 'github-name' | 'github-id' | null {
  const [, owner, name] = /^repo:([^/:\s]+)\/([^/:\s]+):./.exec(sub) ?? []
  if (owner === undefined || name === undefined) return null
  const ids = [owner, name].filter((each) => /^[^@]+@\d+$/.test(each)).length
  if (ids === 2) return 'github-id'
  return owner.includes('@') || name.includes('@') ? null : 'github-name'
}
