import { nearest } from '../../../core/nearest.ts'
import { visibleLine } from '../../../core/visible.ts'
import { usualAudience } from '../../identity/audience.ts'
import type { Federation } from '../../identity/federation.ts'
import type { Finding, Fix } from '../check.ts'
import { filled } from './source-check.ts'
import { against, type Presented, verdict } from './token-checks.ts'

/** Another audience than the one that was asked for is a fault; another than the usual one may be what the vendor's rule has. */
export function audience({ federation, token, row }: Presented): Finding {
  const { audience: wanted, isAudienceChosen, rules } = federation
  if (wanted === null) {
    const held = visibleLine(JSON.stringify(token.claims.get('aud') ?? null), 200)
    return { status: 'pass', evidence: 'resolved', detail: `${held}; the vendor's side: ${rules.claimRules?.aud ?? 'this audience'}` }
  }
  const found = against(federation, token, 'audience')
  const line = row?.audience === 'preset' && row.enable.includes('AUDIENCE') ? filled(row.enable, federation) : undefined
  const name = federation.reference.scheme === 'env' ? federation.reference.name : 'NAME'
  const other = isAudienceChosen ? otherThanUsual(federation, wanted) : undefined
  const how = isAudienceChosen ? 'as it was asked for' : 'the usual one'
  const finding = verdict(found, `\`${wanted}\`, ${how}${other ? `; ${other.detail}` : ''}`, line?.replace('NAME', name))
  if (found.length === 0) return other?.fix ? { ...finding, status: 'warn', fix: other.fix } : finding
  if (!isAudienceChosen) return finding
  return other?.fix
    ? { ...finding, status: 'fail', detail: `${found[0]?.what}; ${other.detail}`, fix: other.fix }
    : { ...finding, status: 'fail' }
}

/** What is to be said of an audience that is not the vendor's usual one; with a fix where it looks like a slip of the pen. */
function otherThanUsual(federation: Federation, wanted: string): { readonly detail: string; readonly fix?: Fix } | undefined {
  const usual = usualAudience(federation)
  if (usual === '' || usual.includes('{') || usual === wanted) return undefined
  if (!isNear(wanted, usual)) return { detail: `the usual one is \`${usual}\`` }
  return { detail: `the usual one is almost the same: \`${usual}\``, fix: fixOf(federation, usual) }
}

/** The scheme is the same for all; one with a word more is another one (`…Exchange` and `…ExchangeUSGov`). */
function isNear(wanted: string, usual: string): boolean {
  const bare = (url: string) => url.replace(/^[a-z]+:\/\//, '')
  const isLonger = wanted.startsWith(usual) && /^\w{3}/.test(wanted.slice(usual.length))
  return !isLonger && nearest(bare(wanted), [bare(usual)]).length > 0
}

/** It is corrected where it was chosen. */
function fixOf({ reference, auth, rules, route }: Federation, usual: string): Fix {
  const table = `[providers.${route.id}.auth.${auth.id}]`
  if (reference.scheme === 'oidc' && reference.audience !== undefined)
    return { config: `\`subject_token = "oidc:${reference.source}"\` in ${table}` }
  if (auth.audience === undefined && rules.envMap.audience !== undefined) return { env: rules.envMap.audience }
  return { config: `\`audience = "${usual}"\` in ${table}` }
}
