import { DEFAULT_PROFILE } from '../core/vocabulary.ts'

/** Where a credential is kept, for people: `kimi-code`, or `kimi-code@ci` for another profile. */
export function slotName({ route, profile }: { readonly route: string; readonly profile: string }): string {
  return profile === DEFAULT_PROFILE ? route : `${route}@${profile}`
}
