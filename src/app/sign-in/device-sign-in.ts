import { ClawError } from '../../core/errors.ts'
import { recordAt, type GrantClient, type PendingFlow } from '../../credentials/record.ts'
import type { Lease, Snapshot } from '../../credentials/store.ts'
import type { PollAnswer, StartedFlow } from '../../machines/device-flow.machine.ts'
import { criticalSection } from '../../platform/critical-section.ts'
import { pauseAt } from '../../platform/pause.ts'
import type { DeviceDialect, DeviceStart } from '../../protocols/oauth/device-dialect.ts'
import { exchangeInDoubt, exchangeOf, isUnprocessed } from './device-exchange.ts'
import { type DeviceTarget, type Granted, nothingPending, type Spoken, type StoredGrant } from './device-target.ts'
import { deviceWire } from './device-wire.ts'
import { ifFlowIsFree, whenFlowIsFree } from './flow-lease.ts'
import { overtakenSignIn } from './overtaken-sign-in.ts'
import { codeOf, FLOW_LEASE_MS, goneOn, paceOf, resumed, safetyMarginMs, startedFlow } from './pending-flow.ts'
import { machineAnswer } from './poll-answer.ts'
import type { Ports } from '../ports.ts'

/** How often something is asked that a page comes in place of (xAI's challenges, pi-ai 1.5.2, autumn 2026). */
export const PAGE_TRIES = 3
/** A start may be asked so often, and each request has its limit. */
const START_LEASE_MS = 110_000
const START_PAUSE_MS = 1_000
/** What the store's clock may differ from the timer that a poll was due by. */
const EARLY_MS = 250
/** How soon to look again for a poll that another process makes just now. */
const LOOK_AGAIN_MS = 1_000

/**
 * The effects of a device sign-in: each method is a port of its machine. The pending flow lives in the store, so that any
 * process may go on with it, and every poll is made under its lease.
 */
export class DeviceSignIn {
  readonly #ports: Ports
  readonly #target: DeviceTarget
  readonly #mayStart: boolean
  #mayResume: boolean
  /** An exchange that was in doubt when this command began: it alone repeats it, once. */
  #mayRepeat = false
  readonly #warnings: string[] = []
  #spoken: Promise<Spoken> | undefined
  #flowId = ''
  #generation = 0

  /** @param may `start` false: only a flow that already waits is gone on with. `resume` false: such a flow is replaced. */
  constructor(ports: Ports, target: DeviceTarget, may: { readonly start: boolean; readonly resume: boolean }) {
    this.#ports = ports
    this.#target = target
    this.#mayStart = may.start
    this.#mayResume = may.resume
  }

  /** Things to tell the person who approves. */
  get warnings(): readonly string[] {
    return this.#warnings
  }

  async requestCode(signal: AbortSignal): Promise<StartedFlow> {
    const { store, clock } = this.#ports
    return whenFlowIsFree(store, { slot: this.#target.slot, durationMs: START_LEASE_MS, signal }, async (lease) => {
      const snapshot = await store.read()
      this.#generation = recordAt(snapshot.records, this.#target.slot)?.generation ?? 0
      const pending = snapshot.flows.find((flow) => this.#isOurs(flow) && flow.expiresAt > snapshot.now)
      if (pending && this.#mayResume) {
        if (exchangeOf(pending) === 'sent') {
          if (this.#mayStart) throw exchangeInDoubt(null, this.#target.waitCommand)
          this.#mayRepeat = true
        }
        this.#flowId = pending.id
        return resumed(pending, snapshot.now, clock.now())
      }
      if (pending) await store.write({ type: 'remove_flow', id: pending.id, lease })
      if (!this.#mayStart) throw nothingPending(this.#target, this.#profilesThatWait(snapshot))
      await store.assertWritable()
      this.#mayResume = true
      return this.#start(lease, signal)
    })
  }

  pollToken(signal: AbortSignal): Promise<PollAnswer<Granted>> {
    return this.#ask('poll', signal)
  }

  /** What was approved is exchanged under a lease of its own. */
  exchangeCode(signal: AbortSignal): Promise<PollAnswer<Granted>> {
    return this.#ask('exchange', signal)
  }

  async #ask(step: 'poll' | 'exchange', signal: AbortSignal): Promise<PollAnswer<Granted>> {
    const polled = await ifFlowIsFree(this.#ports.store, { slot: this.#target.slot, durationMs: FLOW_LEASE_MS, signal }, (lease) =>
      this.#pollUnder(lease, step, signal),
    )
    return polled === 'busy' ? this.#pacedElsewhere(await this.#ports.store.read()) : polled.result
  }

  async rememberInterval(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { store } = this.#ports
    await whenFlowIsFree(store, { slot: this.#target.slot, durationMs: FLOW_LEASE_MS, signal }, async (lease) => {
      const snapshot = await store.read()
      const flow = this.#flowIn(snapshot)
      if (!flow) return
      const change = { intervalMs, nextPollInMs: intervalMs + safetyMarginMs(this.#target.auth), slowedDown: true }
      await store.write({ type: 'put_flow', lease, flow: goneOn(flow, snapshot.now, change) })
    })
  }

  async storeCredential(granted: Granted | null): Promise<StoredGrant> {
    if (!granted) throw new ClawError('CLAW_INTERNAL', { what: 'a sign-in ended without its credential' })
    if ('elsewhere' in granted) return { record: granted.elsewhere, changed: false }
    const write = { type: 'sign_in', slot: this.#target.slot, credential: granted.credential, flow: this.#flowId } as const
    // The code is used up: no signal may cut in before what it brought is durable.
    const { outcome, record } = await criticalSection(async () => {
      if (__TEST_HOOKS__) await pauseAt('device.granted')
      const written = await this.#ports.store.write(write)
      if (__TEST_HOOKS__) await pauseAt('device.stored')
      return written
    })
    if (outcome === 'refused') throw await overtakenSignIn(this.#ports.store, this.#target, await this.#target.revoke(granted.credential))
    if (!record) throw new ClawError('CLAW_INTERNAL', { what: 'the store has no record of a sign-in' })
    return { record, changed: true }
  }

  /** Forgets the pending flow; one that cannot be removed now expires by itself. */
  async discardCode(): Promise<void> {
    const { signal } = new AbortController()
    await ifFlowIsFree(this.#ports.store, { slot: this.#target.slot, durationMs: FLOW_LEASE_MS, signal }, (lease) =>
      this.#ports.store.write({ type: 'remove_flow', id: this.#flowId, lease }),
    )
  }

  async #start(lease: Lease, signal: AbortSignal): Promise<StartedFlow> {
    const { store, clock, random } = this.#ports
    const { slot, auth, region } = this.#target
    const { dialect, pinned } = await this.#speak(null)
    const started = await this.#firstAnswer(dialect, signal)
    const receivedAt = clock.now()
    if (__TEST_HOOKS__) await pauseAt('device.code-received')
    this.#warnings.push(...started.warnings)
    this.#flowId = random.uuid()
    const written = await store.write({ type: 'put_flow', lease, flow: startedFlow(this.#flowId, slot, auth, region, pinned, started) })
    if (written.outcome === 'refused')
      throw new ClawError('CLAW_LEASE_BUSY', { what: 'another process took the sign-in over while its code was asked for' })
    if (__TEST_HOOKS__) await pauseAt('device.flow-stored')
    return { code: codeOf(started, receivedAt), receivedAt, resumed: null }
  }

  async #firstAnswer(dialect: DeviceDialect, signal: AbortSignal): Promise<DeviceStart> {
    const { clock } = this.#ports
    for (let attempt = 1; ; attempt++) {
      const answer = await dialect.start(deviceWire(this.#ports, this.#target.auth, signal))
      if (answer.kind === 'started') return answer
      if (attempt === PAGE_TRIES) throw answer.error
      await clock.sleepUntil(clock.now() + attempt * START_PAUSE_MS, signal)
    }
  }

  async #pollUnder(lease: Lease, step: 'poll' | 'exchange', signal: AbortSignal): Promise<PollAnswer<Granted>> {
    const { store, clock } = this.#ports
    const { auth, signInCommand, waitCommand } = this.#target
    const snapshot = await store.read()
    const flow = this.#flowIn(snapshot)
    if (!flow || flow.nextPollAt > snapshot.now + EARLY_MS) return this.#pacedElsewhere(snapshot)
    const nextPollInMs = flow.intervalMs + safetyMarginMs(auth)
    const exchange = exchangeOf(flow)
    if (exchange && step === 'poll') return { kind: 'approved', at: clock.now() }
    if (exchange === 'sent' && !this.#mayRepeat) throw exchangeInDoubt(null, waitCommand)
    this.#mayRepeat = false
    await store.write({
      type: 'put_flow',
      lease,
      flow: goneOn(flow, snapshot.now, { nextPollInMs, exchange: exchange ? 'sent' : undefined }),
    })
    if (__TEST_HOOKS__) await pauseAt('device.poll-noted')
    const wire = deviceWire(this.#ports, auth, signal)
    const { dialect, credentialOf } = await this.#speak(flow.client)
    const sentAt = clock.now()
    const said = await machineAnswer(() => dialect.poll(wire, flow), { clock, signal, signInCommand })
    if (said.kind === 'granted')
      return { ...said, credential: { credential: { ...credentialOf(said.credential, wire.serverNow()), sentAgoMs: said.at - sentAt } } }
    if (exchange && (said.kind === 'unreachable' || said.kind === 'turnedAway')) {
      if (!isUnprocessed(said.error)) throw exchangeInDoubt(said.error, waitCommand)
      const engineNow = snapshot.now + (clock.now() - sentAt)
      await store.write({ type: 'put_flow', lease, flow: goneOn(flow, engineNow, { nextPollInMs, exchange: 'due' }) })
    }
    if (said.kind !== 'approved') return said
    const secrets = { ...flow.secrets, ...said.secrets }
    // Kept before it is used: an exchange whose answer is lost goes on from here, in any process.
    const kept = await store.write({
      type: 'put_flow',
      lease,
      flow: goneOn(flow, snapshot.now + (clock.now() - sentAt), { nextPollInMs: 0, secrets, exchange: 'due' }),
    })
    if (kept.outcome === 'refused') return this.#pacedElsewhere(await store.read())
    if (__TEST_HOOKS__) await pauseAt('device.approved')
    return { kind: 'approved', at: clock.now() }
  }

  /** The pace that another process keeps, or what it has brought the sign-in to. */
  #pacedElsewhere(snapshot: Snapshot): PollAnswer<Granted> {
    const at = this.#ports.clock.now()
    const flow = this.#flowIn(snapshot)
    if (flow) {
      const pace = paceOf(flow, snapshot.now, at)
      return { kind: 'notDue', at, ...pace, nextPollAt: Math.max(pace.nextPollAt, at + LOOK_AGAIN_MS) }
    }
    const record = recordAt(snapshot.records, this.#target.slot)
    if (record?.state === 'ok' && record.generation > this.#generation) return { kind: 'granted', at, credential: { elsewhere: record } }
    return { kind: 'refused', at, error: nothingPending(this.#target) }
  }

  #speak(pinned: GrantClient | null): Promise<Spoken> {
    this.#spoken ??= this.#target.speak(pinned)
    return this.#spoken
  }

  #flowIn({ flows }: Snapshot): PendingFlow | undefined {
    return flows.find(({ id }) => id === this.#flowId)
  }

  #profilesThatWait({ flows, now }: Snapshot): string[] {
    const { route } = this.#target.slot
    return flows.filter((flow) => flow.method === 'device' && flow.route === route && flow.expiresAt > now).map(({ profile }) => profile)
  }

  /** A flow of another method or region is another sign-in: its hosts are not asked for this one. */
  #isOurs(flow: PendingFlow): boolean {
    const { slot, auth, region } = this.#target
    const isHere = flow.route === slot.route && flow.profile === slot.profile
    return isHere && flow.method === 'device' && flow.auth === auth.id && flow.region === region
  }
}
