import type { ClawError } from '../../core/errors.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import { fingerprintOf } from '../../credentials/next-record.ts'
import { isLease, type Lease, type LeaseOwner } from '../../credentials/store.ts'
import type { AskOutcome, DerivedReading } from '../../machines/derivation.machine.ts'
import type { AskAnswer, Learnt } from './ask-provider.ts'
import { type DerivationPorts, type DerivationSettings, type Derived, type DerivedWish, verdictOf } from './derivation.ts'
import { awaitNextLook, retryAtOf } from '../refresh/pacing.ts'
import { goneError } from '../refresh/refresh-errors.ts'
import type { RefreshPorts } from '../refresh/refresh-ports.ts'

/**
 * The effects of a derivation whose result lies in a record of the store, for every process to find: each method is a port of
 * its machine. It is made under the lease of the grant, so that no refresh changes what it is minted from meanwhile.
 */
export class DerivationRun implements DerivationPorts {
  readonly #ports: Pick<RefreshPorts, 'store' | 'clock' | 'random'>
  readonly #settings: DerivationSettings
  readonly #recordId: string
  readonly #wish: DerivedWish
  readonly #ask: (record: CredentialRecord, signal: AbortSignal) => Promise<AskAnswer>
  #first: string | undefined
  #revision = ''
  #record: CredentialRecord | undefined
  #lease: Lease | undefined
  #owner: LeaseOwner | null = null
  #answer: { readonly learnt: Learnt; readonly receivedAt: number } | undefined

  constructor(
    ports: Pick<RefreshPorts, 'store' | 'clock' | 'random'>,
    settings: DerivationSettings,
    recordId: string,
    wish: DerivedWish,
    ask: (record: CredentialRecord, signal: AbortSignal) => Promise<AskAnswer>,
  ) {
    this.#ports = ports
    this.#settings = settings
    this.#recordId = recordId
    this.#wish = wish
    this.#ask = ask
  }

  get owner(): LeaseOwner | null {
    return this.#owner
  }

  /** The record as it was read or written last. */
  get record(): CredentialRecord | undefined {
    return this.#record
  }

  get derived(): Derived | undefined {
    const record = this.#record
    const facts = record?.derived[this.#settings.name]
    if (!record || !facts || facts.generation !== record.generation) return undefined
    const { expiresAt, lifetimeMs, baseUrl } = facts
    return { secret: record.secrets?.derived?.[this.#settings.name] ?? null, expiresAt, lifetimeMs, baseUrl, account: record.account }
  }

  async readDerived(): Promise<DerivedReading> {
    const snapshot = await this.#ports.store.read()
    this.#revision = snapshot.revision
    this.#record = snapshot.records.find(({ id }) => id === this.#recordId)
    const gone: ClawError | null = this.#record?.secrets ? null : goneError(this.#settings.signInCommand)
    if (gone) return { verdict: 'gone', error: gone, isNewer: false }
    const { derived } = this
    const identity = derived ? `${derived.expiresAt} ${derived.secret ? fingerprintOf(derived.secret) : derived.baseUrl}` : ''
    this.#first ??= identity
    const isNewer = identity !== this.#first
    return { verdict: verdictOf(derived, snapshot.now, this.#settings, isNewer ? {} : this.#wish), error: null, isNewer }
  }

  async takeLease(signal: AbortSignal): Promise<'taken' | 'busy'> {
    const { leaseMs } = this.#settings
    const taken = await this.#ports.store.tryLease(this.#recordId, { durationMs: leaseMs, purpose: 'derivation', signal })
    this.#owner = isLease(taken) ? null : taken.busy
    if (!isLease(taken)) return 'busy'
    this.#lease = taken
    return 'taken'
  }

  awaitChange(until: number, signal: AbortSignal): Promise<'changed' | 'out_of_patience'> {
    return awaitNextLook(this.#ports, this.#revision, until, signal)
  }

  async ask(signal: AbortSignal): Promise<AskOutcome> {
    if (!this.#record) throw goneError(this.#settings.signInCommand)
    const answer = await this.#ask(this.#record, signal)
    if (answer.kind === 'busy') return { kind: 'busy', error: answer.error, retryAt: retryAtOf(answer.retryAfterMs, this.#ports) }
    this.#answer = { learnt: answer.learnt, receivedAt: this.#ports.clock.now() }
    return { kind: 'answered' }
  }

  async storeDerived(): Promise<'stored' | 'moved_on'> {
    const [answer, lease, record] = [this.#answer, this.#lease, this.#record]
    if (!answer || !lease || !record) return 'moved_on'
    const { secret, lifetimeMs, sentAgoMs, baseUrl, account } = answer.learnt
    const written = await this.#ports.store.write({
      type: 'derived',
      id: record.id,
      lease,
      generation: record.generation,
      name: this.#settings.name,
      secret,
      lifetimeMs,
      sentAgoMs: sentAgoMs + (this.#ports.clock.now() - answer.receivedAt),
      baseUrl,
      account,
    })
    if (written.outcome !== 'written' || !written.record) return 'moved_on'
    this.#record = written.record
    return 'stored'
  }

  async releaseLease(): Promise<void> {
    const lease = this.#lease
    this.#lease = undefined
    if (lease) await this.#ports.store.release(lease)
  }
}
