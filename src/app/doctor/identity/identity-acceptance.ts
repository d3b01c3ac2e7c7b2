import { formatInstant } from '../../../core/duration.ts'
import { ClawError } from '../../../core/errors.ts'
import { profileFlag } from '../../../core/vocabulary.ts'
import { shownClaims } from '../../../protocols/oauth/subject-claims.ts'
import { type ProbeResult, probeCredential } from '../../access/probe.ts'
import type { ChosenCredential } from '../../credential/find-credential.ts'
import { readStore } from '../../credential/credential-question.ts'
import { usableCredential } from '../../credential/usable-credential.ts'
import type { Federation } from '../../identity/federation.ts'
import { keptToken } from '../../identity/identity-candidates.ts'
import { renewedCredential } from '../../refresh/renewed-credential.ts'
import type { Session } from '../../session.ts'
import type { Finding, Fix } from '../check.ts'
import { told, withRemedy } from '../fixes.ts'
import type { Ground } from '../ground.ts'
import { ASPECTS } from './identity-aspects.ts'
import type { IdentityUse } from './identity-use.ts'

type Chosen = ChosenCredential & { readonly federation: Federation }

/**
 * One cheap request with what an identity was exchanged for. An exchange uses the job's token up: it is made with `--probe`
 * only, once, and what it brings is kept for the commands that follow.
 */
export async function identityAcceptance(chosen: Chosen, identity: IdentityUse, ground: Ground): Promise<Finding> {
  const { session, options } = ground
  if (options.offline) return { status: 'skip', evidence: 'resolved', detail: 'not asked: --offline' }
  if (!options.probe && !chosen.secret)
    return {
      status: 'skip',
      evidence: 'resolved',
      detail: 'not asked: an exchange is made only with --probe',
      fix: { command: `claw doctor --probe --provider ${chosen.named.name}${profileFlag(chosen.profile)}` },
    }
  try {
    const unusable = chosen.secret ? undefined : await whyNotExchanged(identity, ground)
    if (unusable) return unusable
    return options.probe ? await exchanged(chosen, session) : await ofKept(chosen, session)
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    const { detail, fix = otherStore(thrown, chosen) } = told(thrown)
    const presented = thrown.code === 'CLAW_CREDENTIAL_REJECTED' ? await claimsOf(identity) : ''
    return { status: 'fail', evidence: 'resolved', detail: `${detail}${presented}`, ...(fix && { fix }) }
  }
}

/** What was exchanged must be there for the command that comes next: a token that it cannot use is not spent on a look. */
async function whyNotExchanged(identity: IdentityUse, ground: Ground): Promise<Finding | undefined> {
  const finding = await ASPECTS.find(({ id }) => id === 'identity-reuse')?.run(identity, ground)
  return finding?.status === 'fail' ? finding : undefined
}

/** The next command would end at the same store. One in memory does where the vendor may take a token more than once. */
function otherStore({ exit }: ClawError, { federation }: Chosen): Fix | undefined {
  if (exit.name !== 'STORE') return undefined
  return { env: federation.rules.jtiSingleUse === 'default-on' ? 'CLAW_HOME' : 'CLAW_STORE=memory' }
}

async function exchanged(chosen: Chosen, session: Session): Promise<Finding> {
  const { credential, outcome } = await usableCredential(session, chosen)
  const first = await probeCredential(session, credential)
  // What was exchanged just now is not exchanged again: a kept token may have been taken back meanwhile.
  const isRefused = first.error?.code === 'CLAW_CREDENTIAL_REJECTED' && outcome === 'fresh'
  const newer = isRefused ? await renewedCredential(session, credential) : undefined
  const probe = newer ? await probeCredential(session, newer) : first
  const { expiresAt } = newer ?? credential
  const until = expiresAt === null ? '' : ` until ${formatInstant(expiresAt)}`
  const isKept = await isThere(chosen, session)
  const how =
    outcome === 'fresh' && !newer
      ? `what was exchanged before serves${until}`
      : `exchanged, ${isKept ? 'and kept' : 'not kept, and good'}${until}`
  return findingOf(probe, `${how}; ${probe.detail}`, undefined)
}

/** Whether the command that comes next finds what was exchanged. */
async function isThere({ federation }: Chosen, session: Session): Promise<boolean> {
  if (session.config.store.backend === 'memory') return false
  const snapshot = await readStore(session)
  return !(snapshot instanceof ClawError) && keptToken(federation, snapshot) !== undefined
}

/** Refused, it is exchanged anew by whoever uses it next, as far as there is another token to be had. */
async function ofKept(chosen: Chosen, session: Session): Promise<Finding> {
  const probe = await probeCredential(session, chosen)
  const isRefused = probe.error?.code === 'CLAW_CREDENTIAL_REJECTED'
  if (!isRefused) return findingOf(probe, probe.detail, undefined)
  const { isFresh, source } = chosen.federation
  return isFresh
    ? { status: 'warn', evidence: probe.evidence, ...withRemedy(`${probe.detail}; the next use exchanges anew`, `claw doctor --probe`) }
    : findingOf(probe, probe.detail, `mint a new identity token: \`${source}\` gives the same one until it is replaced`)
}

function findingOf({ status, evidence, error }: ProbeResult, detail: string, fix: string | undefined): Finding {
  return { status, evidence, ...withRemedy(detail, status === 'pass' ? undefined : (fix ?? error?.fix)) }
}

/** The vendor does not say what it did not like: this is what it compared with its rule. */
async function claimsOf(identity: IdentityUse): Promise<string> {
  const { token } = await identity.subject()
  const shown = token ? shownClaims(token).filter(({ name }) => COMPARED.includes(name)) : []
  return shown.length === 0 ? '' : `; presented were ${shown.map(({ name, value }) => `${name} \`${value}\``).join(', ')}`
}

const COMPARED: readonly string[] = ['iss', 'sub', 'aud']
