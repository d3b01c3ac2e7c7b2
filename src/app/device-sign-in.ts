import { ClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import type { CredentialRecord, NewCredential, PendingFlow, Slot } from '../credentials/record.ts'
import { isLease, type Lease, type Snapshot } from '../credentials/store.ts'
import type { DeviceCode, PollAnswer, StartedFlow } from '../machines/device-flow.machine.ts'
import { codeOf, FLOW_LEASE_MS, flowLeaseKey, resumed, startedFlow, stillPending } from './pending-flow.ts'
import { judgeDeviceAuthorization, judgeDevicePoll } from '../protocols/device-authorization.ts'
import { requestDeviceCode, requestDeviceToken } from '../protocols/device-request.ts'
import type { TokenGrant } from '../protocols/token-endpoint.ts'
import { criticalSection } from '../platform/critical-section.ts'
import type { AuthEntry } from '../providers/entry.ts'
import { keptFields } from './grant-terms.ts'
import type { OAuthClient } from './oauth-client.ts'
import type { Ports } from './ports.ts'

/** What a sign-in is for. */
export interface DeviceTarget {
  readonly slot: Slot
  readonly auth: AuthEntry
  readonly region: string | null
  readonly signInCommand: string
  /** Makes a credential of what was granted. */
  credentialOf(grant: TokenGrant, client: OAuthClient): NewCredential
}

/** What a granted poll brings: a credential, or the news that another process has stored it. */
export type Granted = { readonly credential: NewCredential } | { readonly elsewhere: CredentialRecord }

export interface StoredGrant {
  readonly record: CredentialRecord
  readonly changed: boolean
}

/**
 * The effects of a device sign-in: each method is a port of its machine. The pending flow lives in the store, so that any
 * process may go on with it, and every poll is made under its lease.
 */
export class DeviceSignIn {
  readonly #ports: Ports
  readonly #target: DeviceTarget
  readonly #client: () => Promise<OAuthClient>
  readonly #mayStart: boolean
  #mayResume: boolean
  readonly #warnings: string[] = []
  #flowId = ''
  #generation = 0

  /** @param may `start` false: only a flow that already waits is gone on with. `resume` false: such a flow is replaced. */
  constructor(
    ports: Ports,
    target: DeviceTarget,
    client: () => Promise<OAuthClient>,
    may: { readonly start: boolean; readonly resume: boolean },
  ) {
    this.#ports = ports
    this.#target = target
    this.#client = client
    this.#mayStart = may.start
    this.#mayResume = may.resume
  }

  /** Things to tell the person who approves. */
  get warnings(): readonly string[] {
    return this.#warnings
  }

  async requestCode(signal: AbortSignal): Promise<StartedFlow> {
    return this.#underLease(signal, async (lease) => {
      const snapshot = await this.#ports.store.read()
      this.#generation = this.#recordIn(snapshot)?.generation ?? 0
      const pending = snapshot.flows.find((flow) => this.#isOurs(flow) && flow.expiresAt > snapshot.now)
      if (pending && !this.#mayResume) await this.#ports.store.write({ type: 'remove_flow', id: pending.id, lease })
      else if (pending) {
        this.#flowId = pending.id
        return resumed(pending, snapshot.now, this.#ports.clock.now())
      }
      if (!this.#mayStart) throw nothingPending(this.#target)
      await this.#ports.store.assertWritable()
      this.#mayResume = true
      return this.#start(lease, signal)
    })
  }

  async pollToken(code: DeviceCode | null, secrets: Readonly<Record<string, Secret>>, signal: AbortSignal): Promise<PollAnswer<Granted>> {
    const { store, clock } = this.#ports
    const deviceCode = secrets.deviceCode
    if (!deviceCode || !code) throw new ClawError('CLAW_INTERNAL', { what: 'a poll had no device code' })
    const lease = await store.tryLease(this.#leaseKey, { durationMs: FLOW_LEASE_MS, purpose: 'sign-in', signal })
    if (!isLease(lease)) return { kind: 'pending', at: clock.now() }
    try {
      const snapshot = await store.read()
      const flow = snapshot.flows.find(({ id }) => id === this.#flowId)
      if (!flow) return this.#finishedElsewhere(snapshot)
      if (flow.nextPollAt > snapshot.now + 250)
        return { kind: 'pending', at: clock.now() - flow.intervalMs + (flow.nextPollAt - snapshot.now) }
      await store.write({ type: 'put_flow', lease, flow: stillPending(flow, snapshot.now, flow.intervalMs, flow.slowedDown) })
      return await this.#poll(deviceCode, signal)
    } finally {
      await store.release(lease)
    }
  }

  async rememberInterval(intervalMs: number, signal: AbortSignal): Promise<void> {
    await this.#underLease(signal, async (lease) => {
      const snapshot = await this.#ports.store.read()
      const flow = snapshot.flows.find(({ id }) => id === this.#flowId)
      if (flow) await this.#ports.store.write({ type: 'put_flow', lease, flow: stillPending(flow, snapshot.now, intervalMs, true) })
    })
  }

  async storeCredential(granted: Granted | null): Promise<StoredGrant> {
    if (!granted) throw new ClawError('CLAW_INTERNAL', { what: 'a sign-in ended without its credential' })
    if ('elsewhere' in granted) return { record: granted.elsewhere, changed: false }
    const { slot } = this.#target
    // The code is used up: no signal may cut in before what it brought is durable.
    const written = await criticalSection(() => this.#ports.store.write({ type: 'sign_in', slot, credential: granted.credential }))
    const { record } = written
    if (written.outcome === 'refused' || !record) throw new ClawError('CLAW_INTERNAL', { what: 'the store refused a sign-in' })
    await this.discardCode()
    return { record, changed: true }
  }

  /** Forgets the pending flow; one that cannot be removed now expires by itself. */
  async discardCode(): Promise<void> {
    const { store } = this.#ports
    const lease = await store.tryLease(this.#leaseKey, {
      durationMs: FLOW_LEASE_MS,
      purpose: 'sign-in',
      signal: new AbortController().signal,
    })
    if (!isLease(lease)) return
    try {
      await store.write({ type: 'remove_flow', id: this.#flowId, lease })
    } finally {
      await store.release(lease)
    }
  }

  get #leaseKey(): string {
    return flowLeaseKey(this.#target.slot)
  }

  async #start(lease: Lease, signal: AbortSignal): Promise<StartedFlow> {
    const { store, clock, random } = this.#ports
    const { slot, auth, region } = this.#target
    const client = await this.#client()
    if (!client.device)
      throw new ClawError('CLAW_CLIENT_REFUSED', {
        what: `the authorization server of \`${slot.route}\` has no device sign-in`,
        why: client.issuer ?? undefined,
      })
    const { scope, audience, resource } = client
    const answer = await requestDeviceCode(
      (request) => this.#ports.http.request(request),
      client.device,
      { scope, audience, resource },
      signal,
    )
    const receivedAt = clock.now()
    const grant = judgeDeviceAuthorization(answer, {
      tokenEndpoint: client.token.url,
      verificationHosts: client.verificationHosts,
      verificationUriMayBeEmpty: auth.verificationUriMayBeEmpty ?? false,
      defaultIntervalMs: auth.defaultIntervalS === undefined ? undefined : auth.defaultIntervalS * 1_000,
      defaultLifetimeMs: auth.expiresS === undefined ? undefined : auth.expiresS * 1_000,
    })
    this.#warnings.push(...grant.warnings)
    this.#flowId = random.uuid()
    const flow = startedFlow(this.#flowId, slot, auth, region, client.pinned, grant)
    await store.write({ type: 'put_flow', lease, flow })
    return { code: codeOf(grant, receivedAt), secrets: flow.secrets, receivedAt, resumed: null }
  }

  async #poll(deviceCode: Secret, signal: AbortSignal): Promise<PollAnswer<Granted>> {
    const { clock } = this.#ports
    const client = await this.#client()
    const sentAt = clock.now()
    try {
      const answer = await requestDeviceToken((request) => this.#ports.http.request(request), client.token, deviceCode, signal)
      const at = clock.now()
      const said = judgeDevicePoll(answer, clock.wall(), this.#target.auth.fatalPollErrors, keptFields(this.#target.auth))
      switch (said.kind) {
        case 'granted':
          return {
            kind: 'granted',
            at,
            credential: { credential: { ...this.#target.credentialOf(said.grant, client), sentAgoMs: at - sentAt } },
          }
        case 'slow_down':
          return { kind: 'slowDown', at, intervalMs: said.intervalMs ?? null }
        case 'failed':
          return { kind: 'refused', at, error: said.error }
        case 'unreachable':
          return {
            kind: 'unreachable',
            at,
            notBefore: null,
            error: new ClawError('CLAW_SERVER', { what: 'the token endpoint cannot answer just now', why: `status ${said.status}` }),
          }
        default:
          return { kind: said.kind, at }
      }
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof ClawError) || !['CLAW_NETWORK', 'CLAW_TIMEOUT'].includes(thrown.code)) throw thrown
      return { kind: 'unreachable', at: clock.now(), error: thrown, notBefore: null }
    }
  }

  #finishedElsewhere(snapshot: Snapshot): PollAnswer<Granted> {
    const record = this.#recordIn(snapshot)
    const at = this.#ports.clock.now()
    if (record?.state === 'ok' && record.generation > this.#generation) return { kind: 'granted', at, credential: { elsewhere: record } }
    return { kind: 'refused', at, error: nothingPending(this.#target) }
  }

  #recordIn(snapshot: Snapshot): CredentialRecord | undefined {
    const { route, profile, kind } = this.#target.slot
    return snapshot.records.find((record) => record.route === route && record.profile === profile && record.kind === kind)
  }

  #isOurs(flow: PendingFlow): boolean {
    const { route, profile } = this.#target.slot
    return flow.method === 'device' && flow.route === route && flow.profile === profile
  }

  async #underLease<Result>(signal: AbortSignal, work: (lease: Lease) => Promise<Result>): Promise<Result> {
    const { store } = this.#ports
    for (;;) {
      const lease = await store.tryLease(this.#leaseKey, { durationMs: FLOW_LEASE_MS, purpose: 'sign-in', signal })
      if (isLease(lease)) {
        try {
          return await work(lease)
        } finally {
          await store.release(lease)
        }
      }
      signal.throwIfAborted()
      await store.changed((await store.read()).revision, 500, signal)
    }
  }
}

function nothingPending({ slot, signInCommand }: DeviceTarget): ClawError {
  return new ClawError('CLAW_NOTHING_PENDING', { what: `no sign-in to \`${slot.route}\` is waiting for approval`, fix: signInCommand })
}
