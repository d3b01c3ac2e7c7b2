import type { AskOutcome, DerivedReading } from '../../machines/derivation.machine.ts'
import type { AskAnswer } from './ask-provider.ts'
import { retryAtOf } from '../refresh/pacing.ts'
import { type DerivationPorts, type DerivationSettings, type Derived, type DerivedWish, verdictOf } from './derivation.ts'
import type { RefreshPorts } from '../refresh/refresh-ports.ts'

/** What this process has derived from credentials that no record holds; its instants are those of the monotonic clock. */
export type DerivedMemory = Map<string, Derived>

/** A derivation from a credential of the environment or the configuration: nothing of it is stored, and nobody shares it. */
export class MemoryDerivation implements DerivationPorts {
  readonly owner = null
  readonly #ports: Pick<RefreshPorts, 'clock' | 'random'>
  readonly #settings: DerivationSettings
  readonly #memory: DerivedMemory
  readonly #key: string
  readonly #ask: (signal: AbortSignal) => Promise<AskAnswer>
  #wish: DerivedWish
  #answered: Derived | undefined

  constructor(
    ports: Pick<RefreshPorts, 'clock' | 'random'>,
    settings: DerivationSettings,
    place: { readonly memory: DerivedMemory; readonly key: string },
    wish: DerivedWish,
    ask: (signal: AbortSignal) => Promise<AskAnswer>,
  ) {
    this.#ports = ports
    this.#settings = settings
    this.#memory = place.memory
    this.#key = place.key
    this.#wish = wish
    this.#ask = ask
  }

  get derived(): Derived | undefined {
    return this.#memory.get(this.#key)
  }

  async readDerived(): Promise<DerivedReading> {
    return { verdict: verdictOf(this.derived, this.#ports.clock.now(), this.#settings, this.#wish), error: null, isNewer: false }
  }

  async takeLease(): Promise<'taken'> {
    return 'taken'
  }

  async awaitChange(): Promise<'changed'> {
    return 'changed'
  }

  async ask(signal: AbortSignal): Promise<AskOutcome> {
    const answer = await this.#ask(signal)
    if (answer.kind === 'busy') return { kind: 'busy', error: answer.error, retryAt: retryAtOf(answer.retryAfterMs, this.#ports) }
    const { secret, lifetimeMs, sentAgoMs, baseUrl, account } = answer.learnt
    const expiresAt = lifetimeMs === null ? null : this.#ports.clock.now() - sentAgoMs + lifetimeMs
    this.#answered = { secret, expiresAt, lifetimeMs, baseUrl, account }
    return { kind: 'answered' }
  }

  async storeDerived(): Promise<'stored'> {
    if (this.#answered) this.#memory.set(this.#key, this.#answered)
    this.#wish = {}
    return 'stored'
  }

  async releaseLease(): Promise<void> {}
}
