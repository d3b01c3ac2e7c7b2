import type { Snapshot } from '../../credentials/store.ts'
import type { Named } from '../catalogue/catalogue.ts'
import { isWantedKind, type WantedCredential } from './wanted-credential.ts'

/** The other profiles under which a stored credential of a provider would serve. */
export function otherProfiles(named: Named, wanted: Pick<WantedCredential, 'authMode' | 'profile'>, { records }: Snapshot): string[] {
  const fits = records.filter(
    ({ route, profile, kind, state, secrets }) =>
      profile !== wanted.profile &&
      state === 'ok' &&
      secrets !== null &&
      isWantedKind(kind, wanted) &&
      named.routes.some(({ id }) => id === route),
  )
  return [...new Set(fits.map(({ profile }) => profile))].sort()
}

/** "has one under the profile `ci`". */
export function hasOne(profiles: readonly string[]): string {
  return `has one under the profile${profiles.length > 1 ? 's' : ''} ${profiles.map((name) => `\`${name}\``).join(', ')}`
}

/** What takes the first of them into use. */
export function useProfile([profile]: readonly string[]): string | undefined {
  return profile === undefined ? undefined : `use --profile ${profile}, or set CLAW_PROFILE=${profile}`
}
