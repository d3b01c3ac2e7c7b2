import type { Session } from '../../src/app/session.ts'
import type { NewCredential } from '../../src/credentials/record.ts'
import { isLease } from '../../src/credentials/store.ts'

/** What a process leaves that is killed between the answer and its commit; `beforeSaved` happens while the answer is under way. */
export async function leaveAnswer(
  { ports, signal }: Session,
  id: string,
  secrets: NewCredential['secrets'],
  beforeSaved: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const record = (await ports.store.read()).records.find((each) => each.id === id)
  const lease = await ports.store.tryLease(id, { durationMs: 40_000, purpose: 'refresh', signal: signal })
  if (!record || !isLease(lease)) throw new Error('not arranged')
  const { generation, fingerprint } = record
  const written = await ports.store.write({ type: 'intent', id, lease, generation, fingerprint, attempt: 1, deadlineMs: 15_000 })
  if (written.outcome !== 'written' || !written.intent) throw new Error('no intent')
  const reservation = await ports.spool.reserve(id, lease.nonce)
  const { method, auth, region, scopes, origins, client, account } = record
  const credential = { method, auth, region, scopes, origins: [...origins], client, account, secrets, lifetimeMs: 900_000, sentAgoMs: 0 }
  await beforeSaved()
  await reservation.save({ grantId: id, intent: written.intent, generation, fingerprint, credential })
}
