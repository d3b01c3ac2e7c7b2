import { fromPromise } from 'xstate'
import { ClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { foreignPrefix } from '../credentials/key-shape.ts'
import { type CredentialRecord, type NewCredential, type Slot, sameSlot } from '../credentials/record.ts'
import { apiKeyMachine, type KeyChange, type KeyCheck, type KeyJudgement } from '../machines/api-key.machine.ts'
import { authFor, candidate, kindWords, routeOfKey } from './candidates.ts'
import { placeOf } from './credential-place.ts'
import type { Route } from './catalogue.ts'
import { chooseMethod } from './choose-method.ts'
import type { ChosenCredential } from './find-credential.ts'
import { probeCredential } from './probe.ts'
import { runMachine } from './run-machine.ts'
import type { Session } from './session.ts'

export interface KeyOptions {
  readonly name: string
  readonly profile: string
  readonly method: 'api_key' | 'token'
  /** Null = none was given: what is stored already is kept. */
  readKey(): Promise<Secret | null>
  readonly check: boolean
  /** For a token whose end is known, ms. */
  readonly lifetimeMs?: number | undefined
  onDoubt(message: string): void
}

export interface StoredKey {
  readonly route: Route
  readonly change: KeyChange
  readonly checked: KeyCheck | null
  readonly record: CredentialRecord
}

/**
 * Stores an API key or a bearer token that somebody hands over.
 *
 * @throws {ClawError} `CLAW_METHOD_*`, `CLAW_KEY_INVALID`, `CLAW_CREDENTIAL_REJECTED` (with `check`; nothing is stored), `CLAW_STORE_*`.
 */
export async function storeKey(session: Session, options: KeyOptions): Promise<StoredKey> {
  const { store, clock } = session.ports
  const choice = chooseMethod(session.catalogue, options.name, options.method)
  const kind = options.method
  let route = choice.route
  const slot = (): Slot => ({ provider: route.provider, route: route.id, profile: options.profile, kind })
  let record: CredentialRecord | undefined
  const machine = apiKeyMachine.provide({
    actors: {
      readKey: fromPromise(async () => {
        const key = await options.readKey()
        if (key) return key
        record = (await store.read()).records.find(
          (each) => each.route === route.id && each.profile === options.profile && each.kind === kind && each.state !== 'logged_out',
        )
        if (record) return null
        throw new ClawError('CLAW_INPUT_REQUIRED', {
          what: `no ${kindWords(kind)} was given`,
          why: 'and none is stored',
          fix: `printf %s "$KEY" | claw auth ${options.method === 'token' ? '--token' : '--api-key'} ${options.name} --stdin`,
        })
      }),
      judgeKey: fromPromise(async ({ input }) => {
        const key = given(input.key)
        if (kind === 'api_key') route = routeOfKey(session.catalogue, route, key.reveal(), false)
        return judgeShape(route, kind, key)
      }),
      checkKey: fromPromise(async ({ input }) => checkKey(session, options, route, kind, given(input.key))),
      storeKey: fromPromise(async ({ input }) => {
        const before = (await store.read()).records.some((each) => sameSlot(each, slot()) && each.state !== 'logged_out')
        const written = await store.write({ type: 'sign_in', slot: slot(), credential: credentialFor(route, options, given(input.key)) })
        if (written.outcome === 'refused' || !written.record) throw new ClawError('CLAW_INTERNAL', { what: 'the store refused a key' })
        record = written.record
        return written.outcome === 'unchanged' ? 'unchanged' : before ? 'replaced' : 'stored'
      }),
    },
  })
  const result = await runMachine(machine, {
    clock,
    input: { check: options.check },
    signal: session.signal,
    onEmit: (fact) => options.onDoubt(fact.type === 'keyDoubtful' ? fact.message : `the key was stored without a check: ${fact.detail}`),
  })
  if (!result.ok) throw result.error
  if (!record) throw new ClawError('CLAW_INTERNAL', { what: 'storing a key ended without a record' })
  return { route, change: result.change, checked: result.checked, record }
}

/** A prefix of another vendor or kind is evidence enough to stop; a value without a known prefix is taken as it is. */
function judgeShape(route: Route, kind: 'api_key' | 'token', key: Secret): KeyJudgement {
  const auth = authFor(route, kind)
  const opposite = route.entry.auth
    .filter((each) => each.id !== auth.id && each.kind !== auth.kind)
    .flatMap(({ prefixes = [] }) => prefixes)
  const prefix = foreignPrefix(key.reveal(), { own: auth.prefixes ?? [], others: [...(auth.rejectPrefixes ?? []), ...opposite] })
  if (prefix !== undefined) {
    return {
      kind: 'wrong',
      error: new ClawError('CLAW_KEY_INVALID', {
        what: `this looks like something else than the ${kindWords(kind)} for \`${route.id}\``,
        why: `it begins with \`${prefix}\``,
        fix: route.entry.keyUrl ? `get a key at ${route.entry.keyUrl}` : 'claw auth list',
      }),
    }
  }
  const isKnown = (auth.prefixes ?? []).length === 0 || auth.prefixes?.some((each) => key.reveal().startsWith(each))
  return isKnown
    ? { kind: 'fits' }
    : { kind: 'doubtful', message: `the ${kindWords(kind)} does not begin as those of \`${route.id}\` do (${auth.prefixes?.join(', ')})` }
}

async function checkKey(session: Session, options: KeyOptions, route: Route, kind: 'api_key' | 'token', key: Secret): Promise<KeyCheck> {
  const probe = await probeCredential(session, chosenFor(session, options, route, kind, key))
  const { error } = probe
  if (probe.status === 'fail' && error?.code === 'CLAW_CREDENTIAL_REJECTED') {
    const fix = route.entry.keyUrl ? `get a key at ${route.entry.keyUrl}` : 'claw auth list'
    const parts = { what: `${error.message}, so it is not stored`, why: error.why, fix, data: error.data, cause: error.cause }
    return { kind: 'refused', error: new ClawError(error.code, parts) }
  }
  return probe.evidence === 'accepted' ? { kind: 'accepted', detail: probe.detail } : { kind: 'unverified', detail: probe.detail }
}

/** A key as it would be used, before it is stored. */
function chosenFor(session: Session, options: KeyOptions, route: Route, kind: 'api_key' | 'token', key: Secret): ChosenCredential {
  const named = session.catalogue.find(route.id)
  const auth = authFor(route, kind)
  const place = placeOf(
    candidate({ origin: 'store', kind, fact: 'usable', source: 'given', route, auth, profile: options.profile }),
    session.ports.environment,
  )
  return {
    named,
    route,
    auth,
    kind,
    source: 'given',
    reference: null,
    profile: options.profile,
    authMode: 'auto',
    state: 'wins',
    secret: key,
    masked: null,
    record: null,
    expiresAt: null,
    account: null,
    degraded: false,
    reread: null,
    ...place,
  }
}

function credentialFor(route: Route, options: KeyOptions, key: Secret): NewCredential {
  return {
    method: options.method,
    auth: authFor(route, options.method).id,
    secrets: { access: key },
    lifetimeMs: options.lifetimeMs ?? null,
    sentAgoMs: 0,
    account: null,
    region: route.region,
    scopes: null,
    origins: [],
    client: null,
  }
}

function given(key: Secret | null): Secret {
  if (!key) throw new ClawError('CLAW_INTERNAL', { what: 'a key went missing between two steps' })
  return key
}
