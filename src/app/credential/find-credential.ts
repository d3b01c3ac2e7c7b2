import type { Config } from '../../config/config.ts'
import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { type AuthMode, type CandidateState, DEFAULT_PROFILE, type Kind } from '../../core/vocabulary.ts'
import type { Account, CredentialRecord } from '../../credentials/record.ts'
import { type Resolution, resolve } from '../../credentials/resolve.ts'
import type { Snapshot } from '../../credentials/store.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { type Candidate, masked, type Scope } from './candidates.ts'
import type { Named, Route } from '../catalogue/catalogue.ts'
import type { Federation } from '../identity/federation.ts'
import { contradictions } from './contradictions.ts'
import { checkAuthMode, checkExpectation, noCredential, profilesOf, stoppedError, unknownProfile } from './credential-errors.ts'
import { placeOf } from './credential-place.ts'
import { type CredentialQuestion, type CredentialWorld, readStore } from './credential-question.ts'
import { expectationFor } from './expectation.ts'
import { fromBundle, fromConfig, fromEnvironment, fromIdentity, fromNothing } from './gather-candidates.ts'
import type { RouteSettings } from '../catalogue/route-settings.ts'
import { modelElsewhere } from '../catalogue/route-models.ts'
import { otherProfiles } from './other-profiles.ts'
import { fromStore } from './stored-candidates.ts'
import { type SurveyRow, surveyRow } from './survey-row.ts'
import { type WantedCredential, wantedCredential } from './wanted-credential.ts'

/** Everything that was found, judged, whether or not anything can be used. */
export interface Survey {
  readonly wanted: WantedCredential
  readonly rows: readonly SurveyRow[]
  /** Null when nothing can be used; `error` says why. */
  readonly chosen: ChosenCredential | null
  readonly error: ClawError | null
}

/** The credential that wins, and how it is used. */
export interface ChosenCredential {
  readonly named: Named
  readonly route: Route
  readonly source: string
  readonly reference: string | null
  readonly kind: Kind
  readonly profile: string
  readonly auth: AuthEntry
  readonly authMode: AuthMode
  /** `wins`, or what must be done first: `refreshable`, `doubt`. */
  readonly state: CandidateState
  /** Null where no credential is needed. */
  readonly secret: Secret | null
  readonly masked: string | null
  /** The stored record, where it comes from the store. */
  readonly record: CredentialRecord | null
  readonly expiresAt: number | null
  readonly account: string | null
  readonly baseUrl: string
  /** The origins that may receive it. */
  readonly origins: ReadonlySet<string>
  /** Sent beside it, from variables of the provider. */
  readonly optionalHeaders: Readonly<Record<string, string>>
  /** What stands for the names in the addresses of its route. */
  readonly settings: RouteSettings
  /** It stands in for a grant that failed for good. */
  readonly degraded: boolean
  /** Other variables of its method that hold another value, by their sources: which one is meant, nobody can know. */
  readonly contradictedBy?: readonly string[]
  /** Reads it again after a refusal; null where that can bring nothing new. */
  readonly reread: (() => Promise<Secret>) | null
  /** What it is exchanged by, where it is the identity of a workload: `secret` is then the kept token, or null. */
  readonly federation: Federation | null
  /** How it came to be usable at the API, where it was not by itself. */
  readonly access?: CredentialAccess
}

/** The step that was taken from the credential that was found to the one that is used. */
export interface CredentialAccess {
  /** As it was found. */
  readonly from: ChosenCredential
  /** The auth entry that says how it is used. */
  readonly entry: AuthEntry
  /** Whose it turned out to be. */
  readonly account: Account | null
  /** The provider was asked just now, and has taken it. */
  readonly isAsked: boolean
}

/**
 * The credential for a provider or route.
 *
 * @throws {ClawError} `CLAW_NO_CREDENTIAL`, `CLAW_AUTH_MODE_UNSATISFIABLE`, `CLAW_EXPECTATION_BROKEN`, `CLAW_MODEL_UNKNOWN`,
 * `CLAW_PROFILE_UNKNOWN`, or what stood in the way of a source that was named.
 */
export async function findCredential(world: CredentialWorld, question: CredentialQuestion): Promise<ChosenCredential> {
  const { chosen, error } = await surveyCredentials(world, question)
  if (chosen) return chosen
  throw error ?? new ClawError('CLAW_INTERNAL', { what: 'a search for credentials ended without an answer' })
}

/** The whole table, and the credential that wins if one does. What is wrong with a source is in the table, not thrown. */
export async function surveyCredentials(world: CredentialWorld, question: CredentialQuestion): Promise<Survey> {
  const { config, catalogue, ports, signal } = world
  const { named, model, tier, isOffline = false } = question
  const wanted = wantedCredential(config, catalogue, named, tier)
  const family = unique([...catalogue.find(named.provider).routes, ...named.routes])
  const { environment, clock, machine, store } = ports
  const scope: Scope = { catalogue, named, family, model, profile: wanted.profile, now: clock.wall(), isOffline }
  const references = {
    environment,
    clock,
    uid: machine.uid,
    stateDir: config.paths.stateDir,
    projectRoot: config.paths.projectRoot,
    signal,
  }
  const snapshot = question.snapshot ?? (await readStore(world))
  try {
    const gathered = [
      ...(await Promise.all([fromConfig(scope, references), fromEnvironment(scope, references), fromBundle(scope, references)])),
      fromStore(scope, { backend: store.backend, snapshot, sight: (holder) => store.sight(holder) }),
      await fromIdentity(scope, world, snapshot),
      fromNothing(scope),
    ]
    const { resolution, candidates } = await settled(
      wanted,
      gathered.flatMap((each) => each.candidates),
    )
    const rows = resolution.table.map(({ candidate, state }) => surveyRow(candidate, state))
    const judgement = judge(world, scope, wanted, {
      resolution,
      candidates,
      snapshot,
      lookedAt: [...new Set(gathered.flatMap((each) => each.lookedAt))],
    })
    return { wanted, rows, ...judgement }
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    return { wanted, rows: [], chosen: null, error: thrown }
  }
}

/** Resolves until the winner is one whose value is known: a command runs only when its value would be used. */
async function settled(
  wanted: WantedCredential,
  found: readonly Candidate[],
): Promise<{ readonly resolution: Resolution<Candidate>; readonly candidates: readonly Candidate[] }> {
  const resolution = resolve(wanted, found)
  const { winner } = resolution
  if (!winner?.settle) return { resolution, candidates: found }
  const read = await winner.settle()
  return settled(
    wanted,
    found.map((each) => (each === winner ? read : each)),
  )
}

interface Findings {
  readonly resolution: Resolution<Candidate>
  readonly candidates: readonly Candidate[]
  readonly snapshot: Snapshot | ClawError
  readonly lookedAt: readonly string[]
}

function judge(
  world: CredentialWorld,
  scope: Scope,
  wanted: WantedCredential,
  { resolution, candidates, snapshot, lookedAt }: Findings,
): Pick<Survey, 'chosen' | 'error'> {
  const { named, family, model } = scope
  const { winner, stoppedAt, table } = resolution
  try {
    checkAuthMode(named, wanted, candidates)
    checkProfile(world.config, wanted.profile, snapshot, winner)
    if (winner) {
      checkExpectation(named, expectationFor(world.catalogue, named), winner)
      const state = table.find(({ candidate }) => candidate === winner)?.state ?? 'wins'
      const chosen = choose(world, named, wanted, winner, state, resolution.degraded)
      const contradictedBy = contradictions(winner, candidates)
      return { chosen: contradictedBy.length > 0 ? { ...chosen, contradictedBy } : chosen, error: null }
    }
    const failed = stoppedAt ?? candidates.find(({ failedForGood }) => failedForGood)
    if (failed) return { chosen: null, error: stoppedError(failed) }
    const elsewhere =
      model === null
        ? []
        : table.filter(({ candidate, state }) => state === 'refused' && candidate.auth.enabled && named.routes.includes(candidate.route))
    if (model !== null && elsewhere.length > 0)
      return { chosen: null, error: modelElsewhere(model, unique(elsewhere.map(({ candidate }) => candidate.route)), family) }
    const profiles = snapshot instanceof ClawError ? [] : otherProfiles(named, wanted, snapshot)
    return { chosen: null, error: noCredential(named, wanted, lookedAt, candidates, profiles) }
  } catch (thrown) {
    if (thrown instanceof ClawError) return { chosen: null, error: thrown }
    throw thrown
  }
}

/** A profile that was named by a flag or a variable must exist; one of the configuration need not while another credential serves. */
function checkProfile(config: Config, profile: string, snapshot: Snapshot | ClawError, winner: Candidate | null): void {
  if (profile === DEFAULT_PROFILE || snapshot instanceof ClawError || profilesOf(snapshot).includes(profile)) return
  if (winner === null || ['flag', 'environment'].includes(config.origins.get('profile')?.from ?? ''))
    throw unknownProfile(profile, snapshot)
}

function choose(
  { ports }: CredentialWorld,
  named: Named,
  { authMode }: WantedCredential,
  winner: Candidate,
  state: CandidateState,
  degraded: boolean,
): ChosenCredential {
  const { route, source, reference, kind, profile, auth, secret, record, expiresAt, account, reread, federation } = winner
  return {
    named,
    route,
    source,
    reference,
    kind,
    profile,
    auth,
    authMode,
    state,
    secret,
    masked: masked(winner),
    record,
    expiresAt,
    account,
    degraded,
    reread,
    federation,
    ...placeOf(winner, ports.environment),
  }
}

/** The credential after its record was refreshed, or a reference was read again. */
export function withSecret(
  credential: ChosenCredential,
  secret: Secret,
  record: CredentialRecord | null = credential.record,
): ChosenCredential {
  return { ...credential, secret, record, state: 'wins', expiresAt: record ? record.expiresAt : credential.expiresAt }
}

function unique(routes: readonly Route[]): Route[] {
  return [...new Set(routes)]
}
