import { visibleLine } from '../../core/visible.ts'
import { jsonFields } from '../answer.ts'
import { rfc3339 } from './subject-claims.ts'

/** What a vendor writes of the tokens that it takes. */
export interface SubjectRules {
  readonly assertionMaxBytes: number
  readonly subjectRequiredClaims: readonly string[]
  readonly subjectRequiredHeader?: readonly string[] | undefined
  /** Algorithms of a signature; empty = the vendor states none. */
  readonly subjectAlgs: readonly string[]
  /** Longest `exp - iat`, seconds; 0 = no limit is stated. */
  readonly subjectMaxLifeS: number
}

/** A decoded JWT. Nobody vouches for it: the vendor checks the signature, claw shows it and says what it will refuse. */
export interface SubjectToken {
  readonly header: ReadonlyMap<string, unknown>
  readonly claims: ReadonlyMap<string, unknown>
}

export type SubjectAspect = 'size' | 'shape' | 'signature' | 'algorithm' | 'header' | 'claims' | 'time' | 'lifetime' | 'audience'

export interface SubjectFinding {
  readonly aspect: SubjectAspect
  /** It would be refused by what the vendor writes: it is not sent. */
  readonly isFatal: boolean
  /** Never anything of the token but header names, an algorithm, audiences and times. */
  readonly what: string
  readonly fix: string
}

/** How far two clocks may be apart (Anthropic's reference on workload identity, 2026). */
const SKEW_MS = 30_000
const LONGEST = 16 * 1024
/** Deeper ones are made to break whoever writes them out. */
const DEEPEST = 32
const MANY = 3
const NEW_TOKEN = 'get a new identity token where this one came from'

/**
 * Decodes a JWT in compact form (RFC 7515 section 7.1). No signature is checked.
 *
 * @param longest what is not looked into, characters
 * @returns `undefined` for what is no such token
 */
export function readSubjectToken(text: string, longest = LONGEST): SubjectToken | undefined {
  const [, header = '', payload = ''] = (text.length > longest ? null : /^([\w-]+)\.([\w-]+)\.[\w-]*$/.exec(text)) ?? []
  const [first, second] = [header, payload].map((part) =>
    // One letter of four says less than a byte.
    part === '' || part.length % 4 === 1 ? undefined : jsonFields(Buffer.from(part, 'base64url').toString('utf8')),
  )
  const isWritable = [...(first?.values() ?? []), ...(second?.values() ?? [])].every((value) => isWithin(value, DEEPEST))
  return first && second && isWritable ? { header: first, claims: second } : undefined
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((inner) => isWithin(inner, depth - 1))
}

/**
 * Says what is wrong with a subject token before it is sent (RFC 7519, RFC 7523 section 3, and the vendor's own rules).
 *
 * @param at `now` in ms, by whichever clock the token is judged; `audience` = what the vendor wants, `null` = unknown
 */
export function judgeSubject(
  text: string,
  rules: SubjectRules,
  at: { readonly now: number; readonly audience: string | null },
): readonly SubjectFinding[] {
  const bytes = Buffer.byteLength(text)
  if (bytes > rules.assertionMaxBytes)
    return [
      fatal('size', `the identity token has ${bytes} bytes, and at most ${rules.assertionMaxBytes} are taken`, 'leave claims out of it'),
    ]
  const token = readSubjectToken(text, rules.assertionMaxBytes)
  if (!token)
    return [
      fatal(
        'shape',
        `the identity token is no JWT (three parts in base64url, the first two JSON objects)${likeness(text)}`,
        'check where it comes from',
      ),
    ]
  return [
    ...algorithmFindings(text, token, rules),
    ...headerFindings(token, rules),
    ...claimFindings(token, rules),
    ...timeFindings(token, at.now),
    ...lifetimeFindings(token, rules),
    ...audienceFindings(token, at.audience),
  ]
}

/** What somebody has put there in its place; nothing of a token is ever said. */
function likeness(text: string): string {
  if (/^["']/.test(text)) return ': it begins with a quotation mark'
  if (/^bearer\s/i.test(text)) return ': it begins with `Bearer`'
  if (text.startsWith('{')) return ': it is JSON, and the token a field of it'
  if (/^\$\{?\w+\}?$/.test(text)) return ': it is the name of a variable that nobody has filled in'
  return /^\//.test(text) ? ': it is a path, written `file:/path`' : ''
}

function algorithmFindings(text: string, { header }: SubjectToken, { subjectAlgs }: SubjectRules): SubjectFinding[] {
  const alg = header.get('alg')
  const fix = subjectAlgs.length > 0 ? `have it signed with one of ${subjectAlgs.join(', ')}` : 'have it signed with RS256 or ES256'
  if (typeof alg !== 'string' || alg === '') return [fatal('algorithm', 'the identity token names no algorithm of its signature', fix)]
  if (/^none$/i.test(alg)) return [fatal('algorithm', 'the identity token is not signed (`alg: none`)', fix)]
  const named = `\`${visibleLine(alg, 40)}\``
  if (/^hs\d/i.test(alg)) return [fatal('algorithm', `the identity token is signed with a shared secret (${named})`, fix)]
  if (text.endsWith('.')) return [fatal('signature', 'the identity token has no signature', NEW_TOKEN)]
  if (subjectAlgs.length > 0 && !subjectAlgs.includes(alg))
    return [fatal('algorithm', `the identity token is signed with ${named}, which is not taken`, fix)]
  return []
}

function headerFindings({ header }: SubjectToken, { subjectRequiredHeader = [] }: SubjectRules): SubjectFinding[] {
  const missing = subjectRequiredHeader.filter((name) => name !== 'alg' && isAbsent(header.get(name)))
  return missing.length === 0
    ? []
    : [fatal('header', `the header of the identity token has no ${list(missing)}`, 'use an issuer that names the key of each token')]
}

/** RFC 7519 section 2: an instant is a number. */
const INSTANTS = ['exp', 'nbf', 'iat'] as const

function claimFindings({ claims }: SubjectToken, { subjectRequiredClaims }: SubjectRules): SubjectFinding[] {
  const missing = subjectRequiredClaims.filter((name) => isAbsent(claims.get(name)))
  const wrong = INSTANTS.filter((name) => !isAbsent(claims.get(name)) && typeof claims.get(name) !== 'number')
  return [
    ...(missing.length === 0 ? [] : [fatal('claims', `the identity token has no ${list(missing)}`, 'have the issuer put it in')]),
    ...(wrong.length === 0
      ? []
      : [fatal('claims', `${list(wrong)} of the identity token is no number`, 'have the issuer write seconds since 1970')]),
  ]
}

function timeFindings({ claims }: SubjectToken, now: number): SubjectFinding[] {
  const exp = instantOf(claims, 'exp')
  const early = INSTANTS.filter((name) => name !== 'exp' && instantOf(claims, name) * 1_000 - SKEW_MS > now)
  return [
    ...(exp * 1_000 + SKEW_MS <= now ? [fatal('time', `the identity token expired at ${rfc3339(exp)}`, NEW_TOKEN)] : []),
    ...early
      .slice(0, 1)
      .map((name) =>
        fatal(
          'time',
          `the identity token is not valid before ${rfc3339(instantOf(claims, name))}`,
          'set the clock of this machine, or wait',
        ),
      ),
  ]
}

function lifetimeFindings({ claims }: SubjectToken, { subjectMaxLifeS }: SubjectRules): SubjectFinding[] {
  const lifeS = instantOf(claims, 'exp') - instantOf(claims, 'iat')
  if (subjectMaxLifeS === 0 || !(lifeS > subjectMaxLifeS)) return []
  const what = `the identity token lives ${Math.floor(lifeS)} s, and ${subjectMaxLifeS} s are the most by custom`
  return [
    { aspect: 'lifetime', isFatal: false, what, fix: "shorten it at the issuer, or raise the maximum in the vendor's settings of it" },
  ]
}

function audienceFindings({ claims }: SubjectToken, audience: string | null): SubjectFinding[] {
  const written = claims.get('aud')
  const held = (Array.isArray(written) ? written : [written]).filter((each): each is string => typeof each === 'string')
  if (audience === null || audience === '' || held.includes(audience)) return []
  const shown = held.slice(0, MANY).map((each) => `\`${visibleLine(each, 120)}\``)
  const more = held.length > MANY ? ` and ${held.length - MANY} more` : ''
  const wanted = `\`${visibleLine(audience, 120)}\``
  const what = held.length === 0 ? 'the identity token is for no audience' : `the identity token is for ${shown.join(', ')}${more}`
  return [
    {
      aspect: 'audience',
      isFatal: false,
      what: `${what}, not for ${wanted}`,
      fix: `ask for it with the audience ${wanted}, or have the vendor's rule name the other`,
    },
  ]
}

/** NaN where it is not said, which no comparison holds of. */
function instantOf(claims: ReadonlyMap<string, unknown>, name: string): number {
  const value = claims.get(name)
  return typeof value === 'number' ? value : Number.NaN
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

function fatal(aspect: SubjectAspect, what: string, fix: string): SubjectFinding {
  return { aspect, isFatal: true, what, fix }
}
