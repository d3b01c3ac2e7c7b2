import { ClawError } from '../../core/errors.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import { derive, type DerivedOutcome } from '../access/derivation.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import type { Demand, UsableCredential } from '../credential/usable-credential.ts'
import type { Ports } from '../ports.ts'
import { marginMsOf } from '../refresh/margin.ts'
import type { Session } from '../session.ts'
import { ExchangeWire } from './exchange-wire.ts'
import type { Federation } from './federation.ts'
import { IdentityRun } from './identity-run.ts'
import { jobToken, type JobToken, judgeJobToken } from './job-token.ts'
import { subjectWorld } from './subject-world.ts'
import { obtainSubjectToken } from './subject-tokens.ts'

/** What an exchange brought. */
export interface Exchanged extends DerivedOutcome {
  readonly record: CredentialRecord | null
  /** Why no other process finds it. */
  readonly unkept: ClawError | null
}

/**
 * The token of a workload identity: the kept one while it serves, else one exchange by one owner, however many ask.
 *
 * @throws {ClawError} `CLAW_IDENTITY_SPENT`, `CLAW_IDENTITY_UNFIT`, `CLAW_CREDENTIAL_REJECTED`, `CLAW_REFERENCE_UNRESOLVED`,
 * `CLAW_PRINCIPAL_CHANGED`, `CLAW_PROTOCOL`, `CLAW_CONFIG_INVALID`, `CLAW_FORBIDDEN`, `CLAW_RATE_LIMIT`, `CLAW_NETWORK`,
 * `CLAW_SERVER`, `CLAW_TIMEOUT`, `CLAW_LEASE_BUSY`, `CLAW_STORE_*`.
 */
export async function identityCredential(
  session: Session,
  chosen: ChosenCredential,
  federation: Federation,
  demand: Demand,
): Promise<UsableCredential> {
  const { derived, outcome, warning, record, unkept } = await exchangeIdentity(session, federation, demand)
  const account = record?.account?.name ?? record?.account?.id ?? chosen.account
  return {
    credential: { ...chosen, secret: derived.secret, record, expiresAt: derived.expiresAt, account, state: 'wins' },
    outcome: outcome === 'derived' ? 'refreshed' : outcome,
    // A fixed token is replaced when its owner does it: until then what it brought serves to its end, and that is no news.
    warning: warning?.code === 'CLAW_IDENTITY_SPENT' ? unkept : (warning ?? unkept),
    lostScopes: [],
  }
}

/** The same, which shows the job's token when it was read, before it is judged or sent. */
export async function exchangeIdentity(
  session: Session,
  federation: Federation,
  demand: Demand,
  onToken: (token: JobToken) => void = () => {},
): Promise<Exchanged> {
  try {
    return await exchange(session, federation, demand, onToken, session.ports.store)
  } catch (thrown) {
    const mayGoOn = thrown instanceof ClawError && thrown.exit.name === 'STORE' && federation.isFresh
    if (!mayGoOn) throw thrown
    // A token that is new each time needs no note of what was posted: a store that cannot be written keeps nobody from working.
    const { MemoryStore } = await import('../../credentials/memory-store.ts')
    return { ...(await exchange(session, federation, demand, onToken, new MemoryStore(session.ports))), unkept: thrown }
  }
}

async function exchange(
  session: Session,
  federation: Federation,
  demand: Demand,
  onToken: (token: JobToken) => void,
  store: Ports['store'],
): Promise<Exchanged> {
  const { ports, config, signal } = session
  const { clock } = ports
  const requestTimeoutMs = config.store.requestTimeoutMs
  const wire = new ExchangeWire(ports, federation, requestTimeoutMs)
  const run = new IdentityRun(
    federation,
    {
      ports: { ...ports, store },
      wire,
      settings: { isMinted: true, marginMs: marginMsOf(session, federation.auth), leaseMs: config.store.leaseMs },
      requestTimeoutMs,
      async obtain(limited) {
        const { reference, audience } = federation
        const secret = await obtainSubjectToken({ reference, audience }, subjectWorld(session, limited))
        const token = jobToken(federation, secret, clock.wall())
        onToken(token)
        return token
      },
      judge: (read, limited) => judgeJobToken(federation, read, () => wire.serverNow(limited)),
    },
    demand,
    signal,
  )
  const onWaiting = demand.onWaiting && { onWaiting: demand.onWaiting }
  const outcome = await derive(run, clock, { waitMs: config.store.waitMs, isOneWay: true, signal, ...onWaiting })
  return { ...outcome, record: run.record ?? null, unkept: run.unkept ?? null }
}
