import { fromPromise } from 'xstate'
import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { unkept, wasPresented } from '../../credentials/exchange-writes.ts'
import { fingerprintOf } from '../../credentials/next-record.ts'
import type { CredentialRecord, NewCredential } from '../../credentials/record.ts'
import { isLease, type Lease, type LeaseOwner } from '../../credentials/store.ts'
import type { AskOutcome, DerivedReading } from '../../machines/derivation.machine.ts'
import { type ExchangeOutcome, identityMachine } from '../../machines/identity.machine.ts'
import { pauseAt } from '../../platform/pause.ts'
import { type DerivationPorts, type DerivationSettings, type Derived, type DerivedWish, verdictOf } from '../access/derivation.ts'
import { held } from '../held.ts'
import type { Ports } from '../ports.ts'
import { awaitNextLook, retryAtOf } from '../refresh/pacing.ts'
import { runMachine } from '../run-machine.ts'
import type { ExchangeWire } from './exchange-wire.ts'
import type { Federation } from './federation.ts'
import { leaseTooShort, lostError, movedOnError, principalError, spentError, unusedError, usedUp } from './identity-errors.ts'
import type { JobToken } from './job-token.ts'
import { mintedCredential } from './minted-credential.ts'

/** What an exchange works with. */
export interface IdentityTools {
  readonly ports: Pick<Ports, 'store' | 'clock' | 'random'>
  readonly wire: ExchangeWire
  readonly settings: Pick<DerivationSettings, 'isMinted' | 'marginMs' | 'leaseMs'>
  readonly requestTimeoutMs: number
  /** Reads the job's own token and judges it. */
  obtain(signal: AbortSignal): Promise<JobToken>
  judge(token: JobToken, signal: AbortSignal): Promise<void>
}

/**
 * The effects of one exchange for all processes: the ports of the derivation machine, which makes it one owner's work, and
 * inside its lease those of the identity machine.
 */
export class IdentityRun implements DerivationPorts {
  readonly #federation: Federation
  readonly #tools: IdentityTools
  readonly #wish: DerivedWish
  readonly #signal: AbortSignal
  #revision = ''
  #first: number | undefined
  #records: readonly CredentialRecord[] = []
  #record: CredentialRecord | undefined
  #lease: Lease | undefined
  #owner: LeaseOwner | null = null
  #token: JobToken | undefined
  #answer:
    | { readonly credential: NewCredential; readonly principal: Readonly<Record<string, string>>; readonly receivedAt: number }
    | undefined
  #losses = 0
  #unkept: ClawError | undefined

  constructor(federation: Federation, tools: IdentityTools, wish: DerivedWish, signal: AbortSignal) {
    this.#federation = federation
    this.#tools = tools
    this.#wish = wish
    this.#signal = signal
  }

  get owner(): LeaseOwner | null {
    return this.#owner
  }

  /** The record as it was read or written last. */
  get record(): CredentialRecord | undefined {
    return this.#record
  }

  /** Why the store did not take what the exchange brought. */
  get unkept(): ClawError | undefined {
    return this.#unkept
  }

  get derived(): Derived | undefined {
    const record = this.#record
    if (!record?.secrets) return undefined
    const { expiresAt, lifetimeMs, account, secrets } = record
    return { secret: secrets.access, expiresAt, lifetimeMs, baseUrl: null, account }
  }

  async readDerived(): Promise<DerivedReading> {
    const snapshot = await this.#tools.ports.store.read()
    this.#revision = snapshot.revision
    this.#records = snapshot.records
    this.#record = snapshot.records.find(({ id }) => id === this.#federation.recordId)
    const generation = this.#record?.generation ?? 0
    this.#first ??= generation
    const isNewer = generation > this.#first
    return { verdict: verdictOf(this.derived, snapshot.now, this.#tools.settings, isNewer ? {} : this.#wish), error: null, isNewer }
  }

  async takeLease(signal: AbortSignal): Promise<'taken' | 'busy'> {
    const { leaseMs } = this.#tools.settings
    const taken = await this.#tools.ports.store.tryLease(this.#federation.recordId, { durationMs: leaseMs, purpose: 'exchange', signal })
    this.#owner = isLease(taken) ? null : taken.busy
    if (!isLease(taken)) return 'busy'
    this.#lease = taken
    if (__TEST_HOOKS__) await pauseAt('exchange.lease-taken')
    return 'taken'
  }

  awaitChange(until: number, signal: AbortSignal): Promise<'changed' | 'out_of_patience'> {
    return awaitNextLook(this.#tools.ports, this.#revision, until, signal)
  }

  async ask(): Promise<AskOutcome> {
    const { ports, wire } = this.#tools
    const machine = identityMachine.provide({
      actors: {
        obtainToken: fromPromise(async ({ signal }) => {
          this.#token = await this.#tools.obtain(signal)
        }),
        judgeToken: fromPromise(({ signal }) => this.#judgeToken(signal)),
        connect: fromPromise(({ signal }) => wire.connect(signal)),
        notePresented: fromPromise(() => this.#notePresented()),
        exchangeToken: fromPromise(({ signal }) => this.#exchange(signal)),
        withdraw: fromPromise(() => this.#withdraw()),
        sleepUntil: fromPromise(({ input, signal }) => ports.clock.sleepUntil(input.instant, signal)),
      },
    })
    const end = await runMachine(machine, {
      clock: ports.clock,
      input: {
        mayObtainAnother: this.#federation.isFresh && this.#losses === 0,
        movedOnError: movedOnError(this.#federation),
        cancelledError: new ClawError('CLAW_CANCELLED', { what: 'the exchange was cancelled' }),
      },
      signal: this.#signal,
    })
    if (!end.ok) throw end.error
    return end.end === 'answered' ? { kind: 'answered' } : { kind: 'busy', error: end.error, retryAt: end.retryAt }
  }

  async storeDerived(): Promise<'stored' | 'moved_on'> {
    const { credential, principal, receivedAt } = held(this.#answer, 'answer')
    const { clock, store } = this.#tools.ports
    const aged = { ...credential, sentAgoMs: credential.sentAgoMs + (clock.now() - receivedAt) }
    try {
      const written = await store.write({
        type: 'exchanged',
        id: this.#federation.recordId,
        generation: this.#record?.generation ?? 0,
        sha256: fingerprintOf(this.#subject()),
        credential: aged,
        principal,
      })
      if (__TEST_HOOKS__) await pauseAt('exchange.stored')
      if (written.outcome !== 'written' || !written.record) return 'moved_on'
      this.#record = written.record
    } catch (thrown) {
      if (!(thrown instanceof ClawError) || thrown.exit.name !== 'STORE') throw thrown
      // The job's token is spent on it: it cannot be had again.
      this.#unkept = thrown
      this.#record = unkept(held(this.#record, 'record'), aged, clock.wall())
    }
    return 'stored'
  }

  async releaseLease(): Promise<void> {
    this.#tools.wire.close()
    const lease = this.#lease
    this.#lease = undefined
    if (lease) await this.#tools.ports.store.release(lease)
  }

  /** Two rules of one vendor are asked by two tokens, where it takes each once. */
  get #isTakenOnce(): boolean {
    return this.#federation.rules.jtiSingleUse === 'default-on'
  }

  async #judgeToken(signal: AbortSignal): Promise<void> {
    const token = held(this.#token, 'token')
    const sha256 = fingerprintOf(token.secret)
    const { route } = this.#federation
    const noted = this.#isTakenOnce ? this.#records : this.#record ? [this.#record] : []
    if (wasPresented(noted, route.id, sha256)) throw spentError(this.#federation, this.#wish)
    await this.#tools.judge(token, signal)
  }

  async #notePresented(): Promise<'noted' | 'moved_on'> {
    const { route, auth, profile, recordId } = this.#federation
    const lease = held(this.#lease, 'lease')
    const { secret, endsInMs } = held(this.#token, 'token')
    const written = await this.#tools.ports.store.write({
      type: 'presented',
      id: recordId,
      slot: { provider: route.provider, route: route.id, profile, kind: 'identity' },
      auth: auth.id,
      lease,
      generation: this.#record?.generation ?? 0,
      sha256: fingerprintOf(secret),
      endsInMs,
      isTakenOnce: this.#isTakenOnce,
    })
    if (written.outcome !== 'written') return 'moved_on'
    this.#record = written.record ?? this.#record
    if (__TEST_HOOKS__) await pauseAt('exchange.noted')
    return 'noted'
  }

  async #exchange(signal: AbortSignal): Promise<ExchangeOutcome> {
    const { ports, wire, requestTimeoutMs } = this.#tools
    if (held(this.#lease, 'lease').remainingMs() <= requestTimeoutMs)
      return { kind: 'not_processed', error: leaseTooShort(), retryAt: ports.clock.now() }
    const verdict = await wire.exchange(this.#subject(), held(this.#token, 'token').endsInMs, signal)
    if (__TEST_HOOKS__) await pauseAt('exchange.answer-received')
    switch (verdict.kind) {
      case 'granted': {
        const before = this.#record?.exchange?.principal ?? {}
        const changed = Object.keys(before).filter((name) => verdict.principal[name] !== before[name])
        if (changed.length > 0) throw principalError(this.#federation, changed)
        this.#answer = {
          credential: mintedCredential(this.#federation, verdict, wire.url),
          principal: verdict.principal,
          receivedAt: ports.clock.now(),
        }
        return { kind: 'answered' }
      }
      case 'not_processed':
        return { kind: 'not_processed', error: unusedError(verdict.error), retryAt: retryAtOf(verdict.retryAfterMs, ports) }
      case 'lost':
        this.#losses += 1
        return { kind: 'lost', error: lostError(this.#federation, verdict.error), retryAt: ports.clock.now() }
      case 'broken':
        throw usedUp(this.#federation, verdict.error)
      default:
        throw verdict.error
    }
  }

  async #withdraw(): Promise<void> {
    await this.#tools.ports.store.write({ type: 'withdrawn', id: this.#federation.recordId, sha256: fingerprintOf(this.#subject()) })
  }

  #subject(): Secret {
    return held(this.#token, 'token').secret
  }
}
