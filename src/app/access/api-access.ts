import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { fingerprintOf } from '../../credentials/next-record.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import { checkOwner } from './access-errors.ts'
import { type AccessStep, accessStepOf } from './access-step.ts'
import { askProvider, checkBaseUrl } from './ask-provider.ts'
import { type DerivationSettings, derive, type DerivedOutcome } from './derivation.ts'
import { DerivationRun } from './derivation-run.ts'
import { atDomain, isTenant } from './domain.ts'
import { type ChosenCredential, withSecret } from '../credential/find-credential.ts'
import { type DerivedMemory, MemoryDerivation } from './memory-derivation.ts'
import { marginMsOf } from '../refresh/margin.ts'
import type { Session } from '../session.ts'
import { renewalCommand } from '../sign-in/sign-in-command.ts'
import type { Demand, UsableCredential } from '../credential/usable-credential.ts'

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
  const { rejected, renew, minTtlMs } = demand
  const wish = JSON.stringify([step.entry.id, rejected, renew, minTtlMs])
  const inMemory = () =>
    shared(session, `${fingerprintOf(credential.secret)} ${wish}`, async () => ({
      ...(await learn(session, credential, step, demand)),
      record,
    }))
  if (!record) return inMemory()
  try {
    return await shared(session, `${record.id} ${wish}`, () => learnForAll(session, credential, record, step, demand))
  } catch (thrown) {
    // A store that cannot be written keeps nobody from using what it holds.
    if (!(thrown instanceof ClawError) || thrown.exit.name !== 'STORE') throw thrown
    return inMemory()
  }
}

async function learnForAll(
  session: Session,
  credential: Sendable,
  record: CredentialRecord,
  step: AccessStep,
  demand: Demand,
): Promise<Got> {
  const { ports, config, signal } = session
  const run = new DerivationRun(ports, settingsFor(session, credential, step), record.id, demand, (latest, limited) =>
    askProvider(session, { ...credential, secret: latest.secrets?.access ?? credential.secret, record: latest }, step, limited),
  )
  const onWaiting = demand.onWaiting && { onWaiting: demand.onWaiting }
  const outcome = await derive(run, ports.clock, { waitMs: config.store.waitMs, signal, ...onWaiting })
  return { ...outcome, record: run.record ?? record }
}

async function learn(session: Session, credential: Sendable, step: AccessStep, demand: Demand): Promise<DerivedOutcome> {
  const { ports, config, signal } = session
  const { clock } = ports
  const place = { memory: memoryOf(session).derived, key: `${step.entry.id} ${fingerprintOf(credential.secret)}` }
  const run = new MemoryDerivation(ports, settingsFor(session, credential, step), place, demand, (limited) =>
    askProvider(session, credential, step, limited),
  )
  const outcome = await derive(run, clock, { waitMs: config.store.waitMs, signal })
  const { expiresAt } = outcome.derived
  return { ...outcome, derived: { ...outcome.derived, expiresAt: expiresAt === null ? null : expiresAt - clock.now() + clock.wall() } }
}

interface Memory {
  readonly derived: DerivedMemory
  readonly underWay: Map<string, Promise<Got>>
}

/** Kept for as long as its session. */
const memories = new WeakMap<Session['ports'], Memory>()

function memoryOf({ ports }: Session): Memory {
  const memory = memories.get(ports) ?? { derived: new Map(), underWay: new Map() }
  memories.set(ports, memory)
  return memory
}

/** One question at a time in this process: whoever comes second shares its answer. */
function shared(session: Session, key: string, ask: () => Promise<Got>): Promise<Got> {
  const { underWay } = memoryOf(session)
  const work = underWay.get(key) ?? ask().finally(() => underWay.delete(key))
  underWay.set(key, work)
  return work
}

function settingsFor(session: Session, credential: ChosenCredential, { entry, kind }: AccessStep): DerivationSettings {
  return {
    name: entry.id,
    isMinted: kind === 'mint',
    marginMs: marginMsOf(session, entry),
    leaseMs: session.config.store.leaseMs,
    signInCommand: renewalCommand(credential),
  }
}

/** The credential as it is used: the user's own `base_url` beats what a server says. */
function accessed(before: Sendable, { entry }: AccessStep, { derived, outcome, record }: Got): ChosenCredential {
  const credential = latestOf(before, record)
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

/** Somebody may have signed in anew while the answer was waited for: it belongs to the credential that the record has now. */
function latestOf(credential: Sendable, record: CredentialRecord | null): ChosenCredential {
  const access = record?.secrets?.access
  if (!access || access.equals(credential.secret)) return credential
  return { ...withSecret(credential, access, record), account: null }
}
