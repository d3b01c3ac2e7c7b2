import { recordAt } from '../../credentials/record.ts'
import { fromPromise } from 'xstate'
import { ClawError } from '../../core/errors.ts'
import { DEFAULT_PROFILE } from '../../core/vocabulary.ts'
import { remainingMs } from '../../credentials/refresh-decision.ts'
import { type DeviceCode, deviceFlowMachine } from '../../machines/device-flow.machine.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { chooseMethod, type MethodChoice, methodsOf } from './choose-method.ts'
import { deviceDialect } from './device-dialect.ts'
import { DeviceSignIn, PAGE_TRIES } from './device-sign-in.ts'
import type { DeviceTarget, Granted, StoredGrant } from './device-target.ts'
import { credentialOf } from './grant-credential.ts'
import { type OAuthClient, oauthClient } from './oauth-client.ts'
import { safetyMarginMs } from './pending-flow.ts'
import { revokeGranted } from './revoke-granted.ts'
import { runMachine } from '../run-machine.ts'
import type { Session } from '../session.ts'
import type { SignedIn } from './signed-in.ts'
import { goOnCommand, signInCommand as commandOf } from './sign-in-command.ts'

export interface DeviceOptions {
  readonly name: string
  readonly profile: string
  /** False: store the pending flow and end. */
  readonly wait: boolean
  /** Repeat a sign-in whose credential is still good. */
  readonly force: boolean
  /** Only go on with a flow that waits already. */
  readonly resumeOnly: boolean
  onCode(code: DeviceCode, about: { readonly route: Route; readonly auth: AuthEntry; readonly warnings: readonly string[] }): void
  onPending(waiting: { readonly at: number; readonly expiresAt: number }): void
}

export type DeviceSignInResult = SignedIn | { readonly state: 'handedOver'; readonly route: Route; readonly code: DeviceCode }

/**
 * Signs in by a device code that somebody approves elsewhere (RFC 8628).
 *
 * One that is cancelled, by a signal or a limit, leaves its flow in the store until its code has ended: `auth wait` and a
 * second sign-in go on with it. Only a sign-out, `force`, a denial or the end of the code removes it.
 *
 * @throws {ClawError} `CLAW_METHOD_*`, `CLAW_DENIED`, `CLAW_CODE_EXPIRED`, `CLAW_PROTOCOL`, `CLAW_NETWORK`, `CLAW_STORE_*`, `CLAW_NOTHING_PENDING`.
 */
export async function signInWithDevice(session: Session, options: DeviceOptions): Promise<DeviceSignInResult> {
  const { ports, signal } = session
  const choice = options.resumeOnly ? pendingChoice(session, options.name) : chooseMethod(session.catalogue, options.name, 'device')
  const { route, auth } = choice
  const signInCommand = commandOf({ method: 'device', route: options.name, profile: options.profile })
  const snapshot = await ports.store.read()
  const before = recordAt(snapshot.records, { route: route.id, profile: options.profile, kind: 'oauth' })
  const isPending = snapshot.flows.some(
    (flow) => flow.method === 'device' && flow.route === route.id && flow.profile === options.profile && flow.expiresAt > snapshot.now,
  )
  const isGood = before?.state === 'ok' && (before.refreshable || remainingMs(before, snapshot.now) > 0)
  if (before && isGood && !isPending && !options.force) return { state: 'granted', route, record: before, changed: false, before }

  const target: DeviceTarget = {
    slot: { provider: route.provider, route: route.id, profile: options.profile, kind: 'oauth' },
    auth,
    region: route.region,
    signInCommand,
    waitCommand: goOnCommand({ method: 'device', route: options.name, profile: options.profile }),
    revoke: ({ client, secrets }) => revokeGranted(session, choice, client, [secrets]),
    async speak(pinned) {
      const client = pinned
        ? pinnedTo(await oauthClient(session, route, auth, signal, pinned, 'sign-in'))
        : await oauthClient(session, route, auth, signal)
      return {
        dialect: deviceDialect(client, auth, notEnabledFix(session, options.name, auth)),
        pinned: client.pinned,
        credentialOf: (grant, serverNow) => credentialOf(route, auth, grant, client, 'device', serverNow),
      }
    },
  }
  const run = new DeviceSignIn(ports, target, { start: !options.resumeOnly, resume: !options.force })
  const { clock } = ports
  const machine = deviceFlowMachine<Granted, StoredGrant>().provide({
    actors: {
      requestCode: fromPromise(({ signal: stop }) => run.requestCode(stop)),
      pollToken: fromPromise(({ signal: stop }) => run.pollToken(stop)),
      exchangeCode: fromPromise(({ signal: stop }) => run.exchangeCode(stop)),
      rememberInterval: fromPromise(({ input, signal: stop }) => run.rememberInterval(input.intervalMs, stop)),
      storeCredential: fromPromise(({ input }) => run.storeCredential(input.credential)),
      discardCode: fromPromise(() => run.discardCode()),
      sleepUntil: fromPromise(({ input, signal: stop }) => clock.sleepUntil(input.instant, stop)),
    },
  })
  const outcome = await runMachine(machine, {
    clock,
    input: {
      wait: options.wait,
      waitBeforeFirstPoll: auth.waitBeforeFirstPoll ?? true,
      safetyMarginMs: safetyMarginMs(auth),
      pagesTaken: PAGE_TRIES - 1,
      signInCommand,
    },
    signal,
    onEmit: (fact) => {
      if (fact.type === 'codeReady') options.onCode(fact.code, { route, auth, warnings: run.warnings })
      else options.onPending(fact)
    },
  })
  if (!outcome.ok) throw outcome.error
  if (outcome.state === 'handedOver') return { state: 'handedOver', route, code: outcome.code }
  return { state: 'granted', route, record: outcome.stored.record, changed: outcome.stored.changed, before }
}

/** The client of a flow that is gone on with: what was asked of one server is asked of no other (S-42). */
function pinnedTo(client: OAuthClient): OAuthClient {
  // The start is over, so that a server found by discovery need not be asked for its other endpoint.
  return { ...client, device: client.device ?? client.token }
}

/** What helps where a provider has device sign-in switched off: the switch, or another way in. */
function notEnabledFix({ catalogue }: Session, name: string, auth: AuthEntry): string | undefined {
  const others = methodsOf(catalogue.find(name)).filter((choice) => choice.method !== 'device' && choice.auth.enabled)
  const other = others[0] && `run \`${commandOf({ method: others[0].method, route: name, profile: DEFAULT_PROFILE })}\``
  const ways = [auth.notEnabledHint, other].filter((way) => way !== undefined)
  return ways.length > 0 ? ways.join(', or ') : undefined
}

/** `wait` names a provider, and whatever waits there is meant; a provider without the method has nothing waiting. */
function pendingChoice(session: Session, name: string): MethodChoice {
  try {
    return chooseMethod(session.catalogue, name, 'device')
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || thrown.code !== 'CLAW_METHOD_UNSUPPORTED') throw thrown
    throw new ClawError('CLAW_NOTHING_PENDING', {
      what: `no sign-in to \`${name}\` is waiting for approval`,
      why: thrown.message,
      fix: 'claw auth list',
    })
  }
}
