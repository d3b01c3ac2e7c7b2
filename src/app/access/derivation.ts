import { fromPromise } from 'xstate'
import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { fingerprintOf } from '../../credentials/next-record.ts'
import type { Account } from '../../credentials/record.ts'
import { marginOf } from '../../credentials/refresh-decision.ts'
import type { LeaseOwner } from '../../credentials/store.ts'
import { type AskOutcome, derivationMachine, type DerivedReading } from '../../machines/derivation.machine.ts'
import type { Clock } from '../../platform/clock.ts'
import { runMachine } from '../run-machine.ts'

/** What is in force of a derived credential. */
export interface Derived {
  readonly secret: Secret | null
  /** By the engine's clock, ms. */
  readonly expiresAt: number | null
  readonly lifetimeMs: number | null
  readonly baseUrl: string | null
  readonly account: Account | null
}

export interface DerivationSettings {
  /** What it is called in the record: the id of the auth entry that says how it is made. */
  readonly name: string
  /** Whether it has a secret of its own. */
  readonly isMinted: boolean
  readonly marginMs: number
  readonly leaseMs: number
  /** What to type when only a new sign-in helps. */
  readonly signInCommand: string
}

export interface DerivedWish {
  /** At least this much must be left, ms. */
  readonly minTtlMs?: number | undefined
  /** SHA-256 (hex, or its beginning) of one that the provider refused. */
  readonly rejected?: string | undefined
  /** A newer one, whatever is left of the one in force. */
  readonly renew?: boolean | undefined
}

/** The effects of a derivation, as its machine names them. */
export interface DerivationPorts {
  readonly owner: LeaseOwner | null
  readonly derived: Derived | undefined
  readDerived(): Promise<DerivedReading>
  takeLease(signal: AbortSignal): Promise<'taken' | 'busy'>
  awaitChange(until: number, signal: AbortSignal): Promise<'changed' | 'out_of_patience'>
  ask(signal: AbortSignal): Promise<AskOutcome>
  storeDerived(): Promise<'stored' | 'moved_on'>
  releaseLease(): Promise<void>
}

export interface DeriveOptions {
  /** How long to wait for another owner, ms. */
  readonly waitMs: number
  /** Asking uses something up: see the machine. */
  readonly isOneWay?: boolean
  readonly signal: AbortSignal
  onWaiting?(owner: LeaseOwner | null): void
}

export interface DerivedOutcome {
  readonly derived: Derived
  /** `adopted`: another process brought it. */
  readonly outcome: 'fresh' | 'derived' | 'adopted'
  /** A renewal that failed though the one in force still serves. */
  readonly warning: ClawError | null
}

/** Brings what is derived from a credential, made by one owner however many ask. */
export async function derive(run: DerivationPorts, clock: Clock, options: DeriveOptions): Promise<DerivedOutcome> {
  const machine = derivationMachine.provide({
    actors: {
      readDerived: fromPromise(() => run.readDerived()),
      takeLease: fromPromise(({ signal }) => run.takeLease(signal)),
      awaitChange: fromPromise(({ input, signal }) => run.awaitChange(input.until, signal)),
      ask: fromPromise(({ signal }) => run.ask(signal)),
      storeDerived: fromPromise(() => run.storeDerived()),
      releaseLease: fromPromise(() => run.releaseLease()),
      sleepUntil: fromPromise(({ input, signal }) => clock.sleepUntil(input.instant, signal)),
    },
  })
  const result = await runMachine(machine, {
    clock,
    input: {
      patienceEndsAt: clock.now() + options.waitMs,
      isOneWay: options.isOneWay ?? false,
      cancelledError: new ClawError('CLAW_CANCELLED', { what: 'asking the provider was cancelled' }),
    },
    signal: options.signal,
    onEmit: () => options.onWaiting?.(run.owner),
  })
  if (!result.ok) throw result.error
  if (!run.derived) throw new ClawError('CLAW_INTERNAL', { what: 'a derivation ended without its result' })
  return { derived: run.derived, outcome: result.outcome, warning: result.warning }
}

/** What is to be done with what is there, at an instant of the engine's clock. */
export function verdictOf(
  derived: Derived | undefined,
  now: number,
  { isMinted, marginMs }: Pick<DerivationSettings, 'isMinted' | 'marginMs'>,
  { minTtlMs = 0, rejected, renew = false }: DerivedWish,
): 'usable' | 'inside_margin' | 'due' {
  if (!derived || (isMinted && !derived.secret)) return 'due'
  const { secret, expiresAt, lifetimeMs } = derived
  const leftMs = expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - now
  const isRefused = rejected !== undefined && secret !== null && fingerprintOf(secret).startsWith(rejected)
  if (leftMs <= 0 || leftMs < minTtlMs || renew || isRefused) return 'due'
  return leftMs < marginOf({ lifetimeMs }, marginMs) ? 'inside_margin' : 'usable'
}
