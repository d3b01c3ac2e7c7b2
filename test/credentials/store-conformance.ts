import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { type CredentialStore, isLease } from '../../src/credentials/store.ts'
import {
  fingerprint,
  flow,
  grant,
  grantSlot,
  HOUR,
  intentOf,
  key,
  keySlot,
  lease,
  MINUTE,
  open,
  recordOf,
  signedIn,
  tryLease,
} from './samples.ts'

export interface StoreHarness {
  readonly store: CredentialStore
  /** The same engine, as another caller of this process reaches it. */
  readonly other: CredentialStore
  /** Lets the time of a lease pass, by the engine's clock. */
  expireLease(name: string): Promise<void>
  close(): Promise<void>
}

/** What every backend keeps, whatever its engine is. */
export function describeStore(backend: string, openHarness: () => Promise<StoreHarness>): void {
  describe(`the ${backend} store`, () => {
    let harness: StoreHarness
    let store: CredentialStore
    let other: CredentialStore

    beforeEach(async () => {
      harness = await openHarness()
      store = harness.store
      other = harness.other
    })
    afterEach(() => harness.close())

    it('is empty at first', async () => {
      const { records, flows, copied, warnings } = await store.read()
      expect({ records, flows, copied, warnings }).toEqual({ records: [], flows: [], copied: false, warnings: [] })
    })

    it('gives back what was signed in, whole', async () => {
      const written = await store.write({ type: 'sign_in', slot: grantSlot, credential: grant(1, { sentAgoMs: 1_000 }) })
      const now = written.outcome === 'written' ? written.now : 0
      const expected = {
        ...grantSlot,
        id: recordOf(written).id,
        method: 'device',
        auth: 'device',
        state: 'ok',
        generation: 1,
        fingerprint: fingerprint('refresh-token-1'),
        from: 0,
        fromAttempt: 1,
        fence: 0,
        expiresAt: now - 1_000 + 15 * MINUTE,
        receivedAt: now,
        lifetimeMs: 15 * MINUTE,
        refreshable: true,
        account: { id: 'u1', name: 'ci', plan: null },
        region: null,
        scopes: ['read', 'write'],
        origins: ['https://api.example.com'],
        client: { clientId: 'claw', tokenEndpoint: 'https://auth.example.com/token', revocationEndpoint: null, issuer: null },
        intent: null,
        lastRefresh: null,
        rejection: null,
        derived: {},
        secrets: { access: 'access-token-1', refresh: 'refresh-token-1' },
        unknown: {},
      }
      expect(open(recordOf(written))).toEqual(expected)
      expect((await other.read()).records.map(open)).toEqual([expected])
    })

    it('keeps the credentials of other slots as they are', async () => {
      await signedIn(store)
      await store.write({ type: 'sign_in', slot: keySlot('openai'), credential: key('sk-openai-1234') })
      const before = (await store.read()).records.map(open)
      await other.write({ type: 'sign_in', slot: keySlot('anthropic'), credential: key('sk-ant-123456') })
      expect((await store.read()).records.map(open).slice(0, 2)).toEqual(before)
    })

    it('changes its revision with every write, and with nothing else', async () => {
      const revisions = [(await store.read()).revision]
      for (let n = 0; n < 5; n++) {
        await store.write({ type: 'sign_in', slot: keySlot('openai'), credential: key(`sk-openai-${n}000`) })
        revisions.push((await store.read()).revision)
        expect((await other.read()).revision).toBe(revisions.at(-1))
      }
      expect(new Set(revisions).size).toBe(6)
    })

    it('says "unchanged" to the same key given again, and writes nothing', async () => {
      await store.write({ type: 'sign_in', slot: keySlot('openai'), credential: key('sk-openai-1234') })
      const before = await store.read()
      const again = await store.write({ type: 'sign_in', slot: keySlot('openai'), credential: key('sk-openai-1234') })
      expect(again.outcome).toBe('unchanged')
      expect((await store.read()).revision).toBe(before.revision)
    })

    it('has no lease for a second taker, here or elsewhere, and names the first', async () => {
      const held = await lease(store, 'g1')
      expect(held).toMatchObject({ key: 'g1', holder: { pid: process.pid } })
      expect(held.remainingMs()).toBeGreaterThan(35_000)
      expect(await tryLease(store, 'g1')).toBe('busy')
      const refused = await other.tryLease('g1', { durationMs: 40_000, purpose: 'refresh', signal: new AbortController().signal })
      expect(refused).toEqual({ busy: { holder: held.holder, ageMs: expect.any(Number) } })
      expect(await tryLease(other, 'g2')).toBe('taken')
    })

    it('gives a lease to the next once it was given back, with a higher fence', async () => {
      const fences: number[] = []
      for (let n = 0; n < 6; n++) {
        const held = await lease(n % 2 === 0 ? store : other, 'g1')
        fences.push(held.fence)
        await store.release(held)
      }
      expect(fences).toEqual([...fences].sort((a, b) => a - b))
      expect(new Set(fences).size).toBe(6)
    })

    it('gives a lease to the next once its time is over, and leaves it alone when the first gives it back late', async () => {
      const first = await lease(store, 'g1')
      await harness.expireLease('g1')
      const second = await lease(other, 'g1')
      expect(second.fence).toBeGreaterThan(first.fence)
      await store.release(first)
      expect(await tryLease(store, 'g1')).toBe('busy')
      await other.release(second)
      expect(await tryLease(store, 'g1')).toBe('taken')
    })

    it('commits a refresh under its lease and intent', async () => {
      const record = await signedIn(store)
      const held = await lease(store, record.id)
      const intent = await intentOf(store, record, held)
      expect((await other.read()).records[0]?.intent).toEqual(intent)
      expect(intent).toEqual({
        holder: held.holder,
        nonce: held.nonce,
        fence: held.fence,
        attempt: 1,
        deadlineAt: expect.any(Number),
        leaseEndsAt: expect.any(Number),
        gaveUp: false,
      })
      expect(intent.leaseEndsAt - intent.deadlineAt).toBeGreaterThan(20_000)
      const committed = await store.write({
        type: 'commit',
        id: record.id,
        intent,
        generation: 1,
        fingerprint: record.fingerprint,
        credential: grant(2),
      })
      expect(recordOf(committed)).toMatchObject({
        generation: 2,
        from: 1,
        fromAttempt: 1,
        fence: held.fence,
        intent: null,
        lastRefresh: { host: held.holder.host, pid: process.pid },
      })
      expect(open((await other.read()).records[0])).toEqual(open(recordOf(committed)))
    })

    it('R-12 commits a late answer without the lease, and waits for nobody', async () => {
      const record = await signedIn(store)
      const intent = await intentOf(store, record, await lease(store, record.id))
      await harness.expireLease(record.id)
      await lease(other, record.id)
      const committed = await store.write({
        type: 'commit',
        id: record.id,
        intent,
        generation: 1,
        fingerprint: record.fingerprint,
        credential: grant(2),
      })
      expect(committed.outcome).toBe('written')
    })

    it('refuses an intent under a lease that has run out or was taken over', async () => {
      const record = await signedIn(store)
      const first = await lease(store, record.id)
      await harness.expireLease(record.id)
      const write = {
        type: 'intent',
        id: record.id,
        lease: first,
        generation: 1,
        fingerprint: record.fingerprint,
        attempt: 1,
        deadlineMs: 15_000,
      } as const
      expect(await store.write(write)).toEqual({ outcome: 'refused', why: 'the lease was lost', record })
      await lease(other, record.id)
      expect((await store.write(write)).outcome).toBe('refused')
    })

    it('R-30 a sign-out takes the lease from whoever has it, and drops the answer that comes later', async () => {
      const record = await signedIn(store)
      const held = await lease(store, record.id)
      const intent = await intentOf(store, record, held)
      expect((await other.write({ type: 'logged_out', id: record.id })).outcome).toBe('written')
      expect(await tryLease(other, record.id)).toBe('taken')
      const late = await store.write({
        type: 'commit',
        id: record.id,
        intent,
        generation: 1,
        fingerprint: record.fingerprint,
        credential: grant(2),
      })
      expect(late).toMatchObject({ outcome: 'refused', record: { state: 'logged_out', generation: 2, secrets: null, intent: null } })
      expect((await store.read()).records).toEqual([expect.objectContaining({ state: 'logged_out', secrets: null })])
      expect(await other.write({ type: 'logged_out', id: record.id })).toMatchObject({ outcome: 'unchanged' })
    })

    it('R-31 a sign-in replaces the grant, keeps its id, and is not overwritten by an answer for the one before', async () => {
      const record = await signedIn(store)
      const intent = await intentOf(store, record, await lease(store, record.id))
      const anew = await signedIn(other, grant(7))
      expect({ id: anew.id, generation: anew.generation }).toEqual({ id: record.id, generation: 2 })
      expect(await tryLease(other, record.id)).toBe('taken')
      const late = await store.write({
        type: 'commit',
        id: record.id,
        intent,
        generation: 1,
        fingerprint: record.fingerprint,
        credential: grant(2),
      })
      expect(late.outcome).toBe('refused')
      expect(open((await store.read()).records[0])).toEqual(open(anew))
    })

    it('keeps what an identity token was exchanged for beside others of its place, and lets each be posted once', async () => {
      const slot = { provider: 'anthropic', route: 'anthropic', profile: 'default', kind: 'identity' } as const
      for (const id of ['identity-1', 'identity-2']) {
        const held = await lease(store, id)
        const noted = {
          type: 'presented',
          id,
          slot,
          auth: 'federation',
          lease: held,
          generation: 0,
          sha256: 'aa',
          endsInMs: MINUTE,
          isTakenOnce: false,
        } as const
        expect((await store.write(noted)).outcome).toBe('written')
        expect(await other.write(noted)).toMatchObject({ outcome: 'refused', why: 'it was posted before' })
        const credential = key(`minted-for-${id}`, { method: 'identity', auth: 'federation', lifetimeMs: HOUR, origins: [] })
        const answer = { type: 'exchanged', id, generation: 0, sha256: 'aa', credential, principal: {} } as const
        expect((await other.write(answer)).outcome).toBe('written')
        expect((await store.write(answer)).outcome).toBe('refused')
        await store.release(held)
      }
      const { records } = await other.read()
      expect(records.map(({ id, generation, secrets }) => [id, generation, secrets?.access.reveal()])).toEqual([
        ['identity-1', 1, 'minted-for-identity-1'],
        ['identity-2', 1, 'minted-for-identity-2'],
      ])
    })

    it('takes intents back, and notes giving up and rejection', async () => {
      const record = await signedIn(store)
      const held = await lease(store, record.id)
      const first = await intentOf(store, record, held)
      await store.write({ type: 'take_back', id: record.id, intent: first })
      expect((await other.read()).records[0]?.intent).toBeNull()
      const second = await intentOf(store, record, held)
      await store.write({ type: 'gave_up', id: record.id, intent: second })
      expect((await other.read()).records[0]?.intent).toEqual({ ...second, gaveUp: true })
      await store.write({
        type: 'rejected',
        id: record.id,
        intent: second,
        generation: 1,
        fingerprint: record.fingerprint,
        reason: 'invalid_grant',
      })
      expect((await other.read()).records[0]).toMatchObject({
        state: 'rejected',
        generation: 1,
        intent: null,
        rejection: { at: expect.any(Number), reason: 'invalid_grant', fingerprint: record.fingerprint },
      })
    })

    it('keeps derived credentials with their record', async () => {
      const record = await signedIn(store)
      const held = await lease(store, record.id)
      const derived = {
        type: 'derived',
        id: record.id,
        lease: held,
        generation: 1,
        name: 'copilot',
        secret: new Secret('derived-token-1'),
        lifetimeMs: HOUR,
        sentAgoMs: 500,
        baseUrl: 'https://api.example.com',
        account: null,
      } as const
      const outcome = await store.write(derived)
      const now = outcome.outcome === 'written' ? outcome.now : 0
      expect((await other.read()).records[0]).toMatchObject({
        generation: 1,
        derived: { copilot: { expiresAt: now - 500 + HOUR, lifetimeMs: HOUR, generation: 1, baseUrl: 'https://api.example.com' } },
      })
      expect((await other.read()).records[0]?.secrets?.derived?.copilot?.reveal()).toBe('derived-token-1')
      await store.release(held)
      expect((await store.write(derived)).outcome).toBe('refused')
    })

    it('keeps pending flows under their lease', async () => {
      const held = await lease(store, 'flow')
      const put = await store.write({ type: 'put_flow', lease: held, flow: flow('f1', { startedAgoMs: 2_000 }) })
      const now = put.outcome === 'written' ? put.now : 0
      const { expiresInMs: _, nextPollInMs: __, startedAgoMs: ___, ...known } = flow('f1')
      expect((await other.read()).flows).toEqual([
        { ...known, expiresAt: now + 15 * MINUTE, nextPollAt: now + 5_000, startedAt: now - 2_000 },
      ])
      expect((await other.read()).flows[0]?.secrets.deviceCode?.reveal()).toBe('device-code-1')
      await store.write({ type: 'put_flow', lease: held, flow: flow('f1', { intervalMs: 10_000, slowedDown: true }) })
      expect((await other.read()).flows.map(({ id, intervalMs, slowedDown }) => ({ id, intervalMs, slowedDown }))).toEqual([
        { id: 'f1', intervalMs: 10_000, slowedDown: true },
      ])
      await store.write({ type: 'remove_flow', id: 'f1', lease: held })
      expect((await other.read()).flows).toEqual([])
      await store.release(held)
      expect((await store.write({ type: 'put_flow', lease: held, flow: flow('f2') })).outcome).toBe('refused')
    })

    it('takes no sign-in whose flow another one has removed', async () => {
      const held = await lease(store, 'flow')
      await store.write({ type: 'put_flow', lease: held, flow: flow('f1') })
      await other.write({ type: 'remove_flow', id: 'f1', lease: held })
      const { revision } = await store.read()
      const late = await store.write({ type: 'sign_in', slot: grantSlot, credential: grant(1), flow: 'f1' })
      expect(late).toEqual({ outcome: 'refused', why: 'there is no such flow', record: null })
      expect(await other.read()).toMatchObject({ records: [], flows: [], revision })
    })

    it('R-11 wakes a waiter when another one writes, and when a lease is given back', async () => {
      const signal = new AbortController().signal
      await signedIn(store)
      const { revision } = await store.read()
      const written = store.changed(revision, 120_000, signal)
      await signedIn(other, grant(2))
      await written
      const held = await lease(other, 'g1')
      expect(await tryLease(store, 'g1')).toBe('busy')
      const released = store.changed((await store.read()).revision, 120_000, signal)
      await other.release(held)
      await released
      expect(await tryLease(store, 'g1')).toBe('taken')
    })

    it('R-11 does not wait for a change that has been already, and ends with its signal', async () => {
      const { revision } = await store.read()
      await signedIn(other)
      await store.changed(revision, 120_000, new AbortController().signal)
      const stop = new AbortController()
      const waiting = store.changed((await store.read()).revision, 120_000, stop.signal)
      stop.abort(new Error('stopped'))
      await expect(waiting).rejects.toThrow('stopped')
    })

    it('sees this process live, and nothing of a process of another boot', async () => {
      const { holder } = await lease(store, 'g1')
      expect([
        store.sight(holder),
        store.sight({ ...holder, bootId: 'another' }),
        store.sight({ ...holder, pidNamespace: 'another' }),
        store.sight({ ...holder, pidStart: '1' }),
      ]).toEqual(['alive', 'unknown', 'unknown', 'dead'])
    })

    it('says before a sign-in whether it can be written to', async () => {
      await store.assertWritable()
      expect((await store.read()).records).toEqual([])
    })

    it('S-54 tells no secret in what it answers', async () => {
      const record = await signedIn(store)
      const { holder: _, ...rest } = await lease(store, record.id)
      const told = JSON.stringify([
        await store.read(),
        rest,
        await store.inspect(),
        await store.write({ type: 'logged_out', id: record.id }),
      ])
      expect(told).not.toMatch(/(?:access|refresh)-token-\d/)
      expect(isLease({ busy: null })).toBe(false)
    })
  })
}
