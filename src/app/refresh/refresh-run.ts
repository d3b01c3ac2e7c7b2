import type { ClawError } from '../../core/errors.ts'
import { awaitNextLook, retryAtOf } from './pacing.ts'
import type { RefreshPorts, RefreshSettings, TokenWire } from './refresh-ports.ts'
import type { CredentialRecord, Intent, NewCredential } from '../../credentials/record.ts'
import { decideRefresh, fits, type Wish } from '../../credentials/refresh-decision.ts'
import { isLease, type Lease, type LeaseOwner, type Reservation, type SavedAnswer, type WriteOutcome } from '../../credentials/store.ts'
import type { GrantReading, SendOutcome } from '../../machines/refresh-words.ts'
import { criticalSection } from '../../platform/critical-section.ts'
import { pauseAt } from '../../platform/pause.ts'
import { held } from '../held.ts'
import { lostScopes } from './lost-scopes.ts'
import { goneError, leaseTooShort, rejectedError, unsavedError, verdictError } from './refresh-errors.ts'

/**
 * The effects of one refresh: each method is a port of the refresh machine, and what they hand to each other (lease,
 * intent, connection, answer) stays in here.
 */
export class RefreshRun {
  readonly #ports: RefreshPorts
  readonly #settings: RefreshSettings
  readonly #wire: TokenWire
  readonly #grantId: string
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
  #loss: ClawError | undefined
  #lostScopes: readonly string[] = []

  constructor(ports: RefreshPorts, settings: RefreshSettings, wire: TokenWire, grantId: string, wish: Wish) {
    this.#ports = ports
    this.#settings = settings
    this.#wire = wire
    this.#grantId = grantId
    this.#wish = wish
  }

  /** Who had the lease when it was last asked for. */
  get owner(): LeaseOwner | null {
    return this.#owner
  }

  /** The record as it was read last. */
  get record(): CredentialRecord | undefined {
    return this.#record
  }

  /** What the last refresh no longer grants. */
  get lostScopes(): readonly string[] {
    return this.#lostScopes
  }

  async readGrant(): Promise<GrantReading> {
    const snapshot = await this.#ports.store.read()
    this.#revision = snapshot.revision
    const record = snapshot.records.find(({ id }) => id === this.#grantId)
    this.#record = record
    if (!record) return { verdict: 'logged_out', error: goneError(this.#settings.signInCommand), isNewer: false }
    this.#firstGeneration ??= this.#wish.than || record.generation
    this.#wish = { ...this.#wish, than: this.#wish.goal === 'newer' ? this.#firstGeneration : 0 }
    const decide = (answers: readonly SavedAnswer[]) =>
      decideRefresh(record, snapshot.now, this.#wish, answers, (holder) => this.#ports.store.sight(holder), this.#intent?.nonce)
    let verdict = decide([])
    // Only a token that does not serve makes it worth to look for a saved answer.
    if (verdict !== 'usable' && verdict !== 'inside_margin' && verdict !== 'logged_out') {
      const answers = await this.#ports.spool.find(this.#grantId)
      this.#saved = answers.find((answer) => fits(answer, record))
      verdict = decide(answers)
    }
    return {
      verdict,
      error: verdictError(verdict, record, snapshot.now, this.#settings.signInCommand, this.#loss),
      isNewer: record.generation > this.#firstGeneration,
    }
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

  awaitChange(until: number, signal: AbortSignal): Promise<'changed' | 'out_of_patience'> {
    return awaitNextLook(this.#ports, this.#revision, until, signal)
  }

  async connect(signal: AbortSignal): Promise<void> {
    const lease = held(this.#lease, 'lease')
    this.#reservation = await this.#ports.spool.reserve(this.#grantId, lease.nonce)
    await this.#wire.connect(held(this.#record, 'record'), signal)
    if (__TEST_HOOKS__) await pauseAt('refresh.connected')
  }

  async writeIntent(attempt: 1 | 2): Promise<'written' | 'refused'> {
    const record = held(this.#record, 'record')
    const written = await this.#ports.store.write({
      type: 'intent',
      id: record.id,
      lease: held(this.#lease, 'lease'),
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
    const record = held(this.#record, 'record')
    const refreshToken = record.secrets?.refresh
    if (held(this.#lease, 'lease').remainingMs() <= this.#settings.requestTimeoutMs || !refreshToken)
      return { kind: 'not_processed', retryAt: this.#ports.clock.now(), error: leaseTooShort() }
    const answer = await this.#wire.refresh(record, refreshToken, signal)
    switch (answer.kind) {
      case 'granted':
        this.#answer = { credential: answer.credential, receivedAt: this.#ports.clock.now() }
        if (__TEST_HOOKS__) await pauseAt('refresh.answer-received')
        return { kind: 'answered' }
      case 'rejected':
        this.#rejection = answer.reason
        return { kind: 'rejected', error: rejectedError(record.route, answer.reason, this.#settings.signInCommand) }
      case 'not_processed':
        return { kind: 'not_processed', error: answer.error, retryAt: retryAtOf(answer.retryAfterMs, this.#ports) }
      case 'lost':
        this.#loss = answer.error
        return { kind: 'lost', error: answer.error }
      default:
        return { kind: answer.kind, error: answer.error }
    }
  }

  /** From here to the commit no signal cuts in: what came is made durable first. */
  saveAnswer(): Promise<void> {
    return criticalSection(() => this.#save())
  }

  /** `dropped`: the store has something else to say about this grant now, and it must be read again. */
  async commitAnswer(from: 'wire' | 'spool'): Promise<'committed' | 'dropped'> {
    const written = await criticalSection(() => this.#commit(from))
    if (written.outcome !== 'refused') return written.record?.state === 'ok' ? 'committed' : 'dropped'
    if (written.record?.state === 'logged_out') await this.#revokeDropped(from)
    return 'dropped'
  }

  /** The grant was signed out while its answer was under way: what came is not left alive at the provider (law 12). */
  async #revokeDropped(from: 'wire' | 'spool'): Promise<void> {
    const credential = from === 'spool' ? this.#saved?.credential : this.#answer?.credential
    try {
      if (credential) await this.#wire.revoke(held(this.#record, 'record'), credential.secrets)
    } catch {
      // It was dropped here, which is what was promised: a provider that is away changes nothing of that.
    }
  }

  async #save(): Promise<void> {
    const { id, generation, fingerprint } = held(this.#record, 'record')
    await this.#reservation?.save({
      grantId: id,
      intent: held(this.#intent, 'intent'),
      generation,
      fingerprint,
      credential: this.#agedAnswer(),
    })
    this.#isSaved = true
    if (__TEST_HOOKS__) await pauseAt('refresh.answer-saved')
  }

  async #commit(from: 'wire' | 'spool'): Promise<WriteOutcome> {
    const before = held(this.#record, 'record')
    const saved = from === 'spool' ? this.#saved : undefined
    const { id, generation, fingerprint } = saved ? { ...saved, id: saved.grantId } : before
    const credential = saved ? saved.credential : this.#agedAnswer()
    const intent = saved ? saved.intent : held(this.#intent, 'intent')
    try {
      const written = await this.#ports.store.write({ type: 'commit', id, intent, generation, fingerprint, credential })
      if (__TEST_HOOKS__) await pauseAt('refresh.committed')
      if (saved) await this.#ports.spool.discard(saved)
      else await this.#reservation?.discard()
      this.#reservation = undefined
      if (written.outcome === 'written') this.#lostScopes = lostScopes(before.scopes ?? this.#settings.requestedScopes, credential.scopes)
      return written
    } catch (thrown) {
      throw unsavedError(thrown, this.#isSaved)
    }
  }

  async takeBackIntent(): Promise<void> {
    await this.#ports.store.write({ type: 'take_back', id: this.#grantId, intent: held(this.#intent, 'intent') })
  }

  async giveUp(): Promise<void> {
    await this.#ports.store.write({ type: 'gave_up', id: this.#grantId, intent: held(this.#intent, 'intent') })
  }

  async markRejected(): Promise<'marked' | 'moved_on'> {
    const { id, generation, fingerprint } = held(this.#record, 'record')
    const written = await this.#ports.store.write({
      type: 'rejected',
      id,
      intent: held(this.#intent, 'intent'),
      generation,
      fingerprint,
      reason: this.#rejection,
    })
    return written.outcome === 'refused' ? 'moved_on' : 'marked'
  }

  async releaseLease(): Promise<void> {
    this.#wire.close()
    // A saved answer that could not be committed stays where the next run finds it.
    if (!this.#isSaved) await this.#reservation?.discard()
    this.#reservation = undefined
    this.#answer = undefined
    this.#isSaved = false
    const lease = this.#lease
    this.#lease = undefined
    if (lease) await this.#ports.store.release(lease)
  }

  /** The answer with the time that has gone by since it came, so that the engine's clock can date it from its sending. */
  #agedAnswer(): NewCredential {
    const { credential, receivedAt } = held(this.#answer, 'answer')
    return { ...credential, sentAgoMs: credential.sentAgoMs + (this.#ports.clock.now() - receivedAt) }
  }
}
