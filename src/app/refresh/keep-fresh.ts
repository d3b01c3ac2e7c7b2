import { ClawError } from '../../core/errors.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import { DEFAULT_MARGIN_MS, type Wish } from '../../credentials/refresh-decision.ts'
import type { LeaseOwner } from '../../credentials/store.ts'
import { refreshMachine } from '../../machines/refresh.machine.ts'
import type { GrantReading } from '../../machines/refresh-words.ts'
import { renewalMachine } from '../../machines/renewal.machine.ts'
import { fromPromise } from 'xstate'
import type { RefreshPorts, RefreshSettings, TokenWire } from './refresh-ports.ts'
import { RefreshRun } from './refresh-run.ts'
import { runMachine } from '../run-machine.ts'

export interface KeepFreshOptions {
  readonly goal: 'use' | 'newer'
  /** `newer`: only a generation above this one will do; the one first read where 0. */
  readonly than?: number
  /** The margin before expiry, ms. */
  readonly minRemainingMs?: number | undefined
  readonly retryInDoubt?: boolean | undefined
  /** Where nobody knows when a token ends: it is renewed when it is older, ms. */
  readonly maxAgeMs?: number | undefined
  /** How long to wait for another owner, ms. */
  readonly waitMs: number
  readonly settings: RefreshSettings
  readonly signal: AbortSignal
  onWaiting?(owner: LeaseOwner | null): void
}

export interface KeptFresh {
  readonly record: CredentialRecord
  /** `adopted`: another process brought the newer one. */
  readonly outcome: 'fresh' | 'refreshed' | 'adopted'
  /** A refresh that failed though the token in force still serves. */
  readonly warning: ClawError | null
  /** What this refresh no longer grants. */
  readonly lostScopes: readonly string[]
}

/** One refresh of one grant at a time in this process: whoever comes second shares it. */
const underWay = new Map<string, Promise<KeptFresh>>()

/**
 * A grant with a usable access token, refreshed at most once however many ask.
 *
 * @throws {ClawError} `CLAW_GRANT_REJECTED`, `CLAW_REFRESH_INTERRUPTED`, `CLAW_REFRESH_IN_DOUBT`, `CLAW_LEASE_BUSY`, `CLAW_STORE_*`, `CLAW_NETWORK`.
 */
export function keepFresh(ports: RefreshPorts, wire: TokenWire, grantId: string, options: KeepFreshOptions): Promise<KeptFresh> {
  const key = `${grantId} ${options.goal} ${options.than ?? ''} ${options.minRemainingMs ?? ''}`
  const shared = underWay.get(key)
  if (shared) return shared
  const work = refreshOnce(ports, wire, grantId, options).finally(() => underWay.delete(key))
  underWay.set(key, work)
  return work
}

async function refreshOnce(ports: RefreshPorts, wire: TokenWire, grantId: string, options: KeepFreshOptions): Promise<KeptFresh> {
  const wish: Wish = {
    goal: options.goal,
    than: options.than ?? 0,
    marginMs: options.minRemainingMs ?? DEFAULT_MARGIN_MS,
    maxAgeMs: options.maxAgeMs,
    retryInDoubt: options.retryInDoubt ?? true,
  }
  const run = new RefreshRun(ports, options.settings, wire, grantId, wish)
  const { clock } = ports
  const sleepUntil = fromPromise<void, { instant: number }>(({ input, signal }) => clock.sleepUntil(input.instant, signal))
  const readGrant = fromPromise<GrantReading, void>(() => run.readGrant())
  const renewal = renewalMachine.provide({
    actors: {
      readGrant,
      sleepUntil,
      connect: fromPromise(({ signal }) => run.connect(signal)),
      writeIntent: fromPromise(({ input }) => run.writeIntent(input.attempt)),
      send: fromPromise(({ signal }) => run.send(signal)),
      saveAnswer: fromPromise(() => run.saveAnswer()),
      commitAnswer: fromPromise(({ input }) => run.commitAnswer(input.from)),
      takeBackIntent: fromPromise(() => run.takeBackIntent()),
      giveUp: fromPromise(() => run.giveUp()),
      markRejected: fromPromise(() => run.markRejected()),
      releaseLease: fromPromise(() => run.releaseLease()),
    },
  })
  const machine = refreshMachine.provide({
    actors: {
      readGrant,
      sleepUntil,
      renewal,
      takeLease: fromPromise(({ signal }) => run.takeLease(signal)),
      awaitChange: fromPromise(({ input, signal }) => run.awaitChange(input.until, signal)),
    },
  })
  const result = await runMachine(machine, {
    clock,
    input: {
      goal: options.goal,
      patienceEndsAt: clock.now() + options.waitMs,
      cancelledError: new ClawError('CLAW_CANCELLED', { what: 'the refresh was cancelled' }),
    },
    signal: options.signal,
    onEmit: () => options.onWaiting?.(run.owner),
  })
  if (!result.ok) throw result.error.code === 'CLAW_CANCELLED' && options.signal.aborted ? options.signal.reason : result.error
  if (!run.record) throw new ClawError('CLAW_INTERNAL', { what: 'a refresh ended without a record' })
  const record = result.outcome === 'refreshed' || result.outcome === 'adopted' ? await reread(ports, grantId) : run.record
  return { record, outcome: result.outcome, warning: result.warning, lostScopes: result.outcome === 'refreshed' ? run.lostScopes : [] }
}

async function reread(ports: RefreshPorts, grantId: string): Promise<CredentialRecord> {
  const record = (await ports.store.read()).records.find(({ id }) => id === grantId)
  if (!record?.secrets) throw new ClawError('CLAW_NO_CREDENTIAL', { what: 'the grant was signed out while it was being refreshed' })
  return record
}
