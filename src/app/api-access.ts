import { ClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { fingerprintOf } from '../credentials/next-record.ts'
import type { CredentialRecord } from '../credentials/record.ts'
import { DEFAULT_MARGIN_MS } from '../credentials/refresh-decision.ts'
import { checkOwner } from './access-errors.ts'
import { type AccessStep, accessStepOf } from './access-step.ts'
import { askProvider, checkBaseUrl } from './ask-provider.ts'
import { type DerivationSettings, derive, type Derived, type DerivedOutcome } from './derivation.ts'
import { DerivationRun } from './derivation-run.ts'
import { atDomain, isTenant } from './domain.ts'
import type { ChosenCredential } from './find-credential.ts'
import { type DerivedMemory, MemoryDerivation } from './memory-derivation.ts'
import type { Session } from './session.ts'
import { renewalCommand } from './sign-in-command.ts'
import type { Demand, UsableCredential } from './usable-credential.ts'

type Sendable = ChosenCredential & { readonly secret: Secret }

/**
 * Takes the step that stands between a credential and the API: its address is asked for, or a short-lived token is minted
 * from it. What lies in a record is done once for all processes, everything else once for this one.
 *
 * @param anew also where the answer is known already
 * @throws {ClawError} `CLAW_CREDENTIAL_REJECTED`, `CLAW_CLIENT_NOT_ALLOWED`, `CLAW_FORBIDDEN`, `CLAW_EXPECTATION_BROKEN`,
 * `CLAW_CONFIG_INVALID`, `CLAW_PROTOCOL`, `CLAW_NETWORK`, `CLAW_TIMEOUT`, `CLAW_LEASE_BUSY`, `CLAW_OVERLOADED`, `CLAW_SERVER`.
 */
export async function withAccess(session: Session, usable: UsableCredential, demand: Demand, anew = false): Promise<UsableCredential> {
  const { credential } = usable
  const step = accessStepOf(credential, anew)
  if (!step || !isSendable(credential)) return usable
  const got = step.kind === 'server' ? known(credential, step) : await asked(session, credential, step, demand)
  const used = accessed(credential, step, got)
  checkOwner(session, used)
  return { ...usable, credential: used, warning: usable.warning ?? got.warning }
}

function isSendable(credential: ChosenCredential): credential is Sendable {
  return credential.secret !== null
}

type Got = Omit<DerivedOutcome, 'outcome'> & {
  readonly outcome: DerivedOutcome['outcome'] | 'known'
  readonly record: CredentialRecord | null
}

/** A token of a server, or of a bundle: nobody is asked. */
function known({ route, record, source, baseUrl }: ChosenCredential, { entry, url }: AccessStep): Got {
  const region = record?.region ?? null
  const atTenant =
    source !== 'bundle' && entry.serverToken && isTenant(route, region) ? atDomain(route, entry.serverToken.tenantBaseUrl, region) : url
  const derived = { secret: null, expiresAt: null, lifetimeMs: null, baseUrl: source === 'bundle' ? baseUrl : atTenant, account: null }
  return { derived, outcome: 'known', warning: null, record }
}

async function asked(session: Session, credential: Sendable, step: AccessStep, demand: Demand): Promise<Got> {
  const { record } = credential
  if (!record) return { ...(await inMemory(session, credential, step, demand)), record }
  try {
    const { ports, config, signal } = session
    const run = new DerivationRun(ports, settingsFor(session, credential, step), record.id, demand, (latest, limited) =>
      askProvider(session, { ...credential, secret: latest.secrets?.access ?? credential.secret, record: latest }, step, limited),
    )
    const outcome = await derive(run, ports.clock, {
      waitMs: config.store.waitMs,
      signal,
      ...(demand.onWaiting && { onWaiting: demand.onWaiting }),
    })
    return { ...outcome, record: run.record ?? record }
  } catch (thrown) {
    // A store that cannot be written keeps nobody from using what it holds.
    if (!(thrown instanceof ClawError) || thrown.exit.name !== 'STORE') throw thrown
    return { ...(await inMemory(session, credential, step, demand)), record }
  }
}

/** Kept for as long as its session. */
const memories = new WeakMap<
  Session['ports'],
  { readonly derived: DerivedMemory; readonly underWay: Map<string, Promise<DerivedOutcome>> }
>()

function inMemory(session: Session, credential: Sendable, step: AccessStep, demand: Demand): Promise<DerivedOutcome> {
  const { ports, config, signal } = session
  const memory = memories.get(ports) ?? { derived: new Map(), underWay: new Map() }
  memories.set(ports, memory)
  const key = `${step.entry.id} ${fingerprintOf(credential.secret)}`
  const shared = memory.underWay.get(key)
  if (shared) return shared
  const run = new MemoryDerivation(ports, settingsFor(session, credential, step), { memory: memory.derived, key }, demand, (limited) =>
    askProvider(session, credential, step, limited),
  )
  const work = derive(run, ports.clock, { waitMs: config.store.waitMs, signal })
    .then((outcome) => ({ ...outcome, derived: onWallClock(outcome.derived, ports.clock) }))
    .finally(() => memory.underWay.delete(key))
  memory.underWay.set(key, work)
  return work
}

function onWallClock(derived: Derived, { now, wall }: Session['ports']['clock']): Derived {
  return { ...derived, expiresAt: derived.expiresAt === null ? null : derived.expiresAt - now() + wall() }
}

function settingsFor({ config }: Session, credential: ChosenCredential, { entry, kind }: AccessStep): DerivationSettings {
  const marginMs = config.refresh.minRemainingMs ?? (entry.bufferS === undefined ? DEFAULT_MARGIN_MS : entry.bufferS * 1_000)
  return {
    name: entry.id,
    isMinted: kind === 'mint',
    marginMs,
    leaseMs: config.store.leaseMs,
    signInCommand: renewalCommand(credential),
  }
}

/** The credential as it is used: the user's own `base_url` beats what a server says. */
function accessed(credential: Sendable, { entry }: AccessStep, { derived, outcome, record }: Got): ChosenCredential {
  const { route } = credential
  const said = route.settings?.baseUrl === undefined ? derived.baseUrl : null
  if (said !== null && credential.source !== 'bundle') checkBaseUrl(credential, entry, said, record?.region ?? null)
  const account = record?.account ?? derived.account
  return {
    ...credential,
    record,
    ...(derived.secret ? { secret: derived.secret, expiresAt: derived.expiresAt } : {}),
    ...(said === null ? {} : { baseUrl: said.replace(/\/+$/, ''), origins: new Set([new URL(said).origin]) }),
    account: credential.account ?? account?.name ?? account?.id ?? null,
    access: { from: credential, entry, account, isAsked: outcome === 'derived' },
  }
}
