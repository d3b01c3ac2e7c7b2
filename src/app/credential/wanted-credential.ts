import type { Config, Tier } from '../../config/config.ts'
import { type AuthMode, DEFAULT_PROFILE, type Kind } from '../../core/vocabulary.ts'
import type { Catalogue, Named } from '../catalogue/catalogue.ts'
import type { Session } from '../session.ts'

/** Which credential is wanted, and who says so. */
export interface WantedCredential {
  readonly authMode: AuthMode
  readonly prefer: 'api_key' | 'oauth'
  readonly profile: string
  /** `CLAW_AUTH_MODE`, `tiers.fast.auth_mode`, `providers.openai.auth_mode` or `the default`. */
  readonly authModeBy: string
}

const OAUTH_KINDS: readonly Kind[] = ['token', 'oauth', 'identity']

/** Whether a kind of credential is what an `auth_mode` means. */
export function isWantedKind(kind: Kind, { authMode }: Pick<WantedCredential, 'authMode'>): boolean {
  return authMode === 'auto' || (authMode === 'api_key' ? kind === 'api_key' : OAUTH_KINDS.includes(kind))
}

/** The profile that a command about a provider means where no tier is in play. */
export function profileOf({ config, catalogue }: Pick<Session, 'config' | 'catalogue'>, name: string): string {
  return wantedCredential(config, catalogue, catalogue.find(name), undefined).profile
}

/** The profile that a command about a stored credential means: it may outlive the configuration of its provider. */
export function storedProfileOf(session: Pick<Session, 'config' | 'catalogue'>, name: string): string {
  return session.catalogue.knows(name) ? profileOf(session, name) : (session.config.profile ?? DEFAULT_PROFILE)
}

/** Flag and environment beat the tier, which beats the route that was named, which beats its provider. */
export function wantedCredential(
  config: Pick<Config, 'authMode' | 'prefer' | 'profile'>,
  catalogue: Catalogue,
  named: Named,
  tier: Tier | undefined,
): WantedCredential {
  const own = named.settings
  const provider = catalogue.routes.get(named.provider)?.settings
  const by: readonly (readonly [string, AuthMode | undefined])[] = [
    ['CLAW_AUTH_MODE', config.authMode],
    [`tiers.${tier?.name ?? ''}.auth_mode`, tier?.authMode],
    [`providers.${named.name}.auth_mode`, own?.authMode],
    [`providers.${named.provider}.auth_mode`, provider?.authMode],
  ]
  const [authModeBy, authMode = 'auto'] = by.find(([, mode]) => mode !== undefined) ?? ['the default', 'auto']
  return {
    authMode,
    authModeBy,
    prefer: config.prefer ?? tier?.prefer ?? own?.prefer ?? provider?.prefer ?? 'api_key',
    profile: config.profile ?? tier?.profile ?? own?.profile ?? provider?.profile ?? DEFAULT_PROFILE,
  }
}
