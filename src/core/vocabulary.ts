/** One way to sign in. */
export type Method = 'api_key' | 'token' | 'pkce' | 'device' | 'identity' | 'none'

/** What a credential is. A grant is an `oauth` credential that can be refreshed. */
export type Kind = 'api_key' | 'token' | 'oauth' | 'identity' | 'none'

/** Which kind of credential is wanted. `auto` takes what there is, in the order of resolution. */
export type AuthMode = 'auto' | 'api_key' | 'oauth'

/** The wire protocols of a prompt. */
export type Protocol = 'anthropic-messages' | 'openai-chat' | 'openai-responses' | 'codex-responses'

/** What became of one candidate credential in resolution. */
export type CandidateState = 'wins' | 'shadowed' | 'missing' | 'expired' | 'refreshable' | 'wrong_kind' | 'refused' | 'doubt' | 'pending'

/** What a reading of a grant says is to be done about it, in the words of the laws. */
export type Verdict =
  /** Hand out the stored token. */
  | 'usable'
  /** Valid, but inside the margin: renew it if the lease is to be had without waiting. */
  | 'inside_margin'
  | 'due'
  /** A lost answer may be resolved by the one retry of law 5. */
  | 'retry'
  /** A complete answer lies beside the store. */
  | 'saved'
  /** Somebody else is at it. */
  | 'pending'
  | 'logged_out'
  | 'rejected'
  /** The retry was lost too, or is not allowed: only a new sign-in helps. */
  | 'interrupted'
  /** In doubt, and a valid token is not put at risk to get a newer one. */
  | 'in_doubt'

export const DEFAULT_PROFILE = 'default'

/** Where a credential is kept, for people: `kimi-code`, or `kimi-code@ci` for another profile. */
export function slotName({ route, profile }: { readonly route: string; readonly profile: string }): string {
  return profile === DEFAULT_PROFILE ? route : `${route}@${profile}`
}

/** The end of a command that is about one profile: empty for the default one. */
export function profileFlag(profile: string): string {
  return profile === DEFAULT_PROFILE ? '' : ` --profile ${profile}`
}

/** The longest name of a provider, a profile or a tier. */
const NAME = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/
const DEVICE_NAMES = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/
/** Words of `claw auth` that no provider may have as its id. */
export const RESERVED_IDS: readonly string[] = ['status', 'list', 'wait', 'complete', 'refresh', 'logout', 'import']

/** Whether a text may name a provider, profile or tier (ASCII, lower case, no dots, no path, no Windows device). */
export function isName(text: string): boolean {
  return NAME.test(text) && !DEVICE_NAMES.test(text) && text !== '__proto__' && text !== 'constructor' && text !== 'prototype'
}

/** Whether a text may be sent as a header value that carries a credential: visible ASCII, at most 16 KiB. */
export function isHeaderSafe(text: string): boolean {
  return text.length <= 16_384 && /^[\x21-\x7e]+$/.test(text)
}
