import { ClawError } from '../../core/errors.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import { rowsOfClaims, type ClaimRow } from './claim-rows.ts'
import { surveyCredentials } from '../credential/find-credential.ts'
import { wantedCredential } from '../credential/wanted-credential.ts'
import type { Session } from '../session.ts'
import { chooseMethod, methodsOf } from '../sign-in/choose-method.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { methodOff } from '../sign-in/terms.ts'
import { nothingGiven } from './check-ids.ts'
import { federationHere } from './external-account.ts'
import type { Federation } from './federation.ts'
import { exchangeIdentity } from './identity-credential.ts'
import { keptToken } from './identity-candidates.ts'
import { findingsOf, jobToken, type JobToken } from './job-token.ts'
import { subjectWorld } from './subject-world.ts'
import { lookForSubject, obtainSubjectToken } from './subject-tokens.ts'

/** What is presented to a vendor, before it is. */
export interface Presentation {
  readonly federation: Federation
  /** `kept`: the token of the last exchange serves, and this one is not presented. `incomplete`: it cannot be. */
  readonly way: 'presented' | 'kept' | 'incomplete'
  /** The decoded payload of the job's token. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly rows: readonly ClaimRow[]
  /** What speaks against it without being a reason to hold it back. */
  readonly warnings: readonly string[]
}

export interface IdentitySignInOptions {
  readonly name: string
  /** Exchange although the token of the last exchange serves. */
  readonly force: boolean
  onPresentation(presentation: Presentation): void
}

export interface IdentitySignIn {
  readonly route: Route
  readonly record: CredentialRecord
  readonly changed: boolean
  readonly before: CredentialRecord | undefined
  /** Why no other process finds the token. */
  readonly unkept: ClawError | null
}

/**
 * Shows what a job would present, exchanges once and keeps what comes.
 *
 * @throws {ClawError} `CLAW_METHOD_UNSUPPORTED`, `CLAW_METHOD_OFF`, `CLAW_CONFIG_INVALID` for half a set, `CLAW_REFERENCE_UNRESOLVED`
 * where the source has no token here, and as {@link exchangeIdentity}; once something was shown, `data.claims` holds the claims.
 */
export async function signInWithIdentity(session: Session, options: IdentitySignInOptions): Promise<IdentitySignIn> {
  const { federation, error } = await chosenFederation(session, options.name)
  const { ports, signal } = session
  const world = subjectWorld(session, signal)
  const sight = await lookForSubject(federation.reference, world)
  if (!sight.there)
    throw (
      error ??
      new ClawError('CLAW_REFERENCE_UNRESOLVED', {
        what: `\`${federation.source}\` has no identity token here`,
        why: sight.why,
        fix: sight.fix,
      })
    )
  const snapshot = await ports.store.read()
  const kept = options.force ? undefined : keptToken(federation, snapshot)
  let shown: Presentation | undefined
  const show = (token: JobToken, way: Presentation['way']) => {
    shown = presentationOf(federation, token, way)
    options.onPresentation(shown)
  }
  const showUnsent = async (way: Presentation['way']) => {
    const { reference, audience } = federation
    show(jobToken(federation, await obtainSubjectToken({ reference, audience }, world), ports.clock.wall()), way)
  }
  if (kept && !error) {
    await showUnsent('kept')
    return { route: federation.route, record: kept, changed: false, before: kept, unkept: null }
  }
  try {
    if (error) {
      // The ids come from a rule at the vendor, and the rule is made of what is shown here.
      await showUnsent('incomplete')
      throw error.reworded({ why: `${error.why}; nothing was sent` })
    }
    const onToken = (token: JobToken) => show(token, 'presented')
    const { record, outcome, unkept } = await exchangeIdentity(session, federation, { renew: options.force }, onToken)
    if (!record) throw new ClawError('CLAW_INTERNAL', { what: 'an exchange ended without a record' })
    const before = snapshot.records.find(({ id, state }) => id === record.id && state === 'ok')
    return { route: federation.route, record, changed: outcome === 'derived', before, unkept }
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || !shown) throw thrown
    throw thrown.reworded({ data: { ...thrown.data, claims: shown.claims } })
  }
}

/** The source of the credential that commands would use in its place; null where they use the identity. */
export async function servedInstead(session: Session, name: string): Promise<string | null> {
  const { chosen } = await surveyCredentials(session, { named: session.catalogue.find(name), model: null })
  return chosen && chosen.kind !== 'identity' ? chosen.source : null
}

/** The identity method that is complete here; else one that can be shown, with what it lacks. */
async function chosenFederation(
  session: Session,
  name: string,
): Promise<{ readonly federation: Federation; readonly error: ClawError | null }> {
  const { catalogue, config, ports } = session
  const named = catalogue.find(name)
  const { profile } = wantedCredential(config, catalogue, named, undefined)
  // Says what the provider has in its place where it has no identity.
  const first = chooseMethod(catalogue, name, 'identity')
  const choices = methodsOf(named).filter(({ method }) => method === 'identity')
  const at = { environment: ports.environment, uid: ports.machine.uid }
  const readings = await Promise.all(
    choices.map(async (choice) => ({ choice, reading: await federationHere(choice, at, { profile, isNamed: true }) })),
  )
  const ready = readings.flatMap(({ choice, reading }) => (reading.kind === 'ready' ? [{ choice, federation: reading.federation }] : []))
  const [usable] = ready.filter(({ choice }) => choice.auth.enabled)
  if (usable) return { federation: usable.federation, error: null }
  if (ready[0]) throw methodOff(ready[0].choice)
  const faulty = readings.find(({ reading, choice }) => reading.kind === 'faulty' && choice.route.id === named.routes[0]?.id) ?? readings[0]
  if (faulty?.reading.kind !== 'faulty') throw nothingGiven(first)
  const { draft, error } = faulty.reading
  if (!draft) throw error
  return { federation: draft, error }
}

function presentationOf(federation: Federation, token: JobToken, way: Presentation['way']): Presentation {
  const warnings = findingsOf(federation, token, token.now)
    .filter(({ isFatal }) => !isFatal)
    .map(({ what }) => what)
  return { federation, way, claims: Object.fromEntries(token.claims), rows: rowsOfClaims(federation, token), warnings }
}
