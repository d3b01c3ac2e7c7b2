import type { GrantClient, PendingFlow, Slot } from '../credentials/record.ts'
import type { NewFlow } from '../credentials/store.ts'
import type { DeviceCode, StartedFlow } from '../machines/device-flow.machine.ts'
import type { DeviceAuthorization } from '../protocols/device-authorization.ts'
import type { AuthEntry } from '../providers/entry.ts'

/** The key of the lease under which a sign-in is gone on with, by any process. */
export function flowLeaseKey({ route, profile }: Pick<Slot, 'route' | 'profile'>): string {
  return `flow:${route}@${profile}`
}

/** A flow's lease is held for one exchange with the server, never while somebody is waited for. */
export const FLOW_LEASE_MS = 40_000

/** The record of a sign-in that was just started: durations, which the store's clock makes instants of. */
export function startedFlow(
  id: string,
  slot: Slot,
  auth: AuthEntry,
  region: string | null,
  client: GrantClient,
  grant: DeviceAuthorization,
): NewFlow {
  return {
    id,
    provider: slot.provider,
    route: slot.route,
    profile: slot.profile,
    method: 'device',
    auth: auth.id,
    userCode: grant.userCode,
    verificationUri: grant.verificationUri,
    verificationUriComplete: grant.verificationUriComplete,
    expiresInMs: grant.lifetimeMs,
    intervalMs: grant.intervalMs,
    nextPollInMs: auth.waitBeforeFirstPoll === false ? 0 : grant.intervalMs,
    startedAgoMs: 0,
    slowedDown: false,
    region,
    client: { ...client, redirectUri: null },
    secrets: { deviceCode: grant.deviceCode },
    unknown: {},
  }
}

/** The same flow with its next poll one interval away. */
export function stillPending(flow: PendingFlow, engineNow: number, intervalMs: number, slowedDown: boolean): NewFlow {
  const { expiresAt, nextPollAt: _, startedAt, ...known } = flow
  return {
    ...known,
    intervalMs,
    slowedDown,
    expiresInMs: expiresAt - engineNow,
    nextPollInMs: intervalMs,
    startedAgoMs: engineNow - startedAt,
  }
}

/** A stored flow as its machine wants it: instants by the clock of this process. */
export function resumed(flow: PendingFlow, engineNow: number, now: number): StartedFlow {
  const here = (instant: number) => now + (instant - engineNow)
  const { userCode, verificationUri, verificationUriComplete, intervalMs } = flow
  return {
    code: { userCode, verificationUri, verificationUriComplete, intervalMs, expiresAt: here(flow.expiresAt) },
    secrets: flow.secrets,
    receivedAt: now,
    resumed: { nextPollAt: here(flow.nextPollAt), slowedDown: flow.slowedDown },
  }
}

export function codeOf(grant: DeviceAuthorization, receivedAt: number): DeviceCode {
  const { userCode, verificationUri, verificationUriComplete, intervalMs, lifetimeMs } = grant
  return { userCode, verificationUri, verificationUriComplete, intervalMs, expiresAt: receivedAt + lifetimeMs }
}
