import { Secret } from '../../src/core/secret.ts'
import type { CredentialRecord, Intent, NewCredential, Slot } from '../../src/credentials/record.ts'
import { fingerprintOf } from '../../src/credentials/next-record.ts'
import { isLease, type CredentialStore, type Lease, type NewFlow, type WriteOutcome } from '../../src/credentials/store.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

export const grantSlot: Slot = { provider: 'moonshot', route: 'kimi-code', profile: 'default', kind: 'oauth' }

export function keySlot(provider: string): Slot {
  return { provider, route: provider, profile: 'default', kind: 'api_key' }
}

/** A grant as a sign-in or refresh brings it; `n` tells its tokens apart. */
export function grant(n: number, changes: Partial<NewCredential> = {}): NewCredential {
  return {
    method: 'device',
    auth: 'device',
    secrets: { access: new Secret(`access-token-${n}`, 'access-token'), refresh: new Secret(`refresh-token-${n}`, 'refresh-token') },
    lifetimeMs: 15 * MINUTE,
    sentAgoMs: 0,
    account: { id: 'u1', name: 'ci', plan: null },
    region: null,
    scopes: ['read', 'write'],
    origins: ['https://api.example.com'],
    client: { clientId: 'claw', tokenEndpoint: 'https://auth.example.com/token', revocationEndpoint: null, issuer: null },
    ...changes,
  }
}

export function key(value: string, changes: Partial<NewCredential> = {}): NewCredential {
  return {
    method: 'api_key',
    auth: 'key',
    secrets: { access: new Secret(value, 'api-key') },
    lifetimeMs: null,
    sentAgoMs: 0,
    account: null,
    region: null,
    scopes: null,
    origins: ['https://api.example.com'],
    client: null,
    ...changes,
  }
}

export function flow(id: string, changes: Partial<NewFlow> = {}): NewFlow {
  return {
    id,
    provider: 'moonshot',
    route: 'kimi-code',
    profile: 'default',
    method: 'device',
    auth: 'device',
    userCode: 'ABCD-EFGH',
    verificationUri: 'https://auth.example.com/device',
    verificationUriComplete: null,
    expiresInMs: 15 * MINUTE,
    intervalMs: 5_000,
    nextPollInMs: 5_000,
    startedAgoMs: 0,
    slowedDown: false,
    region: null,
    client: {
      clientId: 'claw',
      tokenEndpoint: 'https://auth.example.com/token',
      revocationEndpoint: null,
      issuer: null,
      redirectUri: null,
    },
    secrets: { deviceCode: new Secret('device-code-1', 'device-code') },
    unknown: {},
    ...changes,
  }
}

export function fingerprint(text: string): string {
  return fingerprintOf(new Secret(text, 'refresh-token'))
}

/** A record or credential with its secrets laid open, so that whole values can be compared. */
export function open(record: CredentialRecord | null | undefined): unknown {
  if (!record) return record
  const { secrets } = record
  const derived = secrets?.derived && Object.fromEntries(Object.entries(secrets.derived).map(([name, secret]) => [name, secret.reveal()]))
  return {
    ...record,
    secrets: secrets && {
      access: secrets.access.reveal(),
      ...(secrets.refresh ? { refresh: secrets.refresh.reveal() } : {}),
      ...(derived ? { derived } : {}),
    },
  }
}

const never = new AbortController().signal

export async function lease(store: CredentialStore, name: string, durationMs = 40_000): Promise<Lease> {
  const taken = await store.tryLease(name, { durationMs, purpose: 'refresh', signal: never })
  if (!isLease(taken)) throw new Error(`the lease of ${name} is busy`)
  return taken
}

export async function tryLease(store: CredentialStore, name: string, durationMs = 40_000): Promise<'taken' | 'busy'> {
  return isLease(await store.tryLease(name, { durationMs, purpose: 'refresh', signal: never })) ? 'taken' : 'busy'
}

/** Signs in, and gives the record. */
export async function signedIn(store: CredentialStore, credential = grant(1)): Promise<CredentialRecord> {
  return recordOf(await store.write({ type: 'sign_in', slot: grantSlot, credential }))
}

export function recordOf(outcome: WriteOutcome): CredentialRecord {
  if (!outcome.record) throw new Error(`no record: ${outcome.outcome}`)
  return outcome.record
}

export async function intentOf(
  store: CredentialStore,
  record: CredentialRecord,
  held: Lease,
  attempt: 1 | 2 = 1,
  deadlineMs = 15_000,
): Promise<Intent> {
  const { id, generation, fingerprint: print } = record
  const outcome = await store.write({ type: 'intent', id, lease: held, generation, fingerprint: print, attempt, deadlineMs })
  if (outcome.outcome !== 'written' || !outcome.intent) throw new Error(`no intent: ${JSON.stringify(outcome)}`)
  return outcome.intent
}

/** What a write comes to: its outcome, or the code and reason of its error. */
export async function attempt(work: Promise<unknown>): Promise<unknown> {
  try {
    const result = await work
    return typeof result === 'object' && result !== null && 'outcome' in result ? result.outcome : result
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown)
      return { code: thrown.code, message: thrown.message, why: 'why' in thrown ? thrown.why : undefined }
    throw thrown
  }
}

export const signIn = (store: CredentialStore, n = 1): Promise<WriteOutcome> =>
  store.write({ type: 'sign_in', slot: grantSlot, credential: grant(n) })
