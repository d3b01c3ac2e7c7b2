import { OWNER_URL } from '../../../src/sandbox/identity/known-ids.ts'
import type { SubjectOptions } from '../../../src/sandbox/identity/issuer.ts'
import type { JournalEntry } from '../../../src/sandbox/journal.ts'
import { rehearsed, type Rehearsed, type RehearsalMachine } from '../../support/rehearsed.ts'
import type { Play } from './play/play.ts'
import { playSource } from './play/play-source.ts'
import { nameOf, referenceOf } from './reference.ts'
import type { Source } from './sources.ts'
import type { Vendor } from './vendors.ts'

/** One job at one vendor, with one place that its token comes from. */
export interface Stage extends AsyncDisposable {
  readonly vendor: Vendor
  readonly source: Source
  readonly world: RehearsalMachine
  readonly play: Play
  /** Every token that the issuer gave so far, oldest first. */
  readonly given: readonly string[]
  /** What is true of all tokens from now on, in the place of what is usual. */
  readonly changes: { -readonly [Name in keyof SubjectOptions]?: SubjectOptions[Name] }
  /** `identity:…` */
  readonly name: string
  /** Whom the token is asked for, or should be for; null = nobody says. */
  readonly audience: string | null
  claw(...argv: readonly string[]): Promise<Rehearsed>
  /** What every exchange since the last time was asked, and what became of it. */
  exchanges(): readonly Posted[]
}

export interface Posted extends Pick<JournalEntry, 'dialect' | 'status' | 'token' | 'note'> {}

export interface StageOptions {
  readonly scenario?: string
  /** How far the clock of the job is ahead of the issuer's and the vendor's, ms. */
  readonly aheadMs?: number
}

export async function staged(vendor: Vendor, source: Source, { scenario, aheadMs = 0 }: StageOptions = {}): Promise<Stage> {
  const { looks } = source
  const said = looks.aud === undefined || vendor.isAudienceAField ? {} : { audience: looks.aud }
  const world = await rehearsed({
    scenario,
    aheadMs,
    job: (at) => ({ provider: vendor.route, settings: { subject_token: referenceOf(source, vendor, at), ...vendor.settings, ...said } }),
  })
  const { identity, origin } = world.sandbox
  if (looks.aud !== undefined) identity.nameAudience(looks.aud)
  const given: string[] = []
  const changes: SubjectOptions = {}
  const mint = (asked: string | null) => {
    const audience = asked ?? looks.aud ?? (source.isAsked ? OWNER_URL : vendor.audience(origin))
    const { sub, isAudAList = false, hasNoJti = false } = looks
    const claims = { ...(sub !== undefined && { sub }), ...(hasNoJti && { jti: undefined }), ...changes.claims }
    // A key of a curve is made at once.
    const usual = { alg: 'ES256', audience: isAudAList ? [audience] : audience, lifetimeS: source.lifeS } as const
    const token = identity.mint({ ...usual, ...changes, claims })
    given.push(token)
    return token
  }
  const play = await playSource({ source, home: world.home, mint })
  return {
    vendor,
    source,
    world,
    play,
    given,
    changes,
    name: `identity:${nameOf(source, world.home)}`,
    audience: audienceOf(vendor, source, origin),
    claw: (...argv) => {
      const here = source.hereVariable === null ? {} : { [source.hereVariable]: 'true' }
      return world.claw(argv, { env: { ...vendor.env, ...here, ...play.env } })
    },
    exchanges: () =>
      world
        .asked()
        .filter(({ dialect }) => vendor.dialects.includes(dialect))
        .map(({ dialect, status, token, note }) => ({
          dialect,
          status,
          ...(token !== undefined && { token }),
          ...(note !== undefined && { note }),
        })),
    async [Symbol.asyncDispose]() {
      await play[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

function audienceOf(vendor: Vendor, { looks, isAudienceRequired }: Source, origin: string): string | null {
  if (looks.aud !== undefined && !vendor.isAudienceAField) return looks.aud
  return vendor.isAudienceUnknown && !isAudienceRequired ? null : vendor.audience(origin)
}
