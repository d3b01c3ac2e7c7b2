import { ClawError } from '../../core/errors.ts'
import { visibleLine } from '../../core/visible.ts'
import type { Environment } from '../../platform/environment.ts'
import type { AuthEntry, ProviderEntry } from '../../providers/entry.ts'
import { hostOf } from '../../providers/hosts.ts'
import type { Route } from '../catalogue/catalogue.ts'

/**
 * The domain that a route of several hangs from, for a sign-in that is made now. Its variable may only choose among the
 * domains of the entry, and moves no credential that is stored: each keeps the one that it was made at.
 */
export function domainInForce({ domain, domainEnv }: ProviderEntry, environment: Environment): string | null {
  if (domain === undefined) return null
  return (domainEnv === undefined ? undefined : environment.get(domainEnv)) ?? domain
}

/**
 * An address of the entry at its domain; one without `{domain}` stays as it is.
 *
 * @param region the domain that the credential keeps; absent = the one in force
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for a domain that is none of the entry's.
 */
export function atDomain(route: Route, address: string, region: string | null = null): string {
  return address.includes('{domain}') ? address.replaceAll('{domain}', checkedDomain(route, region)) : address
}

/** An auth entry with its OAuth endpoints at the domain of a sign-in that is made now. @throws as {@link atDomain} */
export function authAtDomain(route: Route, auth: AuthEntry): AuthEntry {
  if (route.entry.domain === undefined) return auth
  const at = OAUTH_ENDPOINTS.flatMap((name) => {
    const address = auth[name]
    return address === undefined ? [] : [[name, atDomain(route, address)] as const]
  })
  return { ...auth, ...Object.fromEntries(at) }
}

const OAUTH_ENDPOINTS = ['deviceUrl', 'authorizeUrl', 'tokenUrl', 'revocationUrl'] as const

/** Whether a route is spoken to at its usual domain: others are those of tenants. */
export function isTenant(route: Route, region: string | null = null): boolean {
  return checkedDomain(route, region) !== (route.entry.allowedDomains?.[0] ?? route.entry.domain)
}

/**
 * The hosts that a server may name for the API credential to be sent to. Of the domains that anybody may have one below,
 * only the own one counts.
 */
export function hostsAtDomain(route: Route, region: string | null = null): string[] {
  const { trustedHosts, allowedDomains = [], domain } = route.entry
  if (domain === undefined) return [...trustedHosts]
  const own = isTenant(route, region) ? [`*.${checkedDomain(route, region)}`] : []
  return [...trustedHosts.filter((host) => !allowedDomains.includes(host)), ...own]
}

function checkedDomain(route: Route, region: string | null): string {
  const { id, entry } = route
  const { allowedDomains = [], domainEnv } = entry
  const wanted = (region ?? route.region ?? '').toLowerCase()
  if (isDomain(wanted) && allowedDomains.some((allowed) => matches(wanted, allowed))) return wanted
  const names = allowedDomains.map((allowed) => `\`${allowed.replace('*', 'NAME')}\``).join(' and ')
  throw new ClawError('CLAW_CONFIG_INVALID', {
    what: `\`${visibleLine(wanted, 64)}\` is no domain of \`${id}\``,
    why: `its domains are ${names}`,
    fix: `correct \`domain\` in [providers.${id}]${domainEnv === undefined ? '' : `, or ${domainEnv}`}`,
  })
}

/** Letters, digits and dashes: what is put into an address must not bring an address of its own. */
function isDomain(text: string): boolean {
  return /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/.test(text) && hostOf(`https://${text}`) === text
}

/** A star stands for one label: who has a domain below `ghe.com` is no tenant of the domains below that. */
function matches(domain: string, allowed: string): boolean {
  return allowed.startsWith('*.') ? domain.slice(domain.indexOf('.') + 1) === allowed.slice(2) : domain === allowed
}
