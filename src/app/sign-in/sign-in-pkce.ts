import { fromPromise } from 'xstate'
import { ClawError } from '../../core/errors.ts'
import { type Kind, profileFlag } from '../../core/vocabulary.ts'
import { recordAt, type CredentialRecord } from '../../credentials/record.ts'
import { remainingMs } from '../../credentials/refresh-decision.ts'
import type { Snapshot } from '../../credentials/store.ts'
import { pkceMachine } from '../../machines/pkce.machine.ts'
import type { AuthorizationNotice } from '../../machines/pkce-words.ts'
import { KIND_OF } from '../../providers/auth-kinds.ts'
import { callbackPlaces } from './callback-place.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { chooseMethod, type MethodChoice, methodsOf } from './choose-method.ts'
import { installationId } from '../access/installation.ts'
import { oauthClient } from './oauth-client.ts'
import { pendingPkceIn } from './pending-pkce.ts'
import { PkceSignIn, type PkceTarget, type PkceWay, type Redeemed, type StoredSignIn } from './pkce-sign-in.ts'
import { revokeGranted } from './revoke-granted.ts'
import { runMachine } from '../run-machine.ts'
import type { Session } from '../session.ts'
import type { SignedIn } from './signed-in.ts'

export interface PkceOptions {
  readonly name: string
  readonly profile: string
  readonly way: PkceWay
  /** Repeat a sign-in whose credential is still good, with an address of its own. */
  readonly force: boolean
  /** Gives the next thing that was pasted, `null` after the last; absent: nothing is read. */
  readonly paste?: ((signal: AbortSignal) => Promise<string | null>) | undefined
  onAddress(notice: AuthorizationNotice, place: Pick<MethodChoice, 'route' | 'auth'>): void
  /** A paste that does not finish the sign-in, while the callback still may. */
  onPasteRefused(error: ClawError): void
}

export type PkceSignInResult =
  | SignedIn
  | { readonly state: 'handedOver'; readonly route: Route; readonly kind: Kind; readonly notice: AuthorizationNotice }

/**
 * Signs in with a browser that is somewhere else: by a callback on this machine, or by what somebody pastes, in this process
 * or in a later one.
 *
 * @throws {ClawError} `CLAW_METHOD_*`, `CLAW_LOGIN_BUSY`, `CLAW_DENIED`, `CLAW_CODE_EXPIRED`, `CLAW_DATA_INVALID`,
 * `CLAW_NOTHING_PENDING`, `CLAW_PROTOCOL`, `CLAW_NETWORK`, `CLAW_STORE_*`, and what the token endpoint says.
 */
export async function signInWithBrowser(session: Session, options: PkceOptions): Promise<PkceSignInResult> {
  const { ports, signal } = session
  const { way, name, profile, force } = options
  const snapshot = await ports.store.read()
  const { route, auth } =
    way === 'complete' ? pendingChoice(session, options, snapshot) : chooseMethod(session.catalogue, name, 'pkce', `--${way}`)
  const kind = KIND_OF[auth.kind]
  const slot = { provider: route.provider, route: route.id, profile, kind }
  const before = recordAt(snapshot.records, { route: route.id, profile, kind })
  const isPending = way !== 'browser' && pendingPkceIn(snapshot, slot, auth) !== undefined
  if (before && isGood(before, kind, snapshot.now) && !isPending && !force)
    return { state: 'granted', route, record: before, changed: false, before }

  const command = (flag: string) => `claw auth ${flag} ${name}${profileFlag(profile)}`
  const places = callbackPlaces(auth, ports.random)
  if (way === 'browser' && places.length === 0) throw noCallback(name, command('--paste'))
  const target: PkceTarget = {
    route,
    auth,
    slot,
    way,
    places,
    mayResume: !force,
    signInCommand: command(way === 'browser' ? '--browser' : '--paste'),
    pasteCommand: command('--paste'),
    client: (pinned) => oauthClient(session, route, auth, signal, pinned, 'sign-in'),
    revoke: ({ client, secrets }) => revokeGranted(session, { route, auth }, client, [secrets]),
    params: () => parametersOf(session, { ...auth.extraParams, ...auth.authorizeParams }),
    paste: options.paste ?? (async () => null),
  }
  const run = new PkceSignIn(ports, target)
  const { clock } = ports
  const machine = pkceMachine<Redeemed, StoredSignIn>().provide({
    actors: {
      openCallback: fromPromise(() => run.openCallback()),
      prepareRequest: fromPromise(({ signal: stop }) => run.prepareRequest(stop)),
      awaitCallback: fromPromise(({ signal: stop }) => run.awaitCallback(stop)),
      readPaste: fromPromise(({ signal: stop }) => run.readPaste(stop)),
      exchangeCode: fromPromise(({ input, signal: stop }) => run.exchangeCode(input.response, stop)),
      storeCredential: fromPromise(({ input }) => run.storeCredential(input.credential)),
      discardFlow: fromPromise(() => run.discardFlow()),
      sleepUntil: fromPromise(({ input, signal: stop }) => clock.sleepUntil(input.instant, stop)),
    },
  })
  try {
    const outcome = await runMachine(machine, {
      clock,
      input: {
        wait: way !== 'paste',
        listens: way === 'browser',
        reads: options.paste !== undefined,
        signInCommand: target.signInCommand,
      },
      signal,
      onEmit: (fact) =>
        fact.type === 'addressReady' ? options.onAddress(fact.notice, { route, auth }) : options.onPasteRefused(fact.error),
    })
    if (!outcome.ok) throw outcome.error
    if (outcome.state === 'handedOver') return { state: 'handedOver', route, kind, notice: outcome.notice }
    return { state: 'granted', route, record: outcome.stored.record, changed: outcome.stored.changed, before }
  } finally {
    await run.close()
  }
}

/** A minted key has no end; a key that was given by hand is no reason not to mint one. */
function isGood(record: CredentialRecord, kind: Kind, now: number): boolean {
  if (record.state !== 'ok' || (kind === 'api_key' && record.method !== 'pkce')) return false
  return record.refreshable || remainingMs(record, now) > 0
}

/** `complete` names a provider, and whatever waits under any of its routes is meant; a finished one is found too. */
function pendingChoice({ catalogue }: Session, { name, profile }: PkceOptions, snapshot: Snapshot): MethodChoice {
  const choices = methodsOf(catalogue.find(name)).filter(({ method }) => method === 'pkce')
  const waiting = choices.find(({ route, auth }) => pendingPkceIn(snapshot, { route: route.id, profile }, auth))
  const finished = choices.find(({ route, auth }) =>
    snapshot.records.some(
      (record) =>
        record.route === route.id &&
        record.profile === profile &&
        record.method === 'pkce' &&
        record.auth === auth.id &&
        isGood(record, record.kind, snapshot.now),
    ),
  )
  const choice = waiting ?? finished
  if (choice?.auth.enabled) return choice
  if (choice) return chooseMethod(catalogue, choice.route.id, 'pkce')
  throw new ClawError('CLAW_NOTHING_PENDING', {
    what: `no sign-in to \`${name}\` waits to be completed`,
    fix: choices.length > 0 ? `claw auth --paste ${name}${profileFlag(profile)}` : 'claw auth list',
  })
}

/** Placeholders of the parameters: what the server wants to know of this installation. */
async function parametersOf(session: Session, params: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const wantsId = Object.values(params).some((value) => value.includes('{installation_uuid}'))
  const id = wantsId ? await installationId(session) : ''
  const expand = (value: string) => value.replaceAll('{installation_uuid}', id).replaceAll('{version}', session.ports.version)
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, expand(value)]))
}

function noCallback(name: string, fix: string): ClawError {
  return new ClawError('CLAW_METHOD_UNSUPPORTED', {
    what: `the sign-in to \`${name}\` does not come back to this machine`,
    why: 'its redirect URI is no address on loopback',
    fix,
  })
}
