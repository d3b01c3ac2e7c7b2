import { ClawError } from '../core/errors.ts'
import { formatInstant } from '../core/duration.ts'
import { Secret } from '../core/secret.ts'
import type { CredentialRecord, Intent, NewCredential } from '../credentials/record.ts'
import { decideRefresh, fits, type Verdict, type Wish } from '../credentials/refresh-decision.ts'
import {
  isLease,
  type AnswerSpool,
  type CredentialStore,
  type Lease,
  type LeaseOwner,
  type Reservation,
  type SavedAnswer,
  type Snapshot,
} from '../credentials/store.ts'
import type { GrantReading, SendOutcome } from '../machines/refresh.machine.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { pauseAt } from '../platform/pause.ts'

/** What a token request needs of the outside; the wire itself is behind it. */
export interface TokenWire {
  /** Connects, TLS included, without sending. */
  connect(signal: AbortSignal): Promise<void>
  /** Sends the one refresh request over that connection and judges the answer. */
  refresh(refreshToken: Secret, signal: AbortSignal): Promise<WireAnswer>
  close(): void
}

export type WireAnswer =
  | { readonly kind: 'granted'; readonly credential: NewCredential }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'not_processed'; readonly error: ClawError; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly error: ClawError }
  | { readonly kind: 'lost'; readonly error: ClawError }

export interface RefreshPorts {
  readonly store: CredentialStore
  readonly spool: AnswerSpool
  readonly clock: Clock
  readonly random: Random
}

export interface RefreshSettings {
  readonly leaseMs: number
  readonly requestTimeoutMs: number
  /** What to type when only a new sign-in helps. */
  readonly signInCommand: string
}

/** A waiter looks again after this long at the latest, with jitter; a change notice wakes it earlier. */
const RECHECK_MS = 1_000
const BACK_OFF_MS = 1_000

/**
 * The effects of one refresh: each method is a port of the refresh machine, and what they hand to each other (lease,
 * intent, connection, answer) stays in here.
 */
export class RefreshRun {
  readonly #ports: RefreshPorts
  readonly #settings: RefreshSettings
  readonly #wire: TokenWire
  readonly #grantId: string
  readonly #onWaiting: (owner: LeaseOwner | null) => void
  #wish: Wish
  #revision = ''
  #firstGeneration: number | undefined
  #record: CredentialRecord | undefined
  #lease: Lease | undefined
  #owner: LeaseOwner | null = null
  #intent: Intent | undefined
  #reservation: Reservation | undefined
  #answer: { credential: NewCredential; receivedAt: number } | undefined
  #saved: SavedAnswer | undefined
  #isSaved = false
  #rejection = ''

  constructor(
    ports: RefreshPorts,
    settings: RefreshSettings,
    wire: TokenWire,
    grantId: string,
    wish: Wish,
    onWaiting: (owner: LeaseOwner | null) => void,
  ) {
    this.#ports = ports
    this.#settings = settings
    this.#wire = wire
    this.#grantId = grantId
    this.#wish = wish
    this.#onWaiting = onWaiting
  }

  /** The record as it was read last. */
  get record(): CredentialRecord | undefined {
    return this.#record
  }

  async readGrant(): Promise<GrantReading> {
    const snapshot = await this.#ports.store.read()
    this.#revision = snapshot.revision
    const record = snapshot.records.find(({ id }) => id === this.#grantId)
    this.#record = record
    if (!record) return { verdict: 'logged_out', error: this.#goneError(), isNewer: false }
    this.#firstGeneration ??= record.generation
    this.#wish = { ...this.#wish, than: Math.max(this.#wish.than, this.#wish.goal === 'newer' ? this.#firstGeneration : 0) }
    const decide = (answers: readonly SavedAnswer[]) =>
      decideRefresh(record, snapshot.now, this.#wish, answers, (holder) => this.#ports.store.sight(holder), this.#intent?.nonce)
    let verdict = decide([])
    // Only a token that does not serve makes it worth to look for a saved answer.
    if (verdict !== 'usable' && verdict !== 'inside_margin' && verdict !== 'logged_out') {
      const answers = await this.#ports.spool.find(this.#grantId)
      this.#saved = answers.find((answer) => fits(answer, record))
      verdict = decide(answers)
    }
    return { verdict, error: this.#errorOf(verdict, record, snapshot), isNewer: record.generation > this.#firstGeneration }
  }

  async takeLease(signal: AbortSignal): Promise<'taken' | 'busy'> {
    const taken = await this.#ports.store.tryLease(this.#grantId, { durationMs: this.#settings.leaseMs, purpose: 'refresh', signal })
    if (!isLease(taken)) {
      this.#owner = taken.busy
      return 'busy'
    }
    this.#lease = taken
    if (__TEST_HOOKS__) await pauseAt('refresh.lease-taken')
    return 'taken'
  }

  async awaitChange(until: number, signal: AbortSignal): Promise<'changed' | 'out_of_patience'> {
    const leftMs = until - this.#ports.clock.now()
    if (leftMs <= 0) return 'out_of_patience'
    this.#onWaiting(this.#owner)
    const pauseMs = RECHECK_MS * (0.5 + this.#ports.random.fraction())
    await this.#ports.store.changed(this.#revision, Math.min(leftMs, pauseMs), signal)
    return 'changed'
  }

  async connect(signal: AbortSignal): Promise<void> {
    const lease = this.#heldLease()
    this.#reservation = await this.#ports.spool.reserve(this.#grantId, lease.nonce)
    await this.#wire.connect(signal)
    if (__TEST_HOOKS__) await pauseAt('refresh.connected')
  }

  async writeIntent(attempt: 1 | 2): Promise<'written' | 'refused'> {
    const record = this.#readRecord()
    const written = await this.#ports.store.write({
      type: 'intent',
      id: record.id,
      lease: this.#heldLease(),
      generation: record.generation,
      fingerprint: record.fingerprint,
      attempt,
      deadlineMs: this.#settings.requestTimeoutMs,
    })
    if (written.outcome !== 'written' || written.intent === null) return 'refused'
    this.#intent = written.intent
    if (__TEST_HOOKS__) await pauseAt('refresh.intent-written')
    return 'written'
  }

  async send(signal: AbortSignal): Promise<SendOutcome> {
    const refreshToken = this.#readRecord().secrets?.refresh
    if (this.#heldLease().remainingMs() <= this.#settings.requestTimeoutMs || !refreshToken) {
      return {
        kind: 'not_processed',
        retryAt: this.#ports.clock.now(),
        error: new ClawError('CLAW_LEASE_BUSY', { what: 'the lease was too short to send the refresh request under it' }),
      }
    }
    const answer = await this.#wire.refresh(refreshToken, signal)
    switch (answer.kind) {
      case 'granted':
        this.#answer = { credential: answer.credential, receivedAt: this.#ports.clock.now() }
        if (__TEST_HOOKS__) await pauseAt('refresh.answer-received')
        return { kind: 'answered' }
      case 'rejected':
        this.#rejection = answer.reason
        return { kind: 'rejected', error: this.#rejectedError(answer.reason) }
      case 'not_processed': {
        const waitMs = (answer.retryAfterMs ?? BACK_OFF_MS) * (1 + 0.25 * this.#ports.random.fraction())
        return { kind: 'not_processed', error: answer.error, retryAt: this.#ports.clock.now() + waitMs }
      }
      default:
        return { kind: answer.kind, error: answer.error }
    }
  }

  async saveAnswer(): Promise<void> {
    const { id, generation, fingerprint } = this.#readRecord()
    await this.#reservation?.save({ grantId: id, intent: this.#sentIntent(), generation, fingerprint, credential: this.#agedAnswer() })
    this.#isSaved = true
    if (__TEST_HOOKS__) await pauseAt('refresh.answer-saved')
  }

  async commitAnswer(from: 'wire' | 'spool'): Promise<'committed' | 'dropped'> {
    const saved = from === 'spool' ? this.#saved : undefined
    const { id, generation, fingerprint } = saved ? { ...saved, id: saved.grantId } : this.#readRecord()
    const credential = saved ? saved.credential : this.#agedAnswer()
    const intent = saved ? saved.intent : this.#sentIntent()
    try {
      const written = await this.#ports.store.write({ type: 'commit', id, intent, generation, fingerprint, credential })
      if (__TEST_HOOKS__) await pauseAt('refresh.committed')
      if (saved) await this.#ports.spool.discard(saved)
      else await this.#reservation?.discard()
      this.#reservation = undefined
      return written.outcome === 'refused' ? 'dropped' : 'committed'
    } catch (thrown) {
      throw this.#unsavedError(thrown)
    }
  }

  async takeBackIntent(): Promise<void> {
    await this.#ports.store.write({ type: 'take_back', id: this.#grantId, intent: this.#sentIntent() })
  }

  async giveUp(): Promise<void> {
    await this.#ports.store.write({ type: 'gave_up', id: this.#grantId, intent: this.#sentIntent() })
  }

  async markRejected(): Promise<'marked' | 'moved_on'> {
    const { id, generation, fingerprint } = this.#readRecord()
    const written = await this.#ports.store.write({
      type: 'rejected',
      id,
      intent: this.#sentIntent(),
      generation,
      fingerprint,
      reason: this.#rejection,
    })
    return written.outcome === 'refused' ? 'moved_on' : 'marked'
  }

  async releaseLease(): Promise<void> {
    this.#wire.close()
    if (!this.#answer || this.#isSaved) {
      // An answer that could be neither saved nor committed keeps its reserved space for a second attempt of nobody: there is none.
      if (!this.#isSaved) await this.#reservation?.discard()
      this.#reservation = undefined
    }
    this.#answer = undefined
    this.#isSaved = false
    const lease = this.#lease
    this.#lease = undefined
    if (lease) await this.#ports.store.release(lease)
  }

  #heldLease(): Lease {
    if (!this.#lease) throw new ClawError('CLAW_INTERNAL', { what: 'a refresh went on without its lease' })
    return this.#lease
  }

  #readRecord(): CredentialRecord {
    if (!this.#record) throw new ClawError('CLAW_INTERNAL', { what: 'a refresh went on without its record' })
    return this.#record
  }

  #sentIntent(): Intent {
    if (!this.#intent) throw new ClawError('CLAW_INTERNAL', { what: 'a refresh went on without its intent' })
    return this.#intent
  }

  /** The answer with the time that has gone by since it came, so that the engine's clock can date it from its sending. */
  #agedAnswer(): NewCredential {
    if (!this.#answer) throw new ClawError('CLAW_INTERNAL', { what: 'a refresh went on without its answer' })
    const { credential, receivedAt } = this.#answer
    return { ...credential, sentAgoMs: credential.sentAgoMs + (this.#ports.clock.now() - receivedAt) }
  }

  #errorOf(verdict: Verdict, record: CredentialRecord, snapshot: Snapshot): ClawError | null {
    switch (verdict) {
      case 'logged_out':
        return this.#goneError()
      case 'rejected':
        return this.#rejectedError(record.rejection?.reason ?? 'it has no refresh token')
      case 'interrupted':
        return new ClawError('CLAW_REFRESH_INTERRUPTED', {
          what: `the refresh of \`${record.route}\` was interrupted and its answer is lost`,
          why: `a request was sent ${formatInstant(record.intent?.deadlineAt ?? snapshot.now)} at the latest, and the provider may have replaced the refresh token since`,
          fix: this.#settings.signInCommand,
          data: { reason: 'refresh-interrupted' },
        })
      case 'in_doubt':
        return new ClawError('CLAW_REFRESH_IN_DOUBT', {
          what: `a refresh of \`${record.route}\` is in doubt, and its valid access token is not put at risk`,
          why: 'the answer to an earlier refresh request was lost',
          fix: 'use the token in force until it expires',
          ...(record.expiresAt === null ? {} : { data: { retryAt: formatInstant(record.expiresAt) } }),
        })
      default:
        return null
    }
  }

  #goneError(): ClawError {
    return new ClawError('CLAW_NO_CREDENTIAL', {
      what: 'the grant was signed out while it was being used',
      fix: this.#settings.signInCommand,
    })
  }

  #rejectedError(reason: string): ClawError {
    return new ClawError('CLAW_GRANT_REJECTED', {
      what: `the provider no longer accepts the grant of \`${this.#record?.route ?? 'this provider'}\``,
      why: reason,
      fix: this.#settings.signInCommand,
    })
  }

  #unsavedError(thrown: unknown): ClawError {
    const cause = thrown instanceof ClawError ? thrown : undefined
    return new ClawError('CLAW_STORE_UNWRITABLE', {
      what: this.#isSaved
        ? 'the refreshed grant could not be put into the store; it is kept beside it and taken up by the next run'
        : 'the refreshed grant could not be stored: the sign-in is lost when its access token expires',
      why: cause ? `${cause.message}${cause.why ? ` (${cause.why})` : ''}` : undefined,
      fix: 'make the state directory writable and run the command again',
      cause: thrown,
    })
  }
}
