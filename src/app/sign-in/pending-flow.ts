import type { Secret } from '../../core/secret.ts'
import type { GrantClient, PendingFlow, Slot } from '../../credentials/record.ts'
import type { NewFlow } from '../../credentials/store.ts'
import type { DeviceCode, StartedFlow } from '../../machines/device-flow.machine.ts'
import type { StoredPace } from '../../machines/device-poll.ts'
import type { DeviceStart } from '../../protocols/oauth/device-dialect.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Exchange } from './device-exchange.ts'

/** The key of the lease under which a sign-in is gone on with, by any process. */
export function flowLeaseKey({ route, profile }: Pick<Slot, 'route' | 'profile'>): string {
  return `flow:${route}@${profile}`
}

/** A flow's lease is held for one exchange with the server, never while somebody is waited for. */
export const FLOW_LEASE_MS = 40_000

/** What every wait for an approval has on top (see `safetyMarginS` of the entry), ms. */
export function safetyMarginMs({ safetyMarginS }: Pick<AuthEntry, 'safetyMarginS'>): number {
  return (safetyMarginS ?? 0) * 1_000
}

/** The record of a sign-in that was just started: durations, which the store's clock makes instants of. */
export function startedFlow(
  id: string,
  slot: Slot,
  auth: AuthEntry,
  region: string | null,
  client: GrantClient,
  started: DeviceStart,
): NewFlow {
  return {
    id,
    provider: slot.provider,
    route: slot.route,
    profile: slot.profile,
    method: 'device',
    auth: auth.id,
    userCode: started.userCode,
    verificationUri: started.verificationUri,
    verificationUriComplete: started.verificationUriComplete,
    expiresInMs: started.lifetimeMs,
    intervalMs: started.intervalMs,
    nextPollInMs: auth.waitBeforeFirstPoll === false ? 0 : started.intervalMs + safetyMarginMs(auth),
    startedAgoMs: 0,
    slowedDown: false,
    region,
    client: { ...client, redirectUri: auth.redirectUri ?? null },
    secrets: started.secrets,
    unknown: {},
  }
}

/** What a poll changes of a flow. */
interface FlowChange {
  readonly nextPollInMs: number
  readonly intervalMs?: number
  readonly slowedDown?: boolean
  readonly secrets?: Readonly<Record<string, Secret>>
  readonly exchange?: Exchange | undefined
}

/** The same flow with another pace, or with what a poll brought. */
export function goneOn(flow: PendingFlow, engineNow: number, { exchange, ...change }: FlowChange): NewFlow {
  const { expiresAt, nextPollAt: _, startedAt, ...known } = flow
  const unknown = exchange === undefined ? flow.unknown : { ...flow.unknown, exchange }
  return { ...known, expiresInMs: expiresAt - engineNow, startedAgoMs: engineNow - startedAt, ...change, unknown }
}

/** A stored flow as its machine wants it: instants by the clock of this process. */
export function resumed(flow: PendingFlow, engineNow: number, now: number): StartedFlow {
  const { userCode, verificationUri, verificationUriComplete, intervalMs } = flow
  return {
    code: { userCode, verificationUri, verificationUriComplete, intervalMs, expiresAt: now + (flow.expiresAt - engineNow) },
    receivedAt: now,
    resumed: paceOf(flow, engineNow, now),
  }
}

/** The pace of a stored flow by the clock of this process. */
export function paceOf({ intervalMs, nextPollAt, slowedDown }: PendingFlow, engineNow: number, now: number): StoredPace {
  return { intervalMs, nextPollAt: now + (nextPollAt - engineNow), slowedDown }
}

export function codeOf(started: DeviceStart, receivedAt: number): DeviceCode {
  const { userCode, verificationUri, verificationUriComplete, intervalMs, lifetimeMs } = started
  return { userCode, verificationUri, verificationUriComplete, intervalMs, expiresAt: receivedAt + lifetimeMs }
}
