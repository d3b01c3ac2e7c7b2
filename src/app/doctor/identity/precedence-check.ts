import { profileFlag } from '../../../core/vocabulary.ts'
import type { ChosenCredential } from '../../credential/find-credential.ts'
import { isWantedKind } from '../../credential/wanted-credential.ts'
import type { Finding } from '../check.ts'
import { withRemedy } from '../fixes.ts'
import type { CandidateRow } from '../report.ts'
import type { IdentityUse } from './identity-use.ts'

/** Whether a key or grant is taken in the place of an identity that is in order: then its account pays, and not the one that was meant. */
export function precedence(identity: IdentityUse): Finding {
  const { federation, route, profile, use, isUsed } = identity
  const { chosen, candidates, authMode, authModeBy } = use
  if (!isUsed && !isWantedKind('identity', use))
    return { status: 'skip', evidence: 'resolved', detail: `\`${authModeBy}\` is \`${authMode}\`: no identity is exchanged` }
  const own = candidates.findIndex(({ source }) => source === `identity:${federation?.source}`)
  const before = candidates.slice(0, own).filter(({ state, kind }) => SERVES.includes(state) && kind !== 'identity')
  const [first] = before
  const isTaken = chosen !== null && isUsed
  if (isTaken || candidates[own]?.state !== 'shadowed' || !first)
    return { status: 'pass', evidence: 'resolved', detail: 'nothing comes before it' }
  const help = remedy(chosen ?? { ...first, route, profile }, before)
  return { status: 'warn', evidence: 'resolved', ...withRemedy(chosen ? replaced(chosen) : inTheWay(first, use), help) }
}

function replaced({ kind, source, masked, account }: ChosenCredential): string {
  const whose = account === null ? `the account of that ${kind === 'api_key' ? 'key' : 'credential'}` : account
  return `${kind} from ${source}${masked ? ` (${masked})` : ''} is used in its place: ${whose} pays, and no identity is exchanged`
}

/** What comes first is not used either. */
function inTheWay({ kind, source, masked }: CandidateRow, { error }: IdentityUse['use']): string {
  const why = error?.code === 'CLAW_EXPECTATION_BROKEN' ? ', and `expect` names another credential' : ''
  return `${kind} from ${source}${masked ? ` (${masked})` : ''} comes before it${why}: no identity is exchanged`
}

const SERVES: readonly string[] = ['wins', 'shadowed', 'refreshable', 'doubt']

/** What takes the first of them away, and all variables with it. */
function remedy(
  { source, kind, route, profile }: Pick<ChosenCredential, 'source' | 'kind' | 'route' | 'profile'>,
  before: readonly CandidateRow[],
): string {
  // A key of the file may stay where it is, and is not looked at.
  if (source === 'config')
    return kind === 'api_key'
      ? `set \`auth_mode = "oauth"\` in [providers.${route.id}]`
      : `remove \`auth_token\` from [providers.${route.id}]`
  if (source.startsWith('store:')) return `claw auth logout ${route.id} --kind ${kind}${profileFlag(profile)}`
  const variables = before.flatMap((row) =>
    row.source === 'bundle' ? ['CLAW_BUNDLE_FILE'] : row.source.startsWith('env:') ? [row.source.slice('env:'.length)] : [],
  )
  return `unset ${variables.join(' ')}`
}
