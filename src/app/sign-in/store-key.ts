import { fromPromise } from 'xstate'
import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { type CredentialRecord, type Slot, sameSlot } from '../../credentials/record.ts'
import { apiKeyMachine, type KeyChange, type KeyCheck } from '../../machines/api-key.machine.ts'
import { candidate, kindWords, routeOfKey } from '../credential/candidates.ts'
import { placeOf } from '../credential/credential-place.ts'
import type { Catalogue, Route } from '../catalogue/catalogue.ts'
import { chooseByValue, chooseMethod, type MethodChoice } from './choose-method.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { givenCredential } from './given-credential.ts'
import { judgeKey } from './judge-key.ts'
import { probeCredential } from '../access/probe.ts'
import { refuseUnfilled } from '../catalogue/route-settings.ts'
import { runMachine } from '../run-machine.ts'
import type { Session } from '../session.ts'
import { signInCommand } from './sign-in-command.ts'
import { storedRecords } from '../credential/stored-records.ts'
import { termsLine } from './terms.ts'

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
  /** What stood there before. */
  readonly replaced: CredentialRecord | undefined
  /** What the vendor's terms say of it; null where that is nothing. */
  readonly terms: string | null
}

/**
 * Stores an API key or a bearer token that somebody hands over.
 *
 * @throws {ClawError} `CLAW_METHOD_*`, `CLAW_KEY_INVALID`, `CLAW_CREDENTIAL_REJECTED` (with `check`; nothing is stored), `CLAW_STORE_*`.
 */
export async function storeKey(session: Session, options: KeyOptions): Promise<StoredKey> {
  const { store, clock } = session.ports
  const kind = options.method
  const { catalogue } = session
  let choice = chooseMethod(catalogue, options.name, kind)
  const slot = (): Slot => ({ provider: choice.route.provider, route: choice.route.id, profile: options.profile, kind })
  const stored = async () => (await store.read()).records.find((each) => sameSlot(each, slot()) && each.state !== 'logged_out')
  let record: CredentialRecord | undefined
  let replaced: CredentialRecord | undefined
  const machine = apiKeyMachine.provide({
    actors: {
      readKey: fromPromise(async () => {
        const key = await options.readKey()
        if (key) return key
        record = storedRecords(await store.read(), catalogue, { name: options.name, profile: options.profile, kind })[0]
        if (!record) throw notGiven(options)
        choice = { ...choice, route: catalogue.route(record.route) }
        return null
      }),
      judgeKey: fromPromise(async ({ input }) => {
        const key = given(input.key)
        choice = homeOf(catalogue, options, key)
        return judgeKey({ catalogue, ...choice, kind, profile: options.profile }, key)
      }),
      checkKey: fromPromise(async ({ input }) => checkKey(session, options, choice, given(input.key))),
      storeKey: fromPromise(async ({ input }) => {
        const before = await stored()
        replaced = before
        const { method, lifetimeMs } = options
        const credential = givenCredential(choice, given(input.key), {
          method,
          lifetimeMs,
          wallNow: clock.wall(),
          before,
          origins: boundOrigins(session, options, choice),
        })
        const written = await store.write({ type: 'sign_in', slot: slot(), credential })
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
    onEmit: (fact) =>
      options.onDoubt(fact.type === 'keyDoubtful' ? fact.message : `it could not be checked and is stored all the same: ${fact.detail}`),
  })
  if (!result.ok) throw result.error
  if (!record) throw new ClawError('CLAW_INTERNAL', { what: 'storing a key ended without a record' })
  return { route: choice.route, change: result.change, checked: result.checked, record, replaced, terms: termsLine(choice) }
}

/** Where a value belongs: a key by the route that its prefix leads to, then the entry of that prefix. */
function homeOf(catalogue: Catalogue, { name, method }: KeyOptions, key: Secret): MethodChoice {
  const value = key.reveal()
  const choice = chooseByValue(catalogue, name, method, value)
  if (method !== 'api_key') return choice
  const route = routeOfKey(catalogue, choice.route, value, false)
  return route.id === choice.route.id ? choice : chooseByValue(catalogue, route.id, method, value)
}

function notGiven({ name, method, profile }: KeyOptions): ClawError {
  return new ClawError('CLAW_INPUT_REQUIRED', {
    what: `no ${kindWords(method)} was given`,
    why: 'none is stored, and nobody is there to be asked',
    fix: `printf %s "$KEY" | ${signInCommand({ method, route: name, profile })}`,
  })
}

async function checkKey(session: Session, options: KeyOptions, choice: MethodChoice, key: Secret): Promise<KeyCheck> {
  const { route } = choice
  const probe = await probeCredential(session, chosenFor(session, options, choice, key))
  const { error } = probe
  if (probe.status === 'fail' && error?.code === 'CLAW_CREDENTIAL_REJECTED') {
    const fix = route.entry.keyUrl ? `get a key at ${route.entry.keyUrl}` : 'claw auth list'
    return { kind: 'refused', error: error.reworded({ what: `${error.message}, so it is not stored`, fix }) }
  }
  return probe.evidence === 'accepted' ? { kind: 'accepted', detail: probe.detail } : { kind: 'unverified', detail: probe.detail }
}

/**
 * Where other people have hosts of the same pattern, a key stays with the one that it is stored for.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where nobody says which one that is
 */
function boundOrigins(session: Session, options: KeyOptions, { route, auth }: MethodChoice): string[] {
  if (route.entry.hostsOfCustomers !== true) return []
  const { baseUrl } = placeOfGiven(session, options, { route, auth })
  refuseUnfilled(baseUrl, route)
  return [new URL(baseUrl).origin]
}

function placeOfGiven({ ports }: Session, { method, profile }: KeyOptions, { route, auth }: Pick<MethodChoice, 'route' | 'auth'>) {
  return placeOf(candidate({ origin: 'store', kind: method, fact: 'usable', source: 'given', route, auth, profile }), ports.environment)
}

/** A key as it would be used, before it is stored. */
function chosenFor(session: Session, options: KeyOptions, { route, auth }: MethodChoice, key: Secret): ChosenCredential {
  const named = session.catalogue.find(route.id)
  const kind = options.method
  const place = placeOfGiven(session, options, { route, auth })
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
    federation: null,
    ...place,
  }
}

function given(key: Secret | null): Secret {
  if (!key) throw new ClawError('CLAW_INTERNAL', { what: 'a key went missing between two steps' })
  return key
}
