import type { CredentialRecord } from '../../credentials/record.ts'
import type { SavedAnswer, Snapshot } from '../../credentials/store.ts'
import type { Session } from '../session.ts'

/** An answer that can be committed no more: its grant was signed out, and whoever saved it is gone. */
export interface SignedOutAnswer {
  readonly record: CredentialRecord
  readonly answer: SavedAnswer
}

/** What a process left in the spool that was killed with an answer after a sign-out. Of most stores nothing is looked at. */
export async function signedOutAnswers({ ports: { spool } }: Session, { records }: Snapshot): Promise<SignedOutAnswer[]> {
  const found: SignedOutAnswer[] = []
  for (const record of records.filter(({ state }) => state === 'logged_out'))
    for (const answer of await spool.find(record.id)) found.push({ record, answer })
  return found
}

/** Drops them: here first, then, where the provider can, there (law 12). Their grants stay signed out, so that no lease is needed. */
export async function dropSignedOutAnswers(session: Session, found: readonly SignedOutAnswer[], mayAsk: boolean): Promise<void> {
  for (const { answer } of found) await session.ports.spool.discard(answer)
  if (!mayAsk || found.length === 0) return
  const { revokeGranted } = await import('../sign-in/revoke-granted.ts')
  for (const { record, answer } of found) {
    const { client, secrets, auth: id } = answer.credential
    const route = session.catalogue.knows(record.route) ? session.catalogue.route(record.route) : undefined
    const auth = route?.entry.auth.find((each) => each.id === id)
    if (route && auth) await revokeGranted(session, { route, auth }, client, [secrets])
  }
}
