import type { ClawError } from '../../core/errors.ts'
import { formatInstant } from '../../core/duration.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { hasOne } from '../credential/other-profiles.ts'
import { warningOf } from '../sign-in/key-warning.ts'
import type { Finding, Fix } from './check.ts'
import { credentialFix, describe, profileFix } from './fixes.ts'
import type { BesideCredential } from './credential-checks.ts'
import type { CredentialUse, Ground } from './ground.ts'
import type { CandidateRow } from './report.ts'

interface Said {
  readonly detail?: string
  readonly fix?: Fix
}

/** Whether there is a credential, which one, and what stands beside it. */
export async function presence(use: CredentialUse, { ci }: Ground, identity: BesideCredential | undefined): Promise<Finding> {
  const { chosen, error, candidates } = use
  if (!chosen) {
    const isForked = ci.isFork === true ? 'secrets are not available to pull requests from forks; ' : ''
    const remedy: Said = missingIdentity(use) ? ((await identity?.remedy()) ?? {}) : presenceFix(use, error)
    const why = remedy.detail === undefined ? whyAbsent(use) : `${remedy.detail} (${error?.code})`
    return {
      status: 'fail',
      evidence: 'resolved',
      detail: `${isForked}${why}`,
      ...(remedy.fix && { fix: remedy.fix }),
    }
  }
  const shadowed = candidates.filter(({ state }) => state === 'shadowed').map(({ source }) => source)
  const wrong = candidates.find(({ state }) => state === 'wrong_kind')
  const detail = `${used(chosen, candidates)}${shadowed.length > 0 ? `; not used: ${shadowed.join(', ')}` : ''}`
  if (wrong)
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `${wrong.source}: ${wrong.reason ?? 'it is of another kind'}`,
      fix: { command: `unset ${wrong.source.replace(/^env:/, '')}` },
    }
  const { contradictedBy } = chosen
  if (contradictedBy)
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `${detail}, and ${contradictedBy.length === 1 ? 'it holds' : 'they hold'} another value`,
      fix: { command: `unset ${contradictedBy.map((source) => source.replace(/^env:/, '')).join(' ')}` },
    }
  const warning = chosen.secret ? warningOf(chosen.auth, chosen.secret.reveal()) : undefined
  if (warning !== undefined) return { status: 'warn', evidence: 'resolved', detail: `${detail}: ${warning}` }
  return { status: 'pass', evidence: 'resolved', detail }
}

function used({ kind, source, masked, federation, record }: ChosenCredential, candidates: CredentialUse['candidates']): string {
  if (!federation) return `${kind} from ${source}${masked ? ` (${masked})` : ''}`
  const how = record ? `exchanged at ${formatInstant(record.receivedAt)}` : 'not exchanged yet'
  return `${kind} from ${source}, ${how}${candidates.some((each) => each.source.startsWith('store:')) ? '' : ', no key stored'}`
}

function whyAbsent(use: CredentialUse): string {
  const { error, candidates } = use
  if (!error) return 'nothing was found'
  const identity = missingIdentity(use)
  if (error.code === 'CLAW_NO_CREDENTIAL' && identity) return `${error.message}: ${identity.source} is missing: ${identity.reason}`
  const waits = error.code === 'CLAW_NO_CREDENTIAL' && candidates.some(({ state }) => state === 'pending')
  const profiles = Array.isArray(error.data.profiles) ? error.data.profiles.map(String) : []
  if (profiles.length > 0) return `${error.message}: it ${hasOne(profiles)}`
  const off = candidates.find(({ state, source, reason }) => state === 'refused' && source.startsWith('store:') && reason !== undefined)
  if (error.code === 'CLAW_NO_CREDENTIAL' && off) return `${error.message}: ${off.reason}`
  return waits
    ? `${error.message}: a sign-in waits to be approved`
    : `${describe(error)}${error.code === 'CLAW_NO_CREDENTIAL' ? '' : ` (${error.code})`}`
}

/** What the error says; else the variable or key that was given and leads nowhere. */
function presenceFix({ candidates, provider, route }: CredentialUse, error: ClawError | null): { readonly fix?: Fix } {
  const profiles = error?.data.profiles
  if (Array.isArray(profiles) && profiles.length > 0) return { fix: profileFix(String(profiles[0])) }
  const { fix } = credentialFix(error, provider)
  // A line of configuration is the whole remedy.
  const said = fix ? { fix: fix.config === undefined ? { ...commandOf(error), ...fix } : fix } : {}
  const given = candidates.find(({ state, source }) => state === 'missing' && (source === 'config' || source.startsWith('env:')))
  if (said.fix || !given) return said
  if (given.source !== 'config') return { fix: { env: given.source.slice('env:'.length) } }
  return { fix: { config: `[providers.${route}] ${given.kind === 'token' ? 'auth_token' : 'api_key'}` } }
}

/** The identity that was set up for it and is not to be had, where that is all that is wrong. */
function missingIdentity({ candidates, error }: CredentialUse): CandidateRow | undefined {
  const isOther = candidates.some(({ state }) => state === 'pending')
  const missing = candidates.find(({ kind, state }) => kind === 'identity' && state === 'missing')
  const isToBlame = error?.code === 'CLAW_NO_CREDENTIAL' || (error !== null && missing?.reason?.startsWith(error.message))
  return isToBlame && !isOther ? missing : undefined
}

/** Where a variable is one remedy, a sign-in that is kept is another; one that somebody approves elsewhere needs no key at all. */
function commandOf(error: ClawError | null): Pick<Fix, 'command'> {
  const commands = error?.code === 'CLAW_NO_CREDENTIAL' && Array.isArray(error.data.commands) ? error.data.commands.map(String) : []
  const command = commands.find((each) => each.includes('--device')) ?? commands[0]
  return command === undefined ? {} : { command }
}
