import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Scenario } from '../scenarios.ts'
import type { SubjectAlgorithm } from './algorithms.ts'
import { jobClaims } from './job-claims.ts'
import { SANDBOX_AUDIENCES } from './known-ids.ts'
import { serverSeconds } from './server-time.ts'
import { SigningKeys } from './signing-keys.ts'

/** Below which the sandbox is the issuer of GitHub Actions. */
export const JOB_ISSUER_PATH = '/token.actions.githubusercontent.com'

/** A token of a job as it is wanted; what is not said is as in a job that every rule of the sandbox takes. */
export interface SubjectOptions {
  /** Absent = the audiences of all vendors. */
  readonly audience?: string | readonly string[]
  /** In the place of the usual ones, or beside them; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The same for the header. */
  readonly header?: Readonly<Record<string, unknown>>
  readonly lifetimeS?: number
  /** Absent = RS256. */
  readonly alg?: SubjectAlgorithm
}

export interface IssuerWorld {
  readonly clock: Pick<Clock, 'wall'>
  readonly random: Random
  readonly scenario: Scenario
  /** Where the sandbox serves, once it does. */
  origin(): string
}

/** Who gives jobs their tokens, and whose signatures vendors look for: that of the sandbox, and those that a test brings. */
export class Issuer {
  readonly keys = new SigningKeys()
  readonly #world: IssuerWorld
  readonly #trusted = new Map<string, readonly JsonWebKey[]>()
  readonly #given = new Map<string, string>()
  readonly #audiences: string[] = []
  #requestToken: string | undefined

  constructor(world: IssuerWorld) {
    this.#world = world
  }

  /** The `iss` of its tokens. */
  get url(): string {
    return `${this.#world.origin()}${JOB_ISSUER_PATH}`
  }

  /** The bearer that the token request endpoint wants. */
  get requestToken(): string {
    this.#requestToken ??= `sandbox-job-${this.#world.random.bytes(24).toString('hex')}`
    return this.#requestToken
  }

  mint({ audience = Object.values(SANDBOX_AUDIENCES).flat(), claims, header, lifetimeS, alg = 'RS256' }: SubjectOptions = {}): string {
    const { random, scenario } = this.#world
    const now = serverSeconds(this.#world)
    const isOldForm = scenario.job === 'old_subject'
    const usual = jobClaims({ issuer: this.url, audience, jti: random.uuid(), now, lifetimeS, isOldForm })
    return this.keys.sign(alg, header ?? {}, { ...usual, ...claims })
  }

  /** What the token request endpoint gives: a new one each time, but for the scenario that gives the same again. */
  give(audience: string): string {
    const again = this.#world.scenario.job === 'same_token' ? this.#given.get(audience) : undefined
    const token = again ?? this.mint({ audience })
    this.#given.set(audience, token)
    return token
  }

  /** Has vendors take the tokens of another issuer too. */
  trust(issuer: string, keys: readonly JsonWebKey[]): void {
    this.#trusted.set(issuer, keys)
  }

  /** Has the rules of all vendors name another audience beside their own. */
  nameAudience(audience: string): void {
    this.#audiences.push(audience)
  }

  get namedAudiences(): readonly string[] {
    return this.#audiences
  }

  knows(issuer: string): boolean {
    return issuer === this.url || this.#trusted.has(issuer)
  }

  /** The key of that name; `undefined` where its issuer has none. */
  findKey(issuer: string, kid: string): KeyObject | undefined {
    if (issuer === this.url) return this.keys.find(kid)
    const key = this.#trusted.get(issuer)?.find((each) => each.kid === kid)
    return key && createPublicKey({ key, format: 'jwk' })
  }
}
