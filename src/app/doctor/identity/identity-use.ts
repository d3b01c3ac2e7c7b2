import { slotName } from '../../../core/vocabulary.ts'
import type { CredentialRecord } from '../../../credentials/record.ts'
import type { SubjectSource } from '../../../providers/subject-source.ts'
import type { Route } from '../../catalogue/catalogue.ts'
import { isWantedKind } from '../../credential/wanted-credential.ts'
import { type Federation, type FederationReading, readFederation } from '../../identity/federation.ts'
import { keptToken } from '../../identity/identity-candidates.ts'
import { identityMethods } from '../../identity/identity-methods.ts'
import { isHere, sourceRowOf } from '../../identity/source-row.ts'
import type { AuthEntry } from '../../../providers/entry.ts'
import type { CredentialUse, Ground } from '../ground.ts'
import { readSubject, type SubjectReading } from './source-check.ts'

/** An identity method of a route in use, and what its settings come to. */
export interface ReadMethod {
  readonly auth: AuthEntry
  readonly reading: Exclude<FederationReading, { kind: 'absent' }>
}

/** The identity of one route and profile in use, as it stands here. */
export interface IdentityUse {
  readonly route: Route
  readonly profile: string
  /** The use that it is shown beside: one that would take it, where there is one. */
  readonly use: CredentialUse
  /** Every method that anything was given for. */
  readonly methods: readonly ReadMethod[]
  /** The one that would be exchanged; null where none can be. */
  readonly federation: Federation | null
  /** It is what some use takes, or would take if it were in order. */
  readonly isUsed: boolean
  /** It belongs elsewhere: its source is not here, and something else is used. */
  readonly isAway: boolean
  /** What is known of its source. */
  readonly row: SubjectSource | undefined
  /** What is known of its exchanges. */
  readonly record: CredentialRecord | undefined
  /** The token of the last exchange, while it serves. */
  readonly kept: CredentialRecord | undefined
  /** The job's own token: read once, however many checks look at it. */
  subject(): Promise<SubjectReading>
}

interface Sighting {
  readonly route: Route
  readonly use: CredentialUse
  readonly methods: readonly ReadMethod[]
}

/** Every identity that was configured, or given by variables, for a route in use: once for each profile. */
export function identityUses(ground: Ground): IdentityUse[] {
  const sightings = ground.uses.flatMap((use) => sightingsOf(use, ground))
  const names = [...new Set(sightings.map(nameOf))]
  return names.flatMap(
    (name) =>
      identityUse(
        sightings.filter((each) => nameOf(each) === name),
        ground,
      ) ?? [],
  )
}

function nameOf({ route, use: { profile } }: Sighting): string {
  return slotName({ route: route.id, profile })
}

function sightingsOf(use: CredentialUse, { session }: Ground): Sighting[] {
  const { environment } = session.ports
  return (use.named?.routes ?? []).flatMap((route) => {
    const methods = identityMethods(route, environment).flatMap((auth) => {
      const reading = readFederation({ route, auth }, environment, { profile: use.profile, isNamed: use.named?.name === route.id })
      return reading.kind === 'absent' ? [] : [{ auth, reading }]
    })
    return methods.length === 0 ? [] : [{ route, use, methods }]
  })
}

function identityUse(sightings: readonly Sighting[], ground: Ground): IdentityUse | undefined {
  const isTaking = ({ use, methods }: Sighting) =>
    use.chosen ? methods.some(({ reading }) => isSame(reading, use.chosen?.federation)) : isWantedKind('identity', use)
  const sighting = sightings.find(isTaking) ?? sightings[0]
  if (!sighting) return undefined
  const { route, use, methods } = sighting
  const { environment } = ground.session.ports
  const isUsed = isTaking(sighting)
  const ready = methods.flatMap(({ auth, reading }) => (auth.enabled && reading.kind === 'ready' ? [reading.federation] : []))
  const federation = ready.find(({ recordId }) => recordId === use.chosen?.federation?.recordId) ?? ready[0] ?? null
  const row = federation ? sourceRowOf(federation.reference, environment) : undefined
  const snapshot = 'snapshot' in ground.store ? ground.store.snapshot : undefined
  const facts = {
    route,
    profile: use.profile,
    use,
    methods,
    federation,
    isUsed,
    isAway: !isUsed && isMissing(federation, use) && !isExpectedHere(row, ground),
    row,
    record: snapshot?.records.find(({ id }) => id === federation?.recordId),
    kept: snapshot && federation ? keptToken(federation, snapshot) : undefined,
  }
  let reading: Promise<SubjectReading> | undefined
  return { ...facts, subject: () => (reading ??= readSubject(facts, ground)) }
}

function isSame(reading: FederationReading, federation: Federation | null | undefined): boolean {
  return reading.kind === 'ready' && reading.federation.recordId === federation?.recordId
}

function isMissing(federation: Federation | null, { candidates }: CredentialUse): boolean {
  return candidates.some(({ source, state }) => source === `identity:${federation?.source}` && state === 'missing')
}

/** A job has what its own system gives; the same file on a laptop has not. */
function isExpectedHere(row: SubjectSource | undefined, { session, ci }: Ground): boolean {
  return row?.hereVariable != null ? isHere(row, session.ports.environment) : ci.vendor !== null
}
