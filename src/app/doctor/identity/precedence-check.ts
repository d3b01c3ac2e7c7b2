import { profileFlag } from '../../../core/vocabulary.ts'
import type { ChosenCredential } from '../../credential/find-credential.ts'
import { isWantedKind } from '../../credential/wanted-credential.ts'
import type { Finding } from '../check.ts'
import { withRemedy } from '../fixes.ts'
import type { CandidateRow } from '../report.ts'
import type { IdentityUse } from './identity-use.ts'

/** Whether a key or grant is taken in the place of an identity that is in order: then its account pays, and not the one that was meant. */
export function precedence({ federation, use, isUsed }: IdentityUse): Finding {
  const { chosen, candidates } = use
  const own = candidates.findIndex(({ source }) => source === `identity:${federation?.source}`)
  const isShadowed = candidates[own]?.state === 'shadowed' && isWantedKind('identity', use)
  const before = candidates.slice(0, own).filter(({ state, kind }) => SERVES.includes(state) && kind !== 'identity')
  if (isUsed || !chosen || !isShadowed || before.length === 0)
    return { status: 'pass', evidence: 'resolved', detail: 'nothing comes before it' }
  const { kind, source, masked, account } = chosen
  const whose = account === null ? `the account of that ${kind === 'api_key' ? 'key' : 'credential'}` : account
  return {
    status: 'warn',
    evidence: 'resolved',
    ...withRemedy(
      `${kind} from ${source}${masked ? ` (${masked})` : ''} is used in its place: ${whose} pays, and no identity is exchanged`,
      remedy(chosen, before),
    ),
  }
}

const SERVES: readonly string[] = ['wins', 'shadowed', 'refreshable', 'doubt']

/** What takes the first of them away, and all variables with it. */
function remedy({ source, kind, route, profile }: ChosenCredential, before: readonly CandidateRow[]): string {
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
