import type { CredentialRecord } from '../../credentials/record.ts'
import { remainingMs } from '../../credentials/refresh-decision.ts'
import type { Snapshot } from '../../credentials/store.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { OIDC_SUBJECT_SOURCES } from '../../providers/subject-sources.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { type Candidate, candidate, judgeModel, type Scope } from '../credential/candidates.ts'
import type { CredentialWorld } from '../credential/credential-question.ts'
import { whyOff } from '../sign-in/terms.ts'
import { federationHere } from './external-account.ts'
import type { Federation } from './federation.ts'
import { lookForSubject } from './subject-tokens.ts'
import { subjectWorld } from './subject-world.ts'

/** One identity method as a candidate; nothing where nothing of it was given. */
export async function identityCandidates(
  { route, auth }: { readonly route: Route; readonly auth: AuthEntry },
  scope: Scope,
  world: CredentialWorld,
  snapshot: Snapshot | null,
): Promise<Candidate[]> {
  const { profile, named, isOffline } = scope
  const { environment, machine } = world.ports
  const at = { environment, uid: machine.uid }
  const reading = await federationHere({ route, auth }, at, { profile, isNamed: named.name === route.id })
  if (reading.kind === 'absent') return []
  const setting = `providers.${route.id}.auth.${auth.id}`
  const base = { origin: 'identity', kind: 'identity', route, auth, profile, setting } as const
  if (reading.kind === 'faulty') {
    const { source, error } = reading
    return [
      candidate({
        ...base,
        source: `identity:${source}`,
        fact: 'missing',
        stops: true,
        error,
        reason: `${error.message}: ${error.why ?? ''}`,
      }),
    ]
  }
  const { federation } = reading
  const found = candidate({ ...base, source: `identity:${federation.source}`, fact: 'usable', federation })
  if (!auth.enabled) return [{ ...found, fact: 'refused', reason: whyOff({ route, auth }) }]
  const kept = snapshot && keptToken(federation, snapshot)
  if (kept) {
    const { secrets, expiresAt, account } = kept
    const secret = secrets?.access ?? null
    return [judgeModel({ ...found, record: kept, secret, expiresAt, account: account?.name ?? account?.id ?? null }, scope)]
  }
  const look = async (): Promise<Candidate> => {
    const sight = await lookForSubject(federation.reference, subjectWorld(world, world.signal))
    return sight.there ? judgeModel(found, scope) : { ...found, fact: 'missing', reason: sight.why, fix: sight.fix }
  }
  if (!asksAround(federation)) return [await look()]
  return [isOffline ? judgeModel(found, scope) : { ...found, settle: look }]
}

/** The token of the last exchange, while it serves. */
export function keptToken({ recordId }: Federation, { records, now }: Pick<Snapshot, 'records' | 'now'>): CredentialRecord | undefined {
  const record = records.find(({ id }) => id === recordId)
  return record?.state === 'ok' && record.secrets && remainingMs(record, now) > 0 ? record : undefined
}

/** Whether looking for a source means to ask the network: done only for one that would win. */
export function asksAround({ reference }: Federation): boolean {
  const asks = reference.scheme === 'oidc' ? OIDC_SUBJECT_SOURCES.get(reference.source)?.asks : undefined
  return asks?.some(({ kind }) => kind === 'metadata') === true
}
