import { visibleLine } from '../../core/visible.ts'
import type { SandboxWorld } from '../dialect.ts'
import { ALGORITHMS, isSigned } from './algorithms.ts'
import { SANDBOX_SUBJECTS } from './known-ids.ts'
import { serverSeconds } from './server-time.ts'

/** What a vendor wants of the token of a job. */
export interface SubjectRules {
  /** In whose memory a spent token stands. */
  readonly realm: string
  readonly audiences: readonly string[]
  /** Absent = every asymmetric one. */
  readonly algorithms?: readonly string[]
  /** Claims that must be there beside `iss`, `sub`, `aud` and `exp`. */
  readonly claims?: readonly string[]
  /** The longest that may lie between `iat` and `exp`, s; absent = no limit. */
  readonly maxLifeS?: number
  /** A slash at the end of `iss` is nothing. */
  readonly isSlashIgnored?: boolean
  /** Takes each `jti` once. */
  readonly isSingleUse?: boolean
}

/** The true reason of a refusal: the journal has it, whoever asked does not. */
export interface SubjectFault {
  readonly aspect:
    | 'size'
    | 'shape'
    | 'algorithm'
    | 'key'
    | 'issuer'
    | 'signature'
    | 'claims'
    | 'time'
    | 'lifetime'
    | 'audience'
    | 'subject'
    | 'reuse'
  readonly reason: string
}

export interface TakenSubject {
  readonly claims: ReadonlyMap<string, unknown>
  /** How long it is still good, s; less than nothing within the skew. */
  readonly leftS: number
}

/** What is the most at every vendor that says it, bytes. */
const MAX_BYTES = 16_384
/** How far the clocks of issuer and vendor may be apart (Anthropic's reference, Aug 2026). */
const SKEW_S = 30

type Members = ReadonlyMap<string, unknown>

/** Looks at the token of a job as a vendor does, its signature included. */
export function judgeSubject(text: string, rules: SubjectRules, world: SandboxWorld): TakenSubject | SubjectFault {
  if (Buffer.byteLength(text) > MAX_BYTES) return fault('size', `it is longer than ${MAX_BYTES} bytes`)
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/.exec(text)
  const [header, claims] = [membersOf(parts?.[1]), membersOf(parts?.[2])]
  if (!parts || !header || !claims) return fault('shape', 'it is no JWT')
  return (
    judgeSignature(text, header, claims, rules, world) ??
    judgeClaims(claims, rules, world) ??
    judgeTime(claims, rules, serverSeconds(world)) ??
    judgeUse(claims, rules, world) ?? { claims, leftS: Number(claims.get('exp')) - serverSeconds(world) }
  )
}

function judgeSignature(
  text: string,
  header: Members,
  claims: Members,
  rules: SubjectRules,
  { issuer }: SandboxWorld,
): SubjectFault | undefined {
  const algorithm = String(header.get('alg'))
  if (!(rules.algorithms ?? ALGORITHMS).includes(algorithm)) return fault('algorithm', `alg ${visibleLine(algorithm, 16)} is not taken`)
  const kid = header.get('kid')
  if (typeof kid !== 'string') return fault('key', 'kid is missing')
  const written = claims.get('iss')
  const iss = typeof written === 'string' && rules.isSlashIgnored ? written.replace(/\/$/, '') : written
  if (typeof iss !== 'string' || !issuer.knows(iss)) return fault('issuer', 'iss is not that of the rule')
  const key = issuer.findKey(iss, kid)
  if (!key) return fault('key', 'kid is not among the keys of the issuer')
  const dot = text.lastIndexOf('.')
  return isSigned(text.slice(0, dot), text.slice(dot + 1), algorithm, key) ? undefined : fault('signature', 'the signature is wrong')
}

function judgeClaims(claims: Members, rules: SubjectRules, { issuer }: SandboxWorld): SubjectFault | undefined {
  const missing = ['sub', 'aud', 'exp', ...(rules.claims ?? [])].find((name) => !claims.has(name))
  if (missing) return fault('claims', `${missing} is missing`)
  const odd = ['exp', 'iat', 'nbf'].find((name) => claims.has(name) && typeof claims.get(name) !== 'number')
  if (odd) return fault('claims', `${odd} is no number`)
  const [aud] = [claims.get('aud')]
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (![...rules.audiences, ...issuer.namedAudiences].some((audience) => named.includes(audience)))
    return fault('audience', 'aud is not that of the rule')
  const sub = String(claims.get('sub'))
  return SANDBOX_SUBJECTS.some((start) => sub.startsWith(start)) ? undefined : fault('subject', 'sub is not that of the rule')
}

function judgeTime(claims: Members, { maxLifeS }: SubjectRules, now: number): SubjectFault | undefined {
  const [exp, iat, nbf] = ['exp', 'iat', 'nbf'].map((name) => {
    const value = claims.get(name)
    return typeof value === 'number' ? value : undefined
  })
  if (exp !== undefined && now >= exp + SKEW_S) return fault('time', 'it has expired')
  if (nbf !== undefined && now < nbf - SKEW_S) return fault('time', 'it is not yet valid')
  if (iat !== undefined && now < iat - SKEW_S) return fault('time', 'it is from the future')
  if (maxLifeS !== undefined && exp !== undefined && iat !== undefined && exp - iat > maxLifeS)
    return fault('lifetime', `exp - iat is more than ${maxLifeS} s`)
  return undefined
}

/** Last, so that a token that is refused for anything else is not spent. */
function judgeUse(claims: Members, { realm, isSingleUse }: SubjectRules, { exchanges, scenario }: SandboxWorld): SubjectFault | undefined {
  const jti = claims.get('jti')
  if (!(isSingleUse || scenario.takesJtiOnce) || typeof jti !== 'string') return undefined
  return exchanges.spend(realm, String(claims.get('iss')), jti) ? undefined : fault('reuse', 'jti was used before')
}

function fault(aspect: SubjectFault['aspect'], reason: string): SubjectFault {
  return { aspect, reason }
}

function membersOf(part = ''): Members | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}
