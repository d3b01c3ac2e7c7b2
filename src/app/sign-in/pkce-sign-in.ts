import { ClawError } from '../../core/errors.ts'
import {
  recordAt,
  type CredentialRecord,
  type GrantClient,
  type NewCredential,
  type PendingFlow,
  type Slot,
} from '../../credentials/record.ts'
import type { Snapshot } from '../../credentials/store.ts'
import type { AuthorizationNotice, BrowserAnswer, ExchangeAnswer } from '../../machines/pkce-words.ts'
import { criticalSection } from '../../platform/critical-section.ts'
import { authorizationUrl, newState } from '../../protocols/oauth/authorization-request.ts'
import { judgeAuthorizationResponse } from '../../protocols/oauth/authorization-response.ts'
import { readPastedResponse, strangePaste } from '../../protocols/oauth/pasted-response.ts'
import { newPkcePair } from '../../protocols/oauth/pkce.ts'
import type { Fields } from '../../protocols/oauth/token-endpoint.ts'
import { CallbackListener } from './callback-listener.ts'
import { type CallbackPlace, pasteRedirectUri } from './callback-place.ts'
import { type Redemption, redeemCode, withWayOn } from './code-redemption.ts'
import type { OAuthClient } from './oauth-client.ts'
import { overtakenSignIn } from './overtaken-sign-in.ts'
import { FlowLease, pendingPkceIn } from './pending-pkce.ts'
import { expectedResponse, loginLifetimeMs, noticeOf, type PkceFlow, pasteRules, pendingPkceFlow } from './pkce-flow.ts'
import type { Ports } from '../ports.ts'
import type { Revocation } from '../sign-out/revoke-tokens.ts'

export type PkceWay = Redemption['way']

/** What a sign-in is for, and how it goes. */
export interface PkceTarget extends Redemption {
  readonly slot: Slot
  readonly places: readonly CallbackPlace[]
  readonly pasteCommand: string
  /** Go on with one that was handed over already. */
  readonly mayResume: boolean
  /** The client, by the facts that a flow pinned where there is one. */
  client(pinned?: GrantClient): Promise<OAuthClient>
  /** What this server wants in the address beside the protocol's own. */
  params(): Promise<Fields>
  /** Gives up at the provider what was granted and may not be kept. */
  revoke(credential: NewCredential): Promise<Revocation>
  /** The next thing that was pasted; `null` = nothing more will come. */
  paste(signal: AbortSignal): Promise<string | null>
}

/** What the code brings: a credential, or the news that another process has stored it. */
export type Redeemed = { readonly credential: NewCredential } | { readonly elsewhere: CredentialRecord }

export interface StoredSignIn {
  readonly record: CredentialRecord
  readonly changed: boolean
}

/** The effects of a sign-in in a browser: each method is a port of its machine. */
export class PkceSignIn {
  readonly #ports: Ports
  readonly #target: PkceTarget
  #listener: CallbackListener | undefined
  #opening: Promise<CallbackListener> | undefined
  #flow: PkceFlow | undefined
  #generation = 0
  /** Held from the exchange to the end by whoever finishes a stored flow, so that one process does. */
  readonly #lease: FlowLease

  constructor(ports: Ports, target: PkceTarget) {
    this.#ports = ports
    this.#target = target
    this.#lease = new FlowLease(ports.store, target.slot)
  }

  async openCallback(): Promise<void> {
    const { places, pasteCommand } = this.#target
    this.#opening = CallbackListener.open(places, pasteCommand)
    this.#listener = await this.#opening
  }

  async prepareRequest(signal: AbortSignal): Promise<AuthorizationNotice> {
    const { store } = this.#ports
    const { way, auth } = this.#target
    if (way === 'paste') return this.#prepareHandOver(signal)
    const snapshot = await store.read()
    this.#generation = recordAt(snapshot.records, this.#target.slot)?.generation ?? 0
    if (way === 'complete') {
      const flow = this.#pendingIn(snapshot)
      if (!flow) throw this.#nothingPending()
      if (flow.expiresAt <= snapshot.now) throw this.#tooLate()
      return this.#resume(flow, snapshot.now)
    }
    await store.assertWritable()
    const flow = await this.#newFlow(this.#listener?.redirectUri ?? null)
    const expected = expectedResponse(flow, auth)
    this.#listener?.expect((query) => judgeAuthorizationResponse(query, expected))
    return flow.notice
  }

  async awaitCallback(signal: AbortSignal): Promise<BrowserAnswer> {
    if (!this.#listener) throw new ClawError('CLAW_INTERNAL', { what: 'a callback was awaited that nobody listens to' })
    return withWayOn(await this.#listener.response(signal), this.#target)
  }

  async readPaste(signal: AbortSignal): Promise<BrowserAnswer> {
    const text = await this.#target.paste(signal)
    if (text === null) return { kind: 'ended' }
    const flow = this.#known()
    const { auth } = this.#target
    try {
      const said = judgeAuthorizationResponse(readPastedResponse(text, pasteRules(flow, auth)), expectedResponse(flow, auth))
      return said.kind === 'stranger' ? { kind: 'unusable', error: strangePaste(said.why) } : withWayOn(said, this.#target)
    } catch (thrown) {
      if (!(thrown instanceof ClawError) || thrown.code !== 'CLAW_DATA_INVALID') throw thrown
      return { kind: 'unusable', error: thrown }
    }
  }

  async exchangeCode(response: BrowserAnswer | null, signal: AbortSignal): Promise<ExchangeAnswer<Redeemed>> {
    if (response?.kind !== 'code') throw new ClawError('CLAW_INTERNAL', { what: 'an exchange had no code' })
    const flow = this.#known()
    if (this.#target.way === 'complete') {
      await this.#lease.take(signal)
      const snapshot = await this.#ports.store.read()
      // Another process may have finished it while this one waited for the lease.
      if (!snapshot.flows.some(({ id }) => id === flow.id)) return this.#finishedElsewhere(snapshot)
    }
    const said = await redeemCode(this.#ports, this.#target, flow, response, signal)
    if (said.kind === 'granted') return { kind: 'granted', credential: { credential: said.credential } }
    // Nobody is kept from it while this process only waits.
    if (said.kind === 'notProcessed') await this.#lease.giveBack()
    return said
  }

  async storeCredential(redeemed: Redeemed | null): Promise<StoredSignIn> {
    if (!redeemed) throw new ClawError('CLAW_INTERNAL', { what: 'a sign-in ended without its credential' })
    if ('elsewhere' in redeemed) return { record: redeemed.elsewhere, changed: false }
    const { store } = this.#ports
    const { slot } = this.#target
    // One that never left this process has no stored flow.
    const stored = this.#target.way === 'browser' ? {} : { flow: this.#known().id }
    // The code is used up: no signal may cut in before what it brought is durable.
    const written = await criticalSection(() => store.write({ type: 'sign_in', slot, credential: redeemed.credential, ...stored }))
    const { record } = written
    if (written.outcome === 'refused') throw await overtakenSignIn(store, this.#target, await this.#target.revoke(redeemed.credential))
    if (!record) throw new ClawError('CLAW_INTERNAL', { what: 'the store has no record of a sign-in' })
    if (written.outcome === 'unchanged') await this.discardFlow()
    return { record, changed: written.outcome === 'written' }
  }

  /** Forgets a stored flow that can bring nothing any more. */
  async discardFlow(): Promise<void> {
    if (this.#target.way !== 'browser' && this.#flow) await this.#lease.forget(this.#flow.id)
  }

  /** Leaves nothing behind that listens or holds. */
  async close(): Promise<void> {
    // A sign-in may be cancelled while its port is being opened.
    const listener = await this.#opening?.catch(() => undefined)
    await listener?.close()
    await this.#lease.giveBack()
  }

  async #prepareHandOver(signal: AbortSignal): Promise<AuthorizationNotice> {
    const { store, clock, random } = this.#ports
    const { auth, slot, route, mayResume } = this.#target
    const lease = await this.#lease.take(signal)
    try {
      const snapshot = await store.read()
      const pending = this.#pendingIn(snapshot)
      if (pending && mayResume && pending.expiresAt > snapshot.now) return await this.#resume(pending, snapshot.now)
      if (pending) await store.write({ type: 'remove_flow', id: pending.id, lease })
      await store.assertWritable()
      const flow = await this.#newFlow(pasteRedirectUri(auth, random))
      await store.write({ type: 'put_flow', lease, flow: pendingPkceFlow(flow, slot, auth, route.region, clock.now()) })
      return flow.notice
    } finally {
      await this.#lease.giveBack()
    }
  }

  async #newFlow(redirectUri: string | null): Promise<PkceFlow> {
    const { clock, random } = this.#ports
    const { auth, way, slot } = this.#target
    const client = await this.#target.client()
    if (client.authorizationUrl === null)
      throw new ClawError('CLAW_CLIENT_REFUSED', {
        what: `the authorization server of \`${slot.route}\` has no sign-in in a browser`,
        why: client.issuer ?? undefined,
      })
    const { verifier, challenge } = newPkcePair(random)
    const url = authorizationUrl({
      endpoint: client.authorizationUrl,
      challenge,
      clientId: auth.noClientId ? null : (client.pinned.clientId ?? ''),
      redirectUri,
      redirectParam: auth.callbackParam ?? 'redirect_uri',
      state: auth.noState ? null : newState(random),
      nonce: auth.nonce ? newState(random) : null,
      scope: client.scope,
      audience: client.audience,
      resource: client.resource,
      extraParams: await this.#target.params(),
    })
    const notice = { url, redirectUri, expiresAt: clock.now() + loginLifetimeMs(auth, way !== 'browser') }
    this.#flow = { id: random.uuid(), notice, verifier, namesItself: client.namesItself, client }
    return this.#flow
  }

  async #resume(pending: PendingFlow, engineNow: number): Promise<AuthorizationNotice> {
    const { redirectUri: _, ...pinned } = pending.client
    const { verifier } = pending.secrets
    if (!verifier)
      throw new ClawError('CLAW_STORE_CORRUPT', { what: 'a pending sign-in has lost its verifier', fix: this.#target.pasteCommand })
    const client = await this.#target.client(pinned)
    const notice = noticeOf(pending, engineNow, this.#ports.clock.now())
    const namesItself = pending.unknown.namesItself === true
    this.#flow = { id: pending.id, notice, verifier, namesItself, client: { ...client, pinned } }
    return notice
  }

  #finishedElsewhere(snapshot: Snapshot): ExchangeAnswer<Redeemed> {
    const record = recordAt(snapshot.records, this.#target.slot)
    if (record?.state === 'ok' && record.generation > this.#generation) return { kind: 'granted', credential: { elsewhere: record } }
    return { kind: 'refused', error: this.#nothingPending() }
  }

  #pendingIn(snapshot: Snapshot): PendingFlow | undefined {
    return pendingPkceIn(snapshot, this.#target.slot, this.#target.auth)
  }

  #known(): PkceFlow {
    if (!this.#flow) throw new ClawError('CLAW_INTERNAL', { what: 'a sign-in has no flow' })
    return this.#flow
  }

  #nothingPending(): ClawError {
    const { slot, pasteCommand } = this.#target
    return new ClawError('CLAW_NOTHING_PENDING', { what: `no sign-in to \`${slot.route}\` waits to be completed`, fix: pasteCommand })
  }

  #tooLate(): ClawError {
    return new ClawError('CLAW_CODE_EXPIRED', {
      what: 'the sign-in expired before it was completed',
      fix: this.#target.pasteCommand,
    })
  }
}
