import { ClawError } from '../../core/errors.ts'
import { isHeaderSafe } from '../../core/vocabulary.ts'
import type { Environment } from '../../platform/environment.ts'
import { originsOf } from '../../providers/hosts.ts'
import { baseUrlOf, environmentBaseUrl } from '../catalogue/base-url.ts'
import type { Candidate } from './candidates.ts'
import { fillIn, type RouteSettings, settingsOf } from '../catalogue/route-settings.ts'

/** Where a credential is used: the base URL, the origins that may have it, and what goes beside it. */
export interface CredentialPlace {
  readonly baseUrl: string
  readonly origins: ReadonlySet<string>
  readonly optionalHeaders: Readonly<Record<string, string>>
  /** What stands for the names in its addresses. */
  readonly settings: RouteSettings
}

/**
 * A stored credential is bound to the origins it was signed in for, and to those that the user's file names since; one of
 * the environment may follow a base URL of the environment; everything else has the hosts of its route.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID`, `CLAW_INSECURE` for an address of the environment that cannot be used.
 */
export function placeOf(winner: Candidate, environment: Environment): CredentialPlace {
  const { route, record, bundle, origin } = winner
  const { settings, entry } = route
  const optionalHeaders = optionalHeadersOf(winner, environment)
  const isBound = record !== null && record.origins.length > 0
  // A credential of the store without a record is one that is being stored: where it belongs is found out now.
  const mayFollow = origin === 'store' && (record === null || isBound)
  const values = settingsOf(route, environment, { isFromEnvironment: origin === 'environment', isBound: mayFollow })
  if (bundle) return { baseUrl: bundle.baseUrl, origins: new Set(originsOf(bundle.hosts)), optionalHeaders, settings: values }
  const configured = fillIn(baseUrlOf(route, record?.region ?? winner.region), route, values)
  const moved = origin === 'environment' ? environmentBaseUrl(route, environment) : undefined
  const own = settings ? [new URL(configured).origin] : []
  const isPinned = settings?.origin.from === 'user' && (settings.baseUrl !== undefined || settings.overrides.baseUrls !== undefined)
  const origins = isBound ? [...record.origins, ...(isPinned ? own : [])] : [...originsOf(entry.trustedHosts), ...own]
  return {
    baseUrl: moved ?? configured,
    origins: new Set(moved === undefined ? origins : [...origins, new URL(moved).origin]),
    optionalHeaders,
    settings: values,
  }
}

function optionalHeadersOf({ auth }: Candidate, environment: Environment): Record<string, string> {
  const set = Object.entries(auth.optionalHeadersEnv ?? {}).flatMap(([header, name]) => {
    const value = environment.get(name)
    if (value === undefined) return []
    if (!isHeaderSafe(value))
      throw new ClawError('CLAW_CONFIG_INVALID', {
        what: `\`${name}\` holds characters that no header may have`,
        fix: `correct or unset ${name}`,
      })
    return [[header, value] as const]
  })
  return Object.fromEntries(set)
}
