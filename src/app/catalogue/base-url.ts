import { ClawError } from '../../core/errors.ts'
import type { Protocol } from '../../core/vocabulary.ts'
import type { Environment } from '../../platform/environment.ts'
import { parseSecureUrl } from '../../platform/secure-url.ts'
import type { Route } from './catalogue.ts'
import { isTable } from './merge-auth.ts'
import { regionOf } from './merge-entry.ts'

/**
 * Where requests of a route go: the user's `base_url`, else what protocol and region choose. `region` is that of the
 * credential where it is bound to one. `{name}` of a setting still stands in it.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where no address is known for the protocol in that region.
 */
export function baseUrlOf(route: Route, region: string | null = null): string {
  const { entry, settings, protocol } = route
  if (settings?.baseUrl !== undefined) return withoutSlash(settings.baseUrl)
  const own = settings?.overrides.baseUrls
  const ownUrl = isTable(own) ? own[protocol] : undefined
  if (typeof ownUrl === 'string') return withoutSlash(ownUrl)
  const isFirst = entry.protocols.length === 0 || isSameForm(protocol, entry.protocols[0])
  const inRegion = regionOf(entry, region ?? route.region)
  const found = inRegion?.baseUrls?.[protocol] ?? (inRegion && isFirst ? inRegion.baseUrl : undefined)
  const elsewhere = inRegion?.baseUrl !== undefined ? undefined : (entry.baseUrls?.[protocol] ?? (isFirst ? entry.baseUrl : undefined))
  const url = found ?? elsewhere
  if (url) return withoutSlash(url)
  throw new ClawError('CLAW_CONFIG_INVALID', {
    what: `no address is known where \`${route.id}\` speaks \`${protocol}\``,
    why: inRegion ? `in the region \`${region ?? route.region}\`` : undefined,
    fix: `set \`base_url\` in [providers.${route.id}]`,
  })
}

/** Whether two protocols hang from the same base URL: those of OpenAI do, and each from its own. */
function isSameForm(protocol: Protocol, other: Protocol | undefined): boolean {
  return protocol === other || (protocol.startsWith('openai-') && other?.startsWith('openai-') === true)
}

/**
 * The base URL of the environment, which is for credentials of the environment only (a repository's `.env` or an inherited
 * variable must not move anything else).
 *
 * @throws {ClawError} `CLAW_INSECURE`, `CLAW_CONFIG_INVALID` naming the variable.
 */
export function environmentBaseUrl(route: Route, environment: Environment): string | undefined {
  const { baseUrlEnv, baseUrlEnvStrip } = route.entry
  const value = baseUrlEnv === undefined ? undefined : environment.get(baseUrlEnv)
  if (baseUrlEnv === undefined || value === undefined) return undefined
  try {
    if (parseSecureUrl(value, route.entry.allowHttp).search) throw new Error('a query')
  } catch (thrown) {
    const why = thrown instanceof ClawError ? thrown.message : 'it has a query'
    throw new ClawError(thrown instanceof ClawError ? thrown.code : 'CLAW_CONFIG_INVALID', {
      what: `\`${baseUrlEnv}\` holds no address that may be used`,
      why,
      fix: `correct or unset ${baseUrlEnv}`,
    })
  }
  const url = withoutSlash(value)
  const isCut = baseUrlEnvStrip !== undefined && route.protocol === 'anthropic-messages' && url.endsWith(baseUrlEnvStrip)
  return isCut ? withoutSlash(url.slice(0, -baseUrlEnvStrip.length)) : url
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
